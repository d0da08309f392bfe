"""Bounds on bounded means by betting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.stats import binom

from tutelage.errors import BadInput
from tutelage.measure.betting import betting_sequence, fixed_n_interval, poisson_interval
from tutelage.measure.exact import share_interval


def significantly_below(hits: int, of: int, level: float) -> bool:
    """Whether so few hits would be seen less than once in a thousand runs of a method that keeps its level."""
    return bool(binom.cdf(hits, of, level) < 0.001)


def test_no_values_say_nothing_and_all_values_say_everything():
    assert fixed_n_interval([], (0, 1)) == (0, 1)
    assert fixed_n_interval([0.25, 0.75], (0, 1), population=2) == (0.5, 0.5)


def test_what_was_seen_bounds_the_mean_of_a_small_batch_by_logic():
    """8 of 10 items are 1: the mean lies between .8 and 1 whatever the other two are."""
    lo, hi = fixed_n_interval([1.0] * 8, (0, 1), population=10)
    assert lo >= 0.8 and hi == approx(1.0)


def test_values_outside_the_declared_bounds_are_refused():
    with pytest.raises(BadInput, match="bounds"):
        fixed_n_interval([0.2, 1.2], (0, 1))


@pytest.mark.parametrize(("rate", "n"), [(0.01, 50), (0.5, 40), (0.05, 60)])
def test_fixed_n_intervals_cover_shares_at_their_level(rate, n):
    """150 slices at nominal 90 %: never significantly below (one run in a thousand), rare values included."""
    rng = np.random.default_rng(5)
    hits = 0
    for run in range(150):
        lo, hi = fixed_n_interval((rng.random(n) < rate).astype(float), (0, 1), level=0.9, seed=run)
        hits += lo <= rate <= hi
    assert not significantly_below(hits, 150, 0.9)


def test_fixed_n_intervals_cover_a_finite_batch_with_a_judge_however_bad():
    """Batches of 200 scores, 60 looked at; the judge is good, useless or upside down: 90 % is kept."""
    rng = np.random.default_rng(6)
    hits = 0
    for run in range(160):
        y = np.clip(0.5 + 0.2 * rng.standard_normal(200), 0, 1)
        f = (np.clip(y + 0.05 * rng.standard_normal(200), 0, 1), rng.random(200), 1 - y)[run % 3]
        seen = rng.choice(200, 60, replace=False)
        lo, hi = fixed_n_interval(y[seen], (0, 1), population=200, level=0.9, proxy=(f[seen], float(f.mean())))
        hits += lo <= y.mean() <= hi
    assert not significantly_below(hits, 160, 0.9)


def test_a_good_judge_shortens_the_interval_and_a_bad_one_hardly_lengthens_it():
    rng = np.random.default_rng(7)
    y = np.clip(0.5 + 0.25 * rng.standard_normal(20_000), 0, 1)
    good, bad = np.clip(y + 0.1 * rng.standard_normal(20_000), 0, 1), rng.random(20_000)
    seen = rng.choice(20_000, 1_000, replace=False)

    def width(f=None):
        proxy = None if f is None else (f[seen], float(f.mean()))
        lo, hi = fixed_n_interval(y[seen], (0, 1), population=20_000, proxy=proxy)
        return hi - lo

    assert width(good) < 0.6 * width()
    assert width(bad) < 1.1 * width()


def test_widths_are_near_the_best_that_is_valid():
    """n = 1,000 shares of 5 % and of 50 %: at most 1.25 times exact Clopper–Pearson, without knowing it is a share."""
    rng = np.random.default_rng(8)
    for rate in (0.05, 0.5):
        x = (rng.random((6, 1_000)) < rate).astype(float)
        ours = [np.subtract(*fixed_n_interval(row, (0, 1))[::-1]) for row in x]
        exact = [np.subtract(*share_interval(int(row.sum()), 1_000)[::-1]) for row in x]
        assert np.median(ours) <= 1.25 * np.median(exact)


def test_a_sequence_misses_the_truth_at_any_time_at_most_as_often_as_it_says():
    """Peeking after each of 400 labels, 100 streams, level 90 %; a z-interval would miss far oftener (65 % of them)."""
    rng = np.random.default_rng(9)
    kept = z_kept = 0
    for _ in range(100):
        x = (rng.random(400) < 0.05) * 1.0 - (rng.random(400) < 0.05)
        lo, hi = betting_sequence(x, (-1, 1), level=0.9)
        kept += bool(((lo <= 1e-12) & (hi >= -1e-12)).all())
        n = np.arange(1, 401)
        m = np.cumsum(x) / n
        sd = np.sqrt(np.cumsum(x**2) / n - m**2)
        z_kept += bool((np.abs(m) <= 1.645 * sd / np.sqrt(n))[29:].all())
    assert not significantly_below(kept, 100, 0.9)
    assert significantly_below(z_kept, 100, 0.9)


def test_a_sequence_without_replacement_closes_on_the_batch():
    x = np.random.default_rng(10).permutation(np.repeat([0.0, 1.0], 200))
    lo, hi = betting_sequence(x, (0, 1), population=400)
    assert lo[-1] >= 0.48 and hi[-1] <= 0.52 and lo[-1] <= 0.5 <= hi[-1]


def test_poisson_intervals_cover_under_unequal_chances():
    """4,000 items, 3 % signed mistakes, chances from 1 to 15 % tied to where mistakes are; 300 draws at 90 %."""
    rng = np.random.default_rng(11)
    risky = rng.random(4_000) < 0.3
    gap = np.where(rng.random(4_000) < np.where(risky, 0.08, 0.01), rng.choice([-1.0, 1.0], 4_000), 0.0)
    pi = np.where(risky, 0.15, 0.03)
    hits = 0
    for _ in range(300):
        seen = rng.random(4_000) < pi
        lo, hi = poisson_interval(gap[seen], pi[seen], (-1, 1), 4_000, level=0.9)
        hits += lo <= gap.mean() <= hi
    assert not significantly_below(hits, 300, 0.9)


def test_chances_of_one_give_the_batch_itself_and_zero_is_refused():
    with pytest.raises(BadInput):
        poisson_interval([0.5], [0.0], (-1, 1), 10)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters_and_bounds_stay_inside(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    lo, hi = fixed_n_interval(values, (0, 1))
    assert (lo, hi) == fixed_n_interval(shuffled, (0, 1))
    assert 0 <= lo <= np.mean(values) + 1e-9 and np.mean(values) - 1e-9 <= hi <= 1 + 1e-12


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_one_sided_bound_is_the_two_sided_one_at_half_the_alpha(values):
    two = fixed_n_interval(values, (0, 1), level=0.9)
    assert fixed_n_interval(values, (0, 1), level=0.95, sided="lower")[0] == approx(two[0], abs=1e-9)
    assert fixed_n_interval(values, (0, 1), level=0.95, sided="upper")[1] == approx(two[1], abs=1e-9)
