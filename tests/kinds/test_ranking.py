"""Rankings fold by mean pairwise share; ties and unranked responses stay what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.kinds.ranking import KIND, order_text
from tutelage.records import Item, Judgment, Open, Response, Settled, assistant, user

ITEM = Item("i", "ranking", user("Q?"), responses=("a", "b", "c"))
RESPONSES = {name: Response(name, assistant(name)) for name in "abcdefghij"}


def fold(*rankings):
    return KIND.fold(
        ITEM, [Judgment(str(n), "i", "p", {"type": "ranking", "ranks": r}) for n, r in enumerate(rankings)], {}
    )


def test_one_ranking_is_its_own_consensus_with_its_tie_and_its_gap():
    verdict = fold([2, 1, None])
    assert verdict.value == "1>0"
    assert verdict.detail["ranks"] == [2, 1, None]
    assert verdict.confidence == 1.0


def test_ties_are_equal_ranks():
    assert fold([1, 1, 2]).detail["ranks"] == [1, 1, 2]
    assert fold([2, 2, 2]).value == "0=1=2"


def test_two_against_one_settle_a_pair_and_cost_confidence():
    """a>b>c twice, b>a>c once: mean shares a (2/3 + 1)/2, b (1/3 + 1)/2, c 0; 8 of 9 statements agree."""
    verdict = fold([1, 2, 3], [1, 2, 3], [2, 1, 3])
    assert verdict.value == "0>1>2"
    assert verdict.confidence == approx(8 / 9)
    assert verdict.distribution == {"0>1>2": approx(2 / 3), "1>0>2": approx(1 / 3)}


def test_opposite_rankings_cancel_out_and_stay_open():
    verdict = fold([1, 2, 3], [3, 2, 1])
    assert isinstance(verdict, Open)
    assert verdict.why == "the rankings cancel out"


def test_a_ranked_row_carries_all_responses():
    verdict = fold([1, None, 2])
    [row] = KIND.rows(ITEM, RESPONSES, verdict, [])
    assert row.ranks == (1, None, 2)
    assert row.pairs() == [(0, 2)]


@pytest.mark.parametrize(
    ("ranks", "field"),
    [
        ([1, 2], "ranks"),
        ([1, 2, 4], "ranks[2]"),
        ([0, 1, 2], "ranks[0]"),
        ([1, None, None], "ranks"),
        ([1, 2, 1.5], "ranks[2]"),
    ],
)
def test_a_wrong_ranking_names_its_field(ranks, field):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(ITEM, {"type": "ranking", "ranks": ranks})
    assert caught.value.where.field == field


def test_two_to_nine_responses_can_be_ranked_and_ten_cannot():
    for count in (2, 9):
        KIND.check_item(Item("i", "ranking", user("Q"), responses=tuple("abcdefghij"[:count])), RESPONSES)
    with pytest.raises(BadInput):
        KIND.check_item(Item("i", "ranking", user("Q"), responses=tuple("abcdefghij")), RESPONSES)


RANKING = st.permutations([1, 2, 3])


@given(st.lists(RANKING, min_size=1, max_size=5), st.permutations([0, 1, 2]))
def test_relabelling_the_responses_relabels_the_order(rankings, shuffle):
    one = fold(*rankings)
    other = fold(*[[r[i] for i in shuffle] for r in rankings])
    assert one.type == other.type
    if isinstance(one, Settled):
        assert [one.detail["ranks"][i] for i in shuffle] == other.detail["ranks"]
        assert one.confidence == approx(other.confidence)


@given(RANKING, st.integers(1, 5))
def test_judges_who_agree_are_repeated_exactly(ranking, judges):
    verdict = fold(*[ranking] * judges)
    assert verdict.value == order_text(tuple(ranking))
    assert verdict.confidence == 1.0


def test_harm_condemns_the_responses_that_most_of_its_witnesses_name():
    said = [{"type": "harmful", "which": [2]}, {"type": "harmful", "which": [0, 2]}]
    judgments = [Judgment(str(n), "i", "p", a) for n, a in enumerate(said)]
    made = KIND.rows(ITEM, RESPONSES, KIND.fold(ITEM, judgments, {}), judgments)
    assert [(r.response, r.criterion) for r in made] == [(RESPONSES["c"].messages, "harmless")]


@pytest.mark.parametrize("which", [[], [3], [-1], [1, 1]])
def test_harm_names_the_places_of_responses(which):
    with pytest.raises(BadInput) as caught:
        KIND.parse_answer(ITEM, {"type": "harmful", "which": which})
    assert caught.value.where.field == "which"
