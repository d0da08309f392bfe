"""hh-rlhf transcripts and TRL preference rows."""

import json

import pytest

from tutelage.errors import BadInput
from tutelage.formats import import_file
from tutelage.records import Anonymous, Message


def read(tmp_path, *rows, **options):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return import_file(path, "comparison", **options)


HH = {
    "chosen": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: 2+2?\n\nAssistant: 4",
    "rejected": "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: 2+2?\n\nAssistant: 5",
}


def test_transcripts_are_cut_where_they_part(tmp_path):
    read_ = read(tmp_path, HH)
    [item] = read_.corpus.items
    assert read_.format == "hh-rlhf"
    assert item.messages == (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "2+2?"))
    assert [r.messages[0].text for r in read_.corpus.responses] == ["4", "5"]
    assert read_.corpus.judgments[0].answer == {"type": "prefer", "winner": "first"}


def test_nobody_known_judged_so_the_judge_is_anonymous_and_it_is_said(tmp_path):
    read_ = read(tmp_path, HH, source="hh")
    assert read_.corpus.judges == (Anonymous("anonymous:hh", "hh"),)
    assert "1 judgments have no known judge: they never count as independent people" in read_.notes


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Q", "chosen": "a", "rejected": "b"},
        {
            "prompt": [{"role": "user", "content": "Q"}],
            "chosen": [{"role": "assistant", "content": "a"}],
            "rejected": [{"role": "assistant", "content": "b"}],
        },
        {
            "chosen": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "a"}],
            "rejected": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "b"}],
        },
        {
            "prompt": "Q",
            "chosen": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "a"}],
            "rejected": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "b"}],
        },
        {"prompt": "\n\nHuman: Q\n\nAssistant:", "chosen": "a", "rejected": "b"},
    ],
    ids=["standard", "conversational", "implicit prompt", "prompt repeated", "transcript prompt"],
)
def test_every_spelling_of_a_preference_row_is_the_same_comparison(row, tmp_path):
    read_ = read(tmp_path, row)
    assert read_.format == "trl-preference"
    assert [m.text for m in read_.corpus.items[0].messages] == ["Q"]
    assert [r.messages for r in read_.corpus.responses] == [(Message("assistant", "a"),), (Message("assistant", "b"),)]


def test_two_rows_that_are_equal_are_two_judgments_of_one_item(tmp_path):
    read_ = read(tmp_path, HH, HH)
    assert (len(read_.corpus.items), len(read_.corpus.judgments)) == (1, 2)


def test_who_judged_and_which_group_can_be_mapped_beside_a_known_format(tmp_path):
    row = {"prompt": "Q", "chosen": "a", "rejected": "b", "who": "ann", "debate": "d1"}
    read_ = read(tmp_path, row, columns=["judge=who", "group=debate"])
    assert read_.format == "trl-preference"
    assert read_.corpus.judgments[0].judge_id == "ann"
    assert read_.corpus.items[0].group == "d1"


def test_an_answer_better_than_itself_is_refused(tmp_path):
    with pytest.raises(BadInput, match="word for word"):
        read(tmp_path, {"prompt": "Q", "chosen": "a", "rejected": "a"})
