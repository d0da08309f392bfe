"""Rankings as pairs: counted by hand, calibrated by simulation, and never surer than their judges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.measure.consensus import concentration, pair_certainty, pair_wins

NAN = float("nan")


def test_three_rankings_by_hand():
    """A before B twice and once tied: 2.5 to 0.5; B and C by one judge only; the share is (1 + 2.5) / (2 + 3)."""
    ranks = [[1, 2, 3], [1, 2, NAN], [1, 1, NAN]]
    wins = pair_wins(ranks)
    assert wins[0, 1] == 2.5
    assert wins[1, 0] == 0.5
    assert wins[1, 2] == 1
    assert pair_certainty(ranks).share[0, 1] == pytest.approx(3.5 / 5)


def test_a_pair_nobody_ranked_is_even_and_open():
    found = pair_certainty([[1, 2, NAN]])
    assert found.certainty[0, 2] == 0.5
    assert found.lo[0, 2] < 0.03
    assert found.hi[0, 2] > 0.97


def worlds(seed, pairs, judges, a):
    rng = np.random.default_rng(seed)
    share = rng.beta(a, a, pairs)
    wins = rng.binomial(judges, share)
    return share, wins, judges - wins


@pytest.mark.parametrize("a", [0.3, 1.0, 4.0])
def test_the_spread_of_shares_is_found(a):
    _share, wins, losses = worlds(1, 3000, 4, a)
    assert concentration(wins, losses) == pytest.approx(a, rel=0.25)


@pytest.mark.parametrize("a", [0.3, 1.0, 4.0])
def test_a_certainty_is_right_that_often_and_intervals_cover(a):
    """2,000 pairs, 5 judges each, spread fitted: in bins of stated certainty the right share is within 5 points."""
    share, wins, losses = worlds(2, 2000, 5, a)
    spread = concentration(wins, losses)
    stated, right, inside = [], [], []
    for s, w in zip(share, wins, strict=True):
        found = pair_certainty([[1, 2]] * w + [[2, 1]] * (5 - w), spread=spread)
        stated.append(found.certainty[0, 1])
        right.append(s > 0.5)
        inside.append(found.lo[0, 1] <= s <= found.hi[0, 1])
    stated, right = np.array(stated), np.array(right)
    for level in np.unique(stated.round(9)):
        rows = stated.round(9) == level
        if rows.sum() >= 100:
            assert abs(right[rows].mean() - level) < 4 * np.sqrt(0.25 / rows.sum())
    assert abs(np.mean(inside) - 0.95) < 0.025


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(1, 6))
def test_the_two_directions_of_a_pair_are_one_and_order_of_judges_does_not_matter(seed, k, judges):
    rng = np.random.default_rng(seed)
    ranks = rng.integers(1, k + 1, (judges, k)).astype(float)
    ranks[rng.random(ranks.shape) < 0.2] = NAN
    found = pair_certainty(ranks)
    assert found.share + found.share.T == pytest.approx(np.ones((k, k)))
    assert found.certainty + found.certainty.T == pytest.approx(np.ones((k, k)))
    assert found.lo == pytest.approx(1 - found.hi.T)
    assert ((found.lo <= found.share) & (found.share <= found.hi)).all()
    again = pair_certainty(ranks[rng.permutation(judges)])
    assert np.array_equal(again.share, found.share)


def test_judges_who_answer_by_lot_make_nobody_certain():
    rng = np.random.default_rng(3)
    wins = rng.binomial(4, 0.5, 1000)
    spread = concentration(wins, 4 - wins)
    assert pair_certainty([[1, 2]] * 3, spread=spread).certainty[0, 1] < 0.6
    assert concentration([], []) == 1.0


def test_wrong_shapes_are_refused():
    with pytest.raises(BadInput, match="shape"):
        pair_wins([1, 2, 3])
    with pytest.raises(BadInput, match="spread"):
        pair_certainty([[1, 2]], spread=0)
