"""Pass rates count full marks; what could not be graded stands beside them."""

from __future__ import annotations

import pytest

from tutelage.environments.graders import Task
from tutelage.evaluation.suite import pass_at, run
from tutelage.models import Generation
from tutelage.records import Estimate, Rate, Scored, Undefined, Unscored, user


def said(*texts: str, ended: bool = True) -> list[Generation]:
    return [Generation(t, 3, ended, 0.0) for t in texts]


def sums(n: int) -> list[Task]:
    return [Task(user(f"{i} + 1?"), "number", {}, str(i + 1)) for i in range(n)]


def test_three_of_four_right() -> None:
    found = run(sums(4), [said("1"), said("2"), said("3"), said("99")])
    assert isinstance(found.pass_rate, Rate)
    assert (found.pass_rate.k, found.pass_rate.n) == (3, 4)
    assert list(found.by_grader) == ["number"]


def test_a_task_that_cannot_be_graded_is_beside_the_rate() -> None:
    found = run([*sums(2), Task(user("q"), "number", {}, None)], [said("1"), said("2"), said("7")])
    assert isinstance(found.pass_rate, Rate)
    assert (found.pass_rate.k, found.pass_rate.n, found.pass_rate.unscored) == (2, 2, 1)


def test_pass_at_two_of_four_answers_with_one_right() -> None:
    """1 − C(3, 2)/C(4, 2) = 1/2, for each of two tasks."""
    grades = [[Scored(1.0), Scored(0.0), Scored(0.0), Scored(0.5)]] * 2
    found = pass_at(2, grades, ["a", "b"])
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.5)
    assert isinstance(pass_at(2, [[Scored(1.0), Unscored("timeout")]], ["a"]), Undefined)


def test_an_answer_cut_at_its_limit_is_wrong_where_it_must_end() -> None:
    cut = [said("1", ended=False)]
    assert [g.pass_rate.value for g in (run(sums(1), cut), run(sums(1), cut, must_end=True))
            if isinstance(g.pass_rate, Rate)] == [1.0, 0.0]  # fmt: skip


def test_several_answers_to_a_task_are_clustered_by_task() -> None:
    found = run(sums(3), [said("1", "1"), said("2", "9"), said("9", "9")])
    assert isinstance(found.pass_rate, Estimate)
    assert (found.pass_rate.value, found.pass_rate.n, list(found.pass_at)) == (0.5, 3, [1, 2])
