"""Arena votes, with all four outcomes."""

import json

import pytest

from tutelage.formats import import_file


def turns(*texts):
    return [{"role": r, "content": t} for r, t in zip(("user", "assistant") * 3, texts, strict=False)]


def battle(winner, a=("Q", "yes"), b=("Q", "no")):
    return {
        "question_id": winner,
        "model_a": "m1",
        "model_b": "m2",
        "winner": winner,
        "judge": "user_7",
        "conversation_a": turns(*a),
        "conversation_b": turns(*b),
        "language": "English",
    }


def read(tmp_path, *rows):
    path = tmp_path / "arena.json"
    path.write_text(json.dumps(list(rows)))
    return import_file(path, "comparison")


def test_all_four_outcomes_are_kept_apart(tmp_path):
    read_ = read(tmp_path, *map(battle, ("model_a", "model_b", "tie", "tie (bothbad)")))
    assert read_.format == "arena"
    assert [j.answer["type"] for j in read_.corpus.judgments] == ["prefer", "prefer", "tie", "both_bad"]
    assert [r.author for r in read_.corpus.responses] == ["m1", "m2"]
    assert read_.corpus.judges[0].id == "user_7"


def test_the_prompt_ends_with_the_last_turn_of_the_user_that_both_share(tmp_path):
    """Both models said "Hello": that turn is part of the prompt, because the same second question follows."""
    read_ = read(tmp_path, battle("tie", ("Hi", "Hello", "Q", "a"), ("Hi", "Hello", "Q", "b")))
    assert [m.text for m in read_.corpus.items[0].messages] == ["Hi", "Hello", "Q"]


def test_two_models_may_say_the_same(tmp_path):
    read_ = read(tmp_path, battle("tie", ("Q", "same"), ("Q", "same")))
    assert len(set(read_.corpus.items[0].responses)) == 2
    assert "1 items hold two responses that read the same" in read_.notes


@pytest.mark.parametrize(
    ("hot", "answer"),
    [
        ((1, 0, 0), {"type": "prefer", "winner": "first"}),
        ((0, 1, 0), {"type": "prefer", "winner": "second"}),
        ((0, 0, 1), {"type": "tie"}),
    ],
)
def test_one_column_an_outcome_is_read_as_well(hot, answer, tmp_path):
    columns = ("winner_model_a", "winner_model_b", "winner_tie")
    texts = {"model_a": "x", "model_b": "y", "prompt": "Q", "response_a": "a", "response_b": "b"}
    read_ = read(tmp_path, texts | dict(zip(columns, hot, strict=True)))
    assert read_.corpus.judgments[0].answer == answer
