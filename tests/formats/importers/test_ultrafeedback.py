"""UltraFeedback-like ratings by a model."""

import json

import pytest

from tutelage.errors import BadInput
from tutelage.formats import import_file
from tutelage.records import AiJudge


def row(*completions):
    return {"instruction": "Q", "source": "sharegpt", "completions": list(completions)}


def completion(text, **ratings):
    aspects = {a: {"Rating": r, "Rationale": f"{a} is {r}"} for a, r in ratings.items()}
    return {"model": "m", "response": text, "annotations": aspects}


def read(tmp_path, *rows):
    path = tmp_path / "uf.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return import_file(path, "rating")


def test_each_completion_is_rated_by_a_model_that_is_never_counted_as_people(tmp_path):
    read_ = read(
        tmp_path, row(completion("a", helpfulness="5", honesty="4"), completion("b", helpfulness="1", honesty="N/A"))
    )
    assert read_.format == "ultrafeedback"
    assert [j.answer["scores"] for j in read_.corpus.judgments] == [
        {"helpfulness": 5.0, "honesty": 4.0},
        {"helpfulness": 1.0, "honesty": None},
    ]
    assert read_.corpus.judges == (AiJudge("ai:gpt-4", "gpt-4"),)
    assert read_.corpus.judgments[0].reason == "helpfulness: helpfulness is 5\nhonesty: honesty is 4"


def test_a_rating_off_the_scale_is_refused_with_its_place(tmp_path):
    with pytest.raises(BadInput) as caught:
        read(tmp_path, row(completion("a", helpfulness="9")))
    assert caught.value.where.line == 1
    assert caught.value.where.field == "completions[0].scores.helpfulness"
