"""Ranks state pairs and ties; what was not ranked states nothing."""

from hypothesis import given
from hypothesis import strategies as st

from tutelage.records import RankedRow, assistant, user


def row(*ranks):
    return RankedRow(user("Q"), tuple(assistant(str(i)) for i in range(len(ranks))), ranks, (), "g")


def test_three_ranks_with_a_tie_state_two_pairs_and_one_tie():
    """1, 2, 2: the first is above both, and they are equal."""
    assert row(1, 2, 2).pairs() == [(0, 1), (0, 2)]
    assert row(1, 2, 2).ties() == [(1, 2)]


def test_an_unranked_response_is_in_no_pair():
    assert row(2, None, 1).pairs() == [(2, 0)]


@given(st.lists(st.none() | st.integers(1, 4), min_size=2, max_size=9))
def test_pairs_and_ties_share_out_the_ranked_responses(ranks):
    """k ranked responses make k(k − 1)/2 statements, each a pair or a tie, and every pair runs from better to worse."""
    made, k = row(*ranks), sum(r is not None for r in ranks)
    assert len(made.pairs()) + len(made.ties()) == k * (k - 1) // 2
    assert all(ranks[better] < ranks[worse] for better, worse in made.pairs())
