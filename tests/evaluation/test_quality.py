"""Each way an answer can be broken is seen in its own figure, and a good answer shows none of them."""

from __future__ import annotations

import pytest

from tutelage.errors import BadInput
from tutelage.evaluation import quality
from tutelage.evaluation.compare import differences
from tutelage.evaluation.prompts import Answers, HeldOut
from tutelage.evaluation.quality import Quality, is_refusal, loops, repeated_share
from tutelage.evaluation.relevance import hashed, relevance
from tutelage.evaluation.shares import share
from tutelage.models import Generation
from tutelage.records import Estimate, Rate, Undefined, user

QUESTION = "How does photosynthesis work in plants?"
GOOD = (
    "Photosynthesis is the process by which plants use sunlight, water and carbon dioxide to make sugar. "
    "It happens in the leaves, and oxygen is released to the air."
)


def one(text: str, *, question: str = QUESTION, ended: bool = True) -> Quality:
    found = quality.assess(Answers([HeldOut(user(question))], [Generation(text, 30, ended, -9.0)]))
    return found[0]


def test_a_good_answer_shows_no_fault() -> None:
    q = one(GOOD)
    assert (q.empty, q.echo, q.refusal, q.repeating, q.right_language, q.ended) == (
        False, False, False, False, True, True,
    )  # fmt: skip
    assert q.relevance > 0.1


def test_an_empty_answer_is_empty_and_has_no_relevance() -> None:
    for text in ("", " ", "\n", "...", "- "):
        assert one(text).empty
        assert one(text).relevance == 0
        assert one(text).right_language is None


def test_an_answer_that_is_the_question_is_an_echo() -> None:
    assert one("How does photosynthesis work in plants??").echo
    assert not one(GOOD).echo


@pytest.mark.parametrize(
    "text",
    [
        "plants plants plants plants plants plants",
        "The plant is green. " * 10,
        "It begins well and says something new about the leaves. " + "and the and the " * 8,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "很好很好很好很好很好很好很好很好很好很好很好很好很好很好",
    ],
)
def test_one_phrase_over_and_over_is_repeating(text: str) -> None:
    assert one(text).repeating


@pytest.mark.parametrize(
    "text", [GOOD, "No.", "1. Red\n2. Green\n3. Blue", "- Water\n- Light\n- Air\n- Soil", "Yes, yes, I know."]
)
def test_ordinary_answers_and_lists_are_not_repeating(text: str) -> None:
    assert not one(text).repeating


def test_the_repeated_share_counts_ngrams_seen_before() -> None:
    """12 words of period 2 have 10 3-grams, 2 of them different: 8/10."""
    assert repeated_share("a b " * 6) == pytest.approx(0.8)
    assert not loops(["a", "b", "a", "b"])
    assert loops(["x", "a", "b", "a", "b", "a", "b"])


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot assist with that request.",
        "As an AI language model, I can't answer.",
        "Sorry, I’m unable to provide that.",
        "I must decline.",
        "I am sorry, but I am not able to do this.",
    ],
)
def test_declining_at_the_start_is_a_refusal(text: str) -> None:
    assert is_refusal(text)


@pytest.mark.parametrize(
    "text", [GOOD, "You cannot help but smile.", "I'm sorry for your loss. Take time.", "Plants can't walk.", ""]
)
def test_answering_or_regretting_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


def test_an_answer_about_something_else_is_less_relevant() -> None:
    other = "The stock market closed lower on Friday after banks reported weak earnings."
    on, off = relevance([user(QUESTION)] * 2, [GOOD, other])
    assert on > off + 0.1


def test_the_embedder_is_a_parameter_and_gives_a_cosine() -> None:
    """Question (1, 0), answer (3, 4): cosine 3/5."""
    import numpy as np

    assert relevance([user("q")], ["a"], embed=lambda _: np.array([[1.0, 0.0], [3.0, 4.0]])) == pytest.approx([0.6])
    assert hashed([]).shape == (0, 4096)


def test_one_row_a_group_gives_an_exact_rate_with_the_unscored_beside_it() -> None:
    found = share([True, False, None], ["a", "b", "c"])
    assert isinstance(found, Rate)
    assert (found.k, found.n, found.unscored) == (1, 2, 1)


def test_clustered_rows_with_unscored_ones_get_an_interval_that_covers_both_ways() -> None:
    groups = [g for g in "abcdefgh" for _ in range(2)]
    full = share([True] * 15 + [False], groups)
    open_ = share([True] * 15 + [None], groups)
    assert isinstance(full, Estimate)
    assert isinstance(open_, Estimate)
    assert open_.value == 1
    assert open_.lo <= full.lo
    assert "1 unscored" in open_.assumptions[-1]
    assert isinstance(share([None, None], ["a", "a"]), Undefined)


def test_a_change_is_paired_by_prompt_and_its_sign_is_after_minus_before() -> None:
    """Half of 20 answers become empty: empty_rate +0.5."""
    good = [one(GOOD) for _ in range(20)]
    after = good[:10] + [one("") for _ in range(10)]
    found = differences(good, after, [str(i) for i in range(20)])
    empty, close = found["empty_rate"], found["relevance"]
    assert isinstance(empty, Estimate)
    assert isinstance(close, Estimate)
    assert empty.value == 0.5
    assert empty.lo > 0
    assert close.hi < 0
    with pytest.raises(BadInput):
        differences(good, after[:3], ["a"])
