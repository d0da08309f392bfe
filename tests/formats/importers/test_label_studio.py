"""Label Studio's JSON export."""

import json

import pytest

from tutelage.formats import import_file


def task(*annotations, **data):
    return {
        "id": 5,
        "data": {"prompt": "Q", "first": "a", "second": "b", "answer": "x", **data},
        "annotations": annotations,
    }


def annotation(kind, value, who=1, **more):
    return {"completed_by": who, "result": [{"from_name": "c", "to_name": "t", "type": kind, "value": value}], **more}


def read(tmp_path, kind, *tasks, columns=()):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks))
    return import_file(path, kind, columns=columns)


def test_a_pairwise_annotation_is_a_preference(tmp_path):
    read_ = read(tmp_path, "comparison", task(annotation("pairwise", {"selected": "right"}, lead_time=9.5)))
    assert read_.format == "label-studio"
    [judgment] = read_.corpus.judgments
    assert judgment.answer == {"type": "prefer", "winner": "second"}
    assert judgment.active_s == 9.5
    assert judgment.judge_id == "1"


def test_texts_of_any_name_can_be_mapped(tmp_path):
    given = task(annotation("pairwise", {"selected": "left"}), q="Why?", left="l", right="r")
    read_ = read(tmp_path, "comparison", given, columns=["prompt=q", "first=left", "second=right"])
    assert [r.messages[0].text for r in read_.corpus.responses] == ["l", "r"]


def test_every_annotation_is_one_judgment_and_a_skip_is_cannot_rate(tmp_path):
    skipped = annotation("pairwise", {}, who={"id": 2, "email": "ann@example.org"}, was_cancelled=True)
    read_ = read(tmp_path, "comparison", task(annotation("pairwise", {"selected": "left"}), skipped))
    assert [j.answer["type"] for j in read_.corpus.judgments] == ["prefer", "cannot_rate"]
    assert [j.id for j in read_.corpus.judges] == ["1", "2"]  # the address stays behind


@pytest.mark.parametrize(
    ("kind", "type_", "value", "answer"),
    [
        ("rating", "rating", {"rating": 4}, {"type": "rating", "scores": {"c": 4}}),
        ("rating", "number", {"number": 2}, {"type": "rating", "scores": {"c": 2}}),
        ("classification", "choices", {"choices": ["good"]}, {"type": "classification", "labels": ["good"]}),
        ("classification", "taxonomy", {"taxonomy": [["A", "B"]]}, {"type": "classification", "labels": ["A / B"]}),
        (
            "demonstration",
            "textarea",
            {"text": ["Because."]},
            {"type": "demonstration", "response": [{"role": "assistant", "text": "Because."}]},
        ),
    ],
)
def test_every_control_becomes_its_kind(kind, type_, value, answer, tmp_path):
    other = {"choices": ["bad"]} if type_ == "choices" else {"taxonomy": [["A", "C"]]} if type_ == "taxonomy" else value
    read_ = read(tmp_path, kind, task(annotation(type_, value), annotation(type_, other, who=2)))
    assert read_.corpus.judgments[0].answer == answer
    assert len(read_.corpus.judgments) == 2


def test_a_comment_beside_the_answer_is_its_reason(tmp_path):
    both = annotation("pairwise", {"selected": "left"})
    both["result"].append({"from_name": "why", "type": "textarea", "value": {"text": ["shorter"]}})
    assert read(tmp_path, "comparison", task(both)).corpus.judgments[0].reason == "shorter"


def test_a_prediction_is_a_models_judgment(tmp_path):
    """What Label Studio calls a prediction was said by a model: it is kept, as that model's."""
    result = [{"from_name": "p", "type": "pairwise", "value": {"selected": "right"}}]
    task = {"id": 1, "data": {"prompt": "Why?", "first": "So.", "second": "Thus."}, "annotations": [],
            "predictions": [{"model_version": "m1", "result": result}]}  # fmt: skip
    path = tmp_path / "ls.json"
    path.write_text(json.dumps([task]))
    corpus = import_file(path, "comparison").corpus
    assert [j.answer["winner"] for j in corpus.judgments] == ["second"] and corpus.judges[0].id == "ai:m1"
