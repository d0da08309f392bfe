"""How much a rater's labels tell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.stats import binom

from tutelage.errors import BadInput
from tutelage.measure.skill import bits, evidence_below, informedness, leave_one_out, skills, watch
from tutelage.records import Estimate, Rate, Undefined


def crowd(accuracy, items, rng, values=2):
    """item, rater, value rows: every rater labels every item; wrong labels are uniform over the others."""
    truth = rng.integers(0, values, items)
    item, rater = np.meshgrid(np.arange(items), np.arange(len(accuracy)))
    right = rng.random(item.shape) < np.asarray(accuracy)[:, None]
    value = np.where(right, truth[item], (truth[item] + rng.integers(1, values, item.shape)) % values)
    return item.ravel(), rater.ravel(), value.ravel(), truth


def test_informedness_and_bits_of_a_confusion_table_by_hand():
    """Recall 3/4 and 1/2: mean .625, rescaled (.625 - .5) / .5 = .25. A perfect 50:50 table of many is 1 bit."""
    assert informedness(np.array([[3.0, 1.0], [2.0, 2.0]])) == approx(0.25)
    assert informedness(np.eye(3) * 7) == approx(1.0)
    assert bits(np.eye(2) * 5_000) == approx(1.0, abs=1e-3)
    assert bits(np.full((2, 2), 10.0)) == 0.0


def test_nobody_is_scored_on_their_own_vote():
    """Item 0 is labelled 0, 0, 1: the first rater sees others at half and half, the third sees both others at 0."""
    shares = leave_one_out(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), 2)
    assert shares[0] == approx([0.5, 0.5]) and shares[2] == approx([1.0, 0.0])
    assert np.isnan(shares[3]).all()


def test_raters_rank_by_what_their_labels_tell_and_an_inverter_is_found():
    rng = np.random.default_rng(1)
    item, rater, value, _ = crowd([0.95, 0.8, 0.65, 0.5, 0.1, 0.9, 0.9], 400, rng)
    found = [s.informedness.value for s in skills(item, rater, value, values=2)]
    assert found[0] > found[1] > found[2] > found[3] > found[4] and found[4] < -0.3
    told = [s.bits.value for s in skills(item, rater, value, values=2)]
    assert told[0] > told[1] > told[3] and told[4] > told[3]  # an inverter tells more than a coin


def test_intervals_against_gold_cover_the_true_skill():
    """80 projects, 120 gold items, true accuracy .8, so informedness .6: nominal 95 %."""
    rng = np.random.default_rng(2)
    hits = gold_hits = 0
    for _ in range(80):
        item, rater, value, truth = crowd([0.8], 120, rng)
        (found,) = skills(item, rater, value, values=2, gold=truth)
        assert isinstance(found.informedness, Estimate) and isinstance(found.on_gold, Rate)
        hits += found.informedness.lo <= 0.6 <= found.informedness.hi
        gold_hits += found.on_gold.lo <= 0.8 <= found.on_gold.hi
    assert binom.cdf(hits, 80, 0.95) > 0.001 and binom.cdf(gold_hits, 80, 0.95) > 0.001


def test_constant_watching_raises_no_false_alarm():
    """300 raters exactly at the acceptable 80 %, each watched over 500 gold items: at most 5 % are ever alarmed about.

    Testing anew after each item at 5 % would alarm about far more than that.
    """
    rng = np.random.default_rng(3)
    marks = rng.random((300, 500)) < 0.8
    alarms = sum(watch(m, acceptable=0.8).alarm_at is not None for m in marks)
    assert binom.sf(alarms - 1, 300, 0.05) > 0.001
    k, n = np.cumsum(marks, axis=1), np.arange(1, 501)
    naive = (binom.cdf(k, n, 0.8) <= 0.05)[:, 20:].any(axis=1).sum()
    assert naive > 3 * 0.05 * 300


def test_a_rater_who_slips_is_found_within_some_dozens_of_gold_items():
    """60 % right where 80 % is acceptable: median alarm within 120 items."""
    rng = np.random.default_rng(4)
    at = [watch(rng.random(400) < 0.6, acceptable=0.8).alarm_at or 400 for _ in range(40)]
    assert np.median(at) < 120


def test_watching_many_raters_shares_the_alarm_rate():
    """Twenty wrong answers in a row alarm for one rater; three do not where 100 are watched."""
    assert watch([0] * 20, acceptable=0.8).alarm_at is not None
    assert watch([0] * 3, acceptable=0.8, raters=100).alarm_at is None


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.floats(0.05, 0.95), st.floats(0, 1))
def test_the_evidence_has_expectation_at_most_one_at_every_acceptable_accuracy(n, p0, up):
    k = np.arange(n + 1)
    e = np.exp(evidence_below(k, np.full(n + 1, n), p0))
    assert e @ binom.pmf(k, n, p0 + (1 - p0) * up) <= 1 + 1e-7


def test_too_little_to_say_is_undefined():
    one = skills([0, 1], [0, 0], [0, 1], values=2)[0]
    assert isinstance(one.informedness, Undefined) and one.on_gold is None
    same = skills(list(range(20)) * 2, [0] * 20 + [1] * 20, [1] * 40, values=2)
    assert isinstance(same[0].bits, Undefined)
    with pytest.raises(BadInput):
        skills([0], [0], [5], values=2)


def test_order_of_rows_and_names_of_raters_never_matter():
    rng = np.random.default_rng(5)
    item, rater, value, _ = crowd([0.9, 0.7, 0.6], 60, rng)
    rows = rng.permutation(len(item))
    first = skills(item, rater, value, values=2)
    again = skills(item[rows], 10 + rater[rows], value[rows], values=2)
    assert [s.bits.value for s in first] == approx([s.bits.value for s in again])
