"""Comparisons fold by plurality, keep disagreement, and become ranked pairs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.kinds.comparison import KIND, Prefer
from tutelage.records import AiJudge, Item, Judgment, Open, Response, Settled, assistant, user

ITEM = Item("i", "comparison", user("Q?"), responses=("a", "b"))
RESPONSES = {"a": Response("a", assistant("one")), "b": Response("b", assistant("two"))}
FIRST, SECOND = {"type": "prefer", "winner": "first"}, {"type": "prefer", "winner": "second"}
TIE, BOTH_BAD, UNABLE = {"type": "tie"}, {"type": "both_bad"}, {"type": "cannot_rate"}


def judged(*answers):
    return [Judgment(f"j{n}", "i", f"p{n}", a) for n, a in enumerate(answers)]


def fold(*answers):
    return KIND.fold(ITEM, judged(*answers), {})


def rows(*answers):
    return KIND.rows(ITEM, RESPONSES, fold(*answers), judged(*answers))


def test_two_of_three_votes_settle_it_at_two_thirds():
    verdict = fold(FIRST, FIRST, SECOND)
    assert isinstance(verdict, Settled)
    assert verdict.value == "first"
    assert verdict.distribution == {"first": approx(2 / 3), "second": approx(1 / 3)}
    assert verdict.confidence == approx(2 / 3)


def test_a_split_vote_stays_open_and_keeps_its_distribution():
    verdict = fold(FIRST, FIRST, SECOND, SECOND)
    assert isinstance(verdict, Open)
    assert verdict.why == "votes are split 2–2"
    assert verdict.distribution == {"first": 0.5, "second": 0.5}
    assert rows(FIRST, FIRST, SECOND, SECOND) == []


def test_only_votes_for_a_tie_make_a_tie():
    assert fold(TIE, TIE, FIRST).value == "tie"
    [row] = rows(TIE, TIE, FIRST)
    assert row.ranks == (1, 1)
    assert row.certainty == approx(2 / 3)


def test_a_judge_who_cannot_rate_does_not_dilute_the_votes():
    verdict = fold(FIRST, UNABLE, UNABLE)
    assert verdict.confidence == 1.0
    assert verdict.detail == {"votes": 1, "cannot_rate": 2}
    assert len(verdict.judgment_ids) == 3


def test_certainty_counts_half_of_each_tie():
    """3 first, 1 tie, 1 second: (3 + 1/2) / 5 = 0.7."""
    [row] = rows(FIRST, FIRST, FIRST, TIE, SECOND)
    assert row.ranks == (1, 2)
    assert row.certainty == approx(0.7)


def test_strength_is_the_mean_of_the_winning_side_over_three():
    """Strengths 3 and 1 for the winner: (3 + 1) / 2 / 3 = 2/3; the loser's 3 does not count."""
    [row] = rows({**SECOND, "strength": 3}, {**SECOND, "strength": 1}, {**FIRST, "strength": 3})
    assert row.ranks == (2, 1)
    assert row.strength == approx(2 / 3)


def test_strength_is_one_where_nobody_said():
    [row] = rows(FIRST)
    assert row.strength == 1.0


def test_both_bad_labels_both_responses_zero():
    made = rows(BOTH_BAD, BOTH_BAD, FIRST)
    assert [(r.score, r.criterion) for r in made] == [(0.0, "acceptable")] * 2


def test_harm_condemns_the_side_that_most_of_its_witnesses_name():
    made = rows({"type": "harmful", "which": ["second"]}, {"type": "harmful", "which": ["first", "second"]})
    assert [r.response for r in made] == [RESPONSES["b"].messages]
    assert made[0].criterion == "harmless"


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"type": "prefer", "winner": "third"}, "winner"),
        ({"type": "prefer", "winner": "first", "strength": 4}, "strength"),
        ({"type": "prefer", "winner": "first", "strength": True}, "strength"),
        ({"type": "harmful", "which": []}, "which"),
        ({"type": "harmful", "which": ["first", "first"]}, "which"),
        ({"type": "prefer"}, "winner"),
    ],
)
def test_a_wrong_answer_names_its_field(answer, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(ITEM, answer)
    assert caught.value.where.field == field


def test_an_answer_is_typed():
    assert KIND.parse_answer(ITEM, {**FIRST, "strength": 2}) == Prefer("first", 2)


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (Item("i", "comparison", user(" "), responses=("a", "b")), "messages"),
        (Item("i", "comparison", user("Q"), responses=("a",)), "responses"),
        (Item("i", "comparison", user("Q"), responses=("a", "c")), "responses[1]"),
        (Item("i", "comparison", user("Q"), responses=("a", "a")), "responses[1]"),
        (Item("i", "comparison", user("Q"), responses=("a", "empty")), "responses[1]"),
        (Item("i", "comparison", user("Q"), responses=("a", "b"), payload={"x": 1}), "payload.x"),
    ],
)
def test_an_incomplete_item_names_its_field(item, field):
    more = {"empty": Response("empty", ())}
    with pytest.raises(BadInput) as caught:
        KIND.check_item(item, RESPONSES | more)
    assert caught.value.where.field == field


def test_ai_judges_of_one_family_are_one_voice():
    """Two of a family say first, one each: 1/2 + 1/2 = 1 vote; two people say second: 2 of 3."""
    judges = {f"p{n}": AiJudge(f"p{n}", "m", family="m") for n in (0, 1)}
    verdict = KIND.fold(ITEM, judged(FIRST, FIRST, SECOND, SECOND), judges)
    assert verdict.value == "second"
    assert verdict.confidence == approx(2 / 3)


def test_a_response_without_words_can_be_judged_because_models_do_answer_nothing():
    silent = {"a": Response("a", assistant("")), "b": Response("b", assistant(""))}
    KIND.check_item(ITEM, silent)


ANSWERS = st.sampled_from([FIRST, SECOND, TIE, BOTH_BAD, UNABLE])


@given(st.lists(ANSWERS, min_size=1, max_size=8), st.randoms())
def test_the_order_of_judges_changes_nothing(answers, random):
    shuffled = list(answers)
    random.shuffle(shuffled)
    one, other = fold(*answers), fold(*shuffled)
    assert one.type == other.type
    assert getattr(one, "value", None) == getattr(other, "value", None)
    assert one.distribution == other.distribution


@given(st.lists(ANSWERS, min_size=1, max_size=8))
def test_swapping_the_sides_swaps_the_verdict(answers):
    swap = {"first": "second", "second": "first"}
    mirrored = [{**a, "winner": swap[a["winner"]]} if a["type"] == "prefer" else a for a in answers]
    one, other = fold(*answers), fold(*mirrored)
    assert {swap.get(k, k): v for k, v in one.distribution.items()} == other.distribution
    if isinstance(one, Settled):
        assert swap.get(one.value, one.value) == other.value
