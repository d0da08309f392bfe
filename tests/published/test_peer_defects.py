"""Where other libraries were seen to be wrong or silent: the same data, and what is right.

The peers are not run here. One test or more for each of the eight rows of what was found.
"""

import tracemalloc

import numpy as np
import pytest

from tutelage.measure.agreement import alpha
from tutelage.measure.certify import certify
from tutelage.measure.consensus import dawid_skene, votes
from tutelage.measure.exact import count_interval
from tutelage.measure.intervals import bootstrap, mean
from tutelage.measure.preference import NotConnected, bradley_terry, plackett_luce
from tutelage.records import Estimate, Undefined


def test_three_to_one_three_to_one_nine_to_one_is_not_stopped_after_two_rounds():
    """A peer aliases its old scores with its new ones and returns .624/.293/.083 whatever the rounds allowed."""
    left = ["a"] * 4 + ["b"] * 4 + ["a"] * 10
    right = ["b"] * 4 + ["c"] * 4 + ["c"] * 10
    found = bradley_terry(left, right, [1, 1, 1, 0] * 2 + [1] * 9 + [0])
    assert found.worth == pytest.approx([0.692308, 0.230769, 0.076923], abs=1e-6)


def test_a_symmetric_cycle_has_equal_strengths():
    """A peer's noisy model, its gradient misplaced, gives .672/.646/.633."""
    found = bradley_terry(["a", "b", "c"], ["b", "c", "a"], [1, 1, 1], judges=["x", "y", "z"])
    assert found.worth == pytest.approx([1 / 3] * 3)


def test_an_undefeated_item_is_an_error_and_not_a_tie_of_all():
    """A peer returns the same score for all three, without a warning."""
    with pytest.raises(NotConnected):
        bradley_terry(["a", "b", "a"], ["b", "c", "c"], [1, 1, 1])


def test_consensus_needs_no_restarts_and_the_same_votes_give_the_same_bits():
    """A peer restarts ten times from one and the same seed: ten times the cost, one answer. Ours starts once, from the
    majority; what is random (a bootstrap) moves with its seed."""
    rng = np.random.default_rng(0)
    item, judge = np.repeat(np.arange(40), 5), np.tile(np.arange(5), 40)
    value = np.where(rng.random(200) < 0.8, item % 3, rng.integers(0, 3, 200))
    first, again = (dawid_skene(votes(item, judge, value)) for _ in range(2))
    assert first.posterior.tobytes() == again.posterior.tobytes()
    one, two = (bootstrap(np.mean, value.astype(float), clusters=judge, rng=seed, rounds=50) for seed in (1, 2))
    assert (one.lo, one.hi) != (two.lo, two.hi)


def test_em_stops_at_the_top_and_not_where_a_mistaken_objective_stalls():
    """A peer adds the log prior once a label instead of once an item and stops after 4 rounds: here the objective is
    the likelihood itself, it never falls, and a longer run from the answer does not move it."""
    rng = np.random.default_rng(4)
    item, judge = np.repeat(np.arange(45), 7), np.tile(np.arange(7), 45)
    value = np.where(rng.random(315) < 0.6, (item * 7) % 4, rng.integers(0, 4, 315))
    v = votes(item, judge, value)
    found = dawid_skene(v, kappa=0, tol=1e-12)
    trace = np.array(found.log_posterior)
    assert len(trace) > 4
    assert np.all(np.diff(trace) > -1e-9)
    prior, pi = found.prior, np.maximum(found.confusion, 1e-300)
    by_item = np.tile(np.log(prior), (45, 1))
    for i, j, k in zip(v.item, v.judge, v.value, strict=True):
        by_item[i] += np.log(pi[j, :, k])
    assert trace[-1] == pytest.approx(np.log(np.exp(by_item).sum(1)).sum(), abs=1e-6)


def test_one_sided_is_two_sided_at_half_the_error_and_not_the_two_sided_interval_itself():
    """A peer drops `alternative` on its default path: "larger" returns the two-sided interval."""
    (lo, hi), (one, top) = (count_interval(7, 40, 900, level=x, sided=s) for x, s in ((0.9, "two"), (0.95, "lower")))
    assert one == lo
    assert top > hi
    assert count_interval(7, 40, 900, level=0.9, sided="lower")[0] > lo


def test_a_judge_who_was_right_on_all_fifty_is_not_certified_to_within_half_a_percent():
    """A peer's slice without disagreements gives a width of .0062; 50 of 20 000 allow 7 % of errors."""
    ai = np.tile([1, 0, 1, 1], 5000)
    human = np.full(20_000, np.nan)
    chosen = np.random.default_rng(1).choice(20_000, 50, replace=False)
    human[chosen] = ai[chosen]
    found = certify(ai, human, target="mean").figure
    assert found.hi - found.lo > 0.07


def test_fifteen_hundred_votes_on_one_item_stay_numbers():
    """A peer multiplies plain probabilities: they underflow to NaN."""
    rng = np.random.default_rng(0)
    item = np.append(np.zeros(1500, int), np.repeat(np.arange(1, 60), 5))
    truth = rng.integers(0, 3, 60)
    judge = np.arange(item.size) % 40
    value = np.where(rng.random(item.size) < 0.7, truth[item], rng.integers(0, 3, item.size))
    found = dawid_skene(votes(item, judge, value))
    assert np.isfinite(found.posterior).all()
    assert found.code[0] == truth[0]


def test_groups_never_compared_are_not_put_on_one_scale():
    """A peer returns a common scale for a > b, b > a, c > d, d > c."""
    with pytest.raises(NotConnected, match="never compared"):
        bradley_terry(["a", "b", "c", "d"], ["b", "a", "d", "c"], [1, 1, 1, 1])
    with pytest.raises(NotConnected, match="never compared"):
        plackett_luce([1, 1, 2, 2, 3, 3, 4, 4], list("abbacddc"), [1, 2] * 4)


def test_a_hundred_and_one_levels_need_no_table_of_pairs():
    """A peer holds ratings × levels × levels numbers: 5.2 GB for 100 000 ratings; here under 40 MB."""
    rng = np.random.default_rng(1)
    items, values = np.repeat(np.arange(20_000), 5), rng.integers(0, 101, 100_000).astype(float)
    tracemalloc.start()
    found = alpha(items, values, scale="interval")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(found, Estimate)
    assert peak < 40e6


def test_all_ratings_alike_are_undefined():
    """One peer raises, another says 1.0: nothing was there to agree about."""
    assert isinstance(alpha([1, 1, 2, 2], ["a"] * 4), Undefined)


def test_differences_that_are_all_zero_do_not_make_a_certain_mean():
    """The interval of width .006 that certifies a judge who erred on none of 50 rows."""
    assert isinstance(mean(np.zeros(50)), Undefined)
    bounded = mean(np.zeros(50), bounds=(-1, 1))
    # a share of 1 − 0.025^(1/50) = 7.1 % of rows may differ, all by 1 and all one way
    assert bounded.hi == pytest.approx(1 - 0.025 ** (1 / 50))
