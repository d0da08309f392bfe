"""Numbers are read as people write them, and guessing does not pay."""

from __future__ import annotations

import pytest

from tutelage.environments.graders import Task, grade
from tutelage.environments.graders.number import Number, numbers, plain
from tutelage.records import Scored, Unscored, user


def value(answer: str, reference: str, question: str = "How many?", **parameters: object) -> float:
    found = grade(Task(user(question), "number", parameters, reference), answer)
    assert isinstance(found, Scored), found
    return found.value


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1,234.5", [1234.5]),
        ("3/4", [0.75]),
        ("1 1/2", [1.5]),
        ("½", [0.5]),
        ("1½", [1.5]),
        ("−5", [-5.0]),
        ("1.2e3", [1200.0]),
        ("1.2 × 10^3", [1200.0]),
        ("$1,000,000", [1e6]),
        ("\\frac{3}{4}", [0.75]),
        ("between 3-5", [3.0, 5.0]),
        ("v1.2.3 of x", []),
        ("1/0", []),
        ("1e999", []),
    ],
)
def test_a_number_is_read_as_it_is_written(text: str, read: list[float]) -> None:
    assert [r.value for r in numbers(plain(text))] == read


@pytest.mark.parametrize(
    "answer",
    [
        "42",
        "42.",
        "42.0",
        "The answer is 42.",
        "12 + 30 = 42",
        "Answer: 42",
        "12 plus 30 makes **42**",
        "First 12, then 30 more.\nAnswer: 42\nI checked it with 2 methods.",
        r"So \boxed{42}.",
        "84/2",
        "4.2e1",
        "There are 42 of them.",
        "12 + 30 = 42\n\nThis is simply adding the numbers 12 and 30.",
        "42 (12 and 30 together)",
    ],
)
def test_every_way_to_be_right_is_right(answer: str) -> None:
    assert value(answer, "42", "What is 12 + 30?") == 1


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " ",
        "What is 12 + 30?",
        "What is 12 + 30? What is 12 + 30?",
        "41, 42, 43",
        "41 or 42",
        "It is 41, or maybe 42.",
        "1\n2\n3\n42",
        "- 41\n- 42",
        "Answer: 41\nAnswer: 42",
        "The answer is 41. The answer is 42.",
        "12 + 30 =",
        "The answer is 4",
        "-42",
        "420",
    ],
)
def test_a_known_bad_answer_earns_nothing(answer: str) -> None:
    """Empty, blank, echo, shotgun, cut short, wrong."""
    assert value(answer, "42", "What is 12 + 30?") == 0


def test_repeating_a_question_that_holds_the_answer_earns_nothing() -> None:
    question = "Which is larger, 3 or 7?"
    assert value(question, "7", question) == 0
    assert value(question + " 7", "7", question) == 1
    assert value("3 or 7", "7", question) == 0


def test_a_percentage_equals_its_share_but_not_another_percentage() -> None:
    assert value("50%", "0.5") == value("0.5", "50%") == value("50 percent", "50") == 1
    assert value("0.5%", "50%") == 0


def test_units_are_converted_and_may_be_required() -> None:
    """1.5 km = 1500 m."""
    units = {"km": 1000.0, "m": 1.0}
    assert value("It is 1.5 km away", "1500", units=units) == 1
    assert value("1.5", "1500", units=units) == 0
    assert value("1500", "1500", units=units, unit_required=True) == 0
    assert value("1500 m", "1500", units=units, unit_required=True) == 1


def test_tolerance_is_absolute_or_relative() -> None:
    assert value("3.14", "3.14159", absolute=0.01) == 1
    assert value("3.14", "3.14159") == 0
    assert value("1010", "1000", relative=0.02) == 1


def test_a_decimal_comma_is_a_parameter() -> None:
    assert value("1.234,5", "1.234,5", decimal=",") == 1
    assert value("3,5", "3,5", decimal=",") == 1


def test_a_reference_that_is_no_number_is_no_fault_of_the_answer() -> None:
    assert isinstance(Number().grade(user("q"), "4", "four"), Unscored)
    assert isinstance(Number().grade(user("q"), "4", None), Unscored)
