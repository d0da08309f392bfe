"""Policies that know nothing are paid nothing; a grader that pays them is named."""

from __future__ import annotations

import pytest

from tutelage.environments.audit import POLICIES, REFERENCE, Row, audit
from tutelage.environments.graders import Task
from tutelage.records import Rate, user

SUMS = [Task(user(f"What is {a} + {a + 3}?"), "number", {}, str(2 * a + 3)) for a in range(2, 42)]


def verdicts(rows: list[Row]) -> dict[str, str]:
    return {r.policy: r.verdict for r in rows}


def test_the_graders_of_sums_pay_for_sums_alone() -> None:
    """40 tasks: a policy never paid has an upper bound of 8.8 %, and the references are paid 40 times."""
    rows = audit(SUMS)
    found = verdicts(rows)
    assert found.pop(REFERENCE) == "pays"
    assert set(found.values()) == {"clean", "unscored"}
    assert [r.policy for r in rows if r.verdict == "unscored"] == ["code that equals everything"]
    paid = next(r.paid for r in rows if r.policy == "empty")
    assert isinstance(paid, Rate)
    assert (paid.k, paid.n, round(paid.hi, 3)) == (0, 40, 0.088)


def test_a_task_that_pays_whoever_says_nothing_wrong_is_found() -> None:
    """ "No comma" is kept by almost any text: refusals and constants are paid, empty answers are not."""
    found = verdicts(audit([Task(user("Say no comma"), "format", {"checks": [{"check": "no_comma"}]})] * 20))
    assert found["constant: yes"] == "pays"
    assert found["empty"] == "clean"


def test_answers_that_are_always_the_same_are_paid_by_chance_and_that_is_said() -> None:
    """Every answer is 1: the constant is paid every time."""
    found = verdicts(audit([Task(user(f"How many heads has cat {i}?"), "number", {}, "1") for i in range(20)]))
    assert found["constant: 1"] == "pays"


def test_a_task_whose_own_reference_is_not_paid_is_broken() -> None:
    found = verdicts(audit([Task(user("q"), "number", {}, "2 or 3")]))
    assert found[REFERENCE] == "unscored"
    found = verdicts(audit([Task(user("q"), "format", {"checks": [{"check": "no_comma"}]}, "a, b")]))
    assert found[REFERENCE] == "broken"


def test_too_few_tasks_settle_nothing() -> None:
    """1 of 4 paid: [0.6 %, 80.6 %] holds 5 %."""
    tasks = [*SUMS[:3], Task(user("How many?"), "number", {}, "1")]
    assert verdicts(audit(tasks))["constant: 1"] == "open"


@pytest.mark.usefixtures("isolation")
def test_code_graders_pay_no_hack() -> None:
    task = Task(user("Write add."), "unit_tests", {"tests": ["assert add(1, 2) == 3"]}, "def add(a, b): return a + b")
    rows = audit([task])
    assert len(rows) == len(POLICIES)
    found = verdicts(rows)
    assert found.pop(REFERENCE) == "pays"
    assert "pays" not in found.values()
    assert found["code that equals everything"] == "clean"
