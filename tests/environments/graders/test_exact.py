"""Exact match forgives typography, never content."""

from __future__ import annotations

import pytest

from tutelage.environments.graders import Task, grade
from tutelage.records import Scored, Unscored, user

PARIS = Task(user("What is the capital of France?"), "exact", {"accept": ["Paris, France"]}, "Paris")


@pytest.mark.parametrize(
    "answer", ["Paris", " paris. ", "PARIS!", "**Paris**", "“Paris”", "Answer: Paris", "Paris, France"]
)
def test_every_way_to_be_right_is_right(answer: str) -> None:
    found = grade(PARIS, answer)
    assert isinstance(found, Scored)
    assert found.value == 1


@pytest.mark.parametrize(
    "answer",
    ["", " ", "What is the capital of France?", "Paris or London", "Answer: London\nAnswer: Paris", "Par", "the", "."],
)
def test_a_known_bad_answer_earns_nothing(answer: str) -> None:
    """Empty, blank, echo, shotgun, cut short, an article alone."""
    found = grade(PARIS, answer)
    assert isinstance(found, Scored)
    assert found.value == 0


def test_without_a_reference_nothing_is_graded() -> None:
    assert isinstance(grade(Task(user("q"), "exact", {}, None), "Paris"), Unscored)
    assert isinstance(grade(Task(user("q"), "exact", {}, " . "), ""), Unscored)


def test_case_and_articles_count_where_the_task_says_so() -> None:
    def strict(answer: str) -> object:
        return grade(Task(user("q"), "exact", {"case_matters": True, "articles_matter": True}, "The Hague"), answer)

    assert strict("The Hague") == Scored(1.0, {"got": "The Hague", "want": ["The Hague"]})
    assert strict("the hague") == Scored(0.0, {"got": "the hague", "want": ["The Hague"]})
