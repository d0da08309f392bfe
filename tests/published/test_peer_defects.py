"""Where other libraries were seen to be wrong or silent: the same data, and what is right.

The peers are not run here: `benchmarks/measure_peers.py` runs them.
"""

import tracemalloc

import numpy as np
import pytest

from tutelage.measure.agreement import alpha
from tutelage.measure.consensus import dawid_skene, votes
from tutelage.measure.intervals import mean
from tutelage.measure.preference import NotConnected, bradley_terry
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
