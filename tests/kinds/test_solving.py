"""Answers are compared by what they say, prompts by what they read, and a model's passes with their interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.kinds.solving import pass_rate, plain, prompt_key, same_answer
from tutelage.records import Rate, Scored, Undefined, Unscored, user


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("0.5", "1/2", True),
        ("4", " 4.", True),
        ("4.0", "4", True),
        ("Paris", "paris.", True),
        ("-3", "3", False),
        ("1e3", "1000", False),
        ("x = 4", "4", False),
    ],
)
def test_numbers_are_equal_by_value_and_words_without_case_and_spacing(one, other, same):
    assert same_answer(one, other) is same


@given(st.text())
def test_plain_words_stay_as_they_are_and_every_answer_is_its_own(text):
    assert same_answer(text, text)
    assert plain(plain(text)) == plain(text) or text.strip().endswith(".")


def test_a_prompt_that_only_looks_different_has_the_same_key():
    assert prompt_key(user("What is  7 × 8?")) == prompt_key(user("what is 7 × 8?"))
    assert prompt_key(user("What is 7 × 8?")) != prompt_key(user("What is 7 × 9?"))


def test_a_pass_rate_has_an_interval_and_keeps_unscored_tries_beside_it():
    """2 of 4 scored tries pass, one could not be graded; Clopper–Pearson of 2/4 is [0.068, 0.932]."""
    figure = pass_rate([Scored(1.0), Scored(1.0), Scored(0.0), Scored(0.5), Unscored("timeout")])
    assert isinstance(figure, Rate)
    assert (figure.k, figure.n, figure.unscored) == (2, 4, 1)
    assert (figure.lo, figure.hi) == (approx(0.0676, abs=1e-3), approx(0.9324, abs=1e-3))
    assert isinstance(pass_rate([]), Undefined)
