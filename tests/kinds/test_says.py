"""What an answer says is one method of its kind: pages count it, and agreement is measured over it."""

from __future__ import annotations

import pytest

from tutelage import kinds
from tutelage.records import Json


@pytest.mark.parametrize("kind", kinds.names())
def test_every_kind_says_something_in_parts_of_its_own_specimen(kind: str) -> None:
    said = kinds.says(kind, kinds.get(kind).exhibit().judgment.answer)
    assert said and len({part for part, _ in said}) == len(said)
    assert all(value is None or value.strip() for _, value in said)


@pytest.mark.parametrize("kind", kinds.names())
def test_whoever_cannot_rate_says_nothing_and_harm_is_said_alike_in_every_kind(kind: str) -> None:
    assert kinds.says(kind, {"type": "cannot_rate", "why": ""}) == [("", None)]
    assert kinds.says(kind, {"type": "harmful", "why": ""}) == [("", "harmful")]


@pytest.mark.parametrize(
    ("kind", "answer", "said"),
    [
        ("comparison", {"type": "prefer", "winner": "first", "strength": 3}, [("", "first")]),
        ("ranking", {"type": "ranking", "ranks": [1, 2, None, 2]},
         [("0/1", "first"), ("0/3", "first"), ("1/3", "tie")]),
        ("rating", {"type": "rating", "scores": {"clear": 4.0, "correct": None}}, [("clear", "4"), ("correct", None)]),
        ("spans", {"type": "spans", "spans": [{"start": 9, "end": 12, "label": "wrong"}]}, [("", "wrong 9–12")]),
        ("spans", {"type": "spans", "spans": []}, [("", "none")]),
        ("trajectory", {"type": "trajectory", "labels": ["good", "bad", None], "first_error": 1, "outcome": "failure"},
         [("step 1", "good"), ("step 2", "bad"), ("step 3", None), ("first error", "2"), ("outcome", "failure")]),
        ("dialogue", {"type": "turns", "turns": [3, None], "overall": 4},
         [("turn 1", "3"), ("turn 2", None), ("overall", "4")]),
        ("problem", {"type": "solve", "problem": "j1", "answer": " 1/2 "}, [("j1", "1/2")]),
        ("problem", {"type": "solve", "problem": "j1", "answer": "0.5"}, [("j1", "1/2")]),
    ],
)  # fmt: skip
def test_answers_that_mean_the_same_say_the_same(kind: str, answer: Json, said: list[tuple[str, str | None]]) -> None:
    assert kinds.says(kind, answer) == said
