"""Numbers are read as people write them, and guessing does not pay."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("1{,}234", [1234.0]),
        ("\\dfrac12", [0.5]),
        ("\\tfrac{7}{8}", [0.875]),
        ("1\u202f234\u202f567", [1234567.0]),
        ("100 200", [100.0, 200.0]),
        ("٤٢", [42.0]),
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
        r"\boxed{42\text{ apples}}",
        r"\boxed{42} and not 41",
        "The answer is not 41 but 42",
        "Perhaps start with 12 + 30. Answer: 42",
        "#### 42",
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
        "It could be 41; I also think 42.",
        "Either 40 is right. Or 42 is right.",
        " ".join(map(str, range(100))),
        ", ".join(map(str, range(43))),
        r"\boxed{41} or \boxed{42}",
        r"\boxed{41, 42}",
        r"\boxed{}",
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


@pytest.mark.parametrize("answer", [r"\boxed{42\sqrt{3}}", r"\boxed{42^{10}}", "42π", "√42", r"\boxed{\sqrt{42}}"])
def test_a_number_that_is_part_of_an_expression_is_not_read_as_the_answer(answer: str) -> None:
    """Its value is another one, and this grader does no algebra: it says so, instead of paying or refusing."""
    found = grade(Task(user("What is 12 + 30?"), "number", {}, "42"), answer)
    assert isinstance(found, Unscored)
    assert found.reason == "unparsed"


def test_several_answers_are_wrong_or_unscored_as_the_task_says() -> None:
    """Wrong by default: to leave a hedge out of the denominator would raise the accuracy of whoever hedges."""
    task = Task(user("q"), "number", {"several": "unscored"}, "42")
    for answer in ("41 or 42", "Answer: 41\nAnswer: 42", "It might be 41, then 42"):
        assert isinstance(grade(task, answer), Unscored)
        assert value(answer, "42") == 0


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_two_guesses_never_earn_what_one_would(right: int, other: int) -> None:
    hypothesis.assume(right != other)
    for form in ("{} or {}", "{}, {}", "{}\n{}", "Answer: {}\nAnswer: {}", "\\boxed{{{}}} \\boxed{{{}}}"):
        assert value(form.format(other, right), str(right)) == 0


@given(st.integers(-(10**9), 10**9))
def test_a_right_number_is_right_however_it_is_grouped_or_marked(n: int) -> None:
    for form in ("{}", "{:,}", "Answer: {}", "\\boxed{{{}}}", "so it is {}.", "**{:,}**"):
        assert value(form.format(n), str(n)) == 1
