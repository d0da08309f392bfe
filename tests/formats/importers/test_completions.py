"""TRL prompt-completion, messages and unpaired rows."""

import json

from tutelage.formats import import_file, rows
from tutelage.records import Message


def read(tmp_path, kind, *given):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in given))
    return import_file(path, kind)


def test_a_prompt_with_its_completion_is_a_demonstration(tmp_path):
    read_ = read(tmp_path, "demonstration", {"prompt": "Q", "completion": "A"})
    assert read_.format == "trl-prompt-completion"
    [row] = rows(read_.corpus)
    assert (row.prompt, row.response) == ((Message("user", "Q"),), (Message("assistant", "A"),))


def test_the_last_turn_of_messages_is_the_answer(tmp_path):
    turns = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "Q"},
        {"role": "assistant", "content": "A"},
    ]
    [row] = rows(read(tmp_path, "demonstration", {"messages": turns}).corpus)
    assert [m.role for m in row.prompt] == ["system", "user"]


def test_true_is_good_and_false_is_bad(tmp_path):
    given = [{"prompt": "Q", "completion": c, "label": good} for c, good in (("a", True), ("b", False))]
    read_ = read(tmp_path, "classification", *given)
    assert read_.format == "trl-unpaired"
    assert [r.score for r in rows(read_.corpus)] == [1.0, 0.0]
