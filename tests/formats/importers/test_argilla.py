"""Argilla's two shapes of records: people are people, a suggestion is a model's, a draft is nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tutelage.errors import BadInput
from tutelage.formats import import_file
from tutelage.formats.importers import items
from tutelage.records import AiJudge, Person

PAIR = {"prompt": "Why?", "response_a": "So.", "response_b": "Thus."}


def written(tmp_path: Path, *records: dict[str, Any]) -> Path:
    path = tmp_path / "records.json"
    path.write_text(json.dumps(list(records)))
    return path


def test_responses_by_question_are_one_vote_a_person(tmp_path: Path) -> None:
    """Two submitted, one draft, one suggestion: three judgments, one of them by a model."""
    given = [
        {"value": "response_1", "user_id": "u1", "status": "submitted"},
        {"value": "response_2", "user_id": "u2", "status": "submitted"},
        {"value": "response_2", "user_id": "u3", "status": "draft"},
    ]
    record = {"id": "r1", "fields": PAIR, "responses": {"preference": given},
              "suggestions": {"preference": {"value": "response_1", "agent": "gpt-4o"}}}  # fmt: skip
    found = import_file(written(tmp_path, record), "comparison")
    assert found.format == "argilla"
    assert [j.answer["winner"] for j in found.corpus.judgments] == ["first", "second", "first"]
    assert {type(j) for j in found.corpus.judges} == {Person, AiJudge}


def test_responses_by_person_and_a_ranking_question(tmp_path: Path) -> None:
    ranked = [{"value": "response-2", "rank": 1}, {"value": "response-1", "rank": 2}]
    record = {"fields": PAIR, "responses": [{"values": {"order": {"value": ranked}}, "user_id": "u1",
                                             "status": "submitted"}]}  # fmt: skip
    found = import_file(written(tmp_path, record), "comparison")
    assert found.corpus.judgments[0].answer == {"type": "prefer", "winner": "second"}


def test_labels_and_ratings_take_their_scales_from_the_file(tmp_path: Path) -> None:
    def record(value: Any) -> dict[str, Any]:
        said = {"q": [{"value": value, "user_id": "u", "status": "submitted"}]}
        return {"fields": {"prompt": "Why?", "response": f"So {value}."}, "responses": said}

    found = import_file(written(tmp_path, record("safe"), record("not safe")), "classification")
    assert found.corpus.items[0].payload == {"labels": ["not safe", "safe"]}
    rated = import_file(written(tmp_path, record(4), record(2)), "rating")
    assert [j.answer["scores"]["rating"] for j in rated.corpus.judgments] == [4.0, 2.0]


def test_what_cannot_be_read_names_its_place(tmp_path: Path) -> None:
    said = {"q": [{"value": "the left one", "user_id": "u", "status": "submitted"}]}
    with pytest.raises(BadInput, match="left one") as refused:
        import_file(written(tmp_path, {"fields": PAIR, "responses": said}), "comparison")
    assert refused.value.where.field == "row 1, responses.q[0]"


def test_items_without_answers_are_items_of_any_kind(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps({"question": "Why?", "responses": ["So.", "Thus.", "Hence."]}))
    found = import_file(path, "ranking", format=items.IMPORTERS[0].name)
    assert len(found.corpus.items[0].responses) == 3 and not found.corpus.judgments
