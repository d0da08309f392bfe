"""Planned looks and looking at any time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.stats import binom

from tutelage.errors import BadInput
from tutelage.measure.exact import count_interval
from tutelage.measure.sequential import log_e_value, look_levels, mixture_sequence


def test_three_obrien_fleming_looks_spend_little_early():
    """2 - 2 Phi(1.96 / sqrt(t)): .00069 at t = 1/3, .0164 in all at 2/3, .05 at the end; differences are spent."""
    spent = [1 - x for x in look_levels((1 / 3, 2 / 3, 1))]
    assert spent == approx([0.00069, 0.0157, 0.0336], abs=1e-4)
    assert sum(spent) == approx(0.05)


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock", "linear"])
def test_all_looks_together_spend_alpha_and_no_more(spending):
    levels = look_levels((0.2, 0.5, 0.8, 1.0), level=0.9, spending=spending)
    assert sum(1 - x for x in levels) == approx(0.1)


def test_looks_that_do_not_end_at_the_whole_slice_are_refused():
    with pytest.raises(BadInput, match="end at 1"):
        look_levels((0.3, 0.6))


def test_stopping_at_the_first_favourable_look_keeps_the_level():
    """Batches of 2,000 with 5 % errors; looks at 100, 200, 300; 2,000 runs; some look misses in <= 10 %."""
    rng = np.random.default_rng(1)
    levels = look_levels((1 / 3, 2 / 3, 1), level=0.9)
    missed = 0
    for _ in range(2_000):
        k = [int(x) for x in np.cumsum([rng.hypergeometric(100, 1_900, 100), 0, 0])]
        k[1] = k[0] + int(rng.hypergeometric(100 - k[0], 1_800 + k[0], 100))
        k[2] = k[1] + int(rng.hypergeometric(100 - k[1], 1_700 + k[1], 100))
        bounds = [count_interval(k[j], 100 * (j + 1), 2_000, level=levels[j]) for j in range(3)]
        missed += any(not lo <= 100 <= hi for lo, hi in bounds)
    assert binom.sf(missed - 1, 2_000, 0.1) > 0.001


@pytest.mark.parametrize(("rate", "population"), [(0.02, None), (0.5, None), (0.02, 500), (0.2, 500)])
def test_a_mixture_sequence_survives_peeking_after_every_label(rate, population):
    """150 streams of 250 labels at level 90 %: the truth is left at some time in at most 10 % of them."""
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(150):
        if population is None:
            marks = rng.random(250) < rate
        else:
            marks = rng.permutation(np.arange(population) < rate * population)[:250]
        lo, hi = mixture_sequence(marks, population=population, level=0.9)
        missed += bool(((lo > rate + 1e-9) | (hi < rate - 1e-9)).any())
    assert binom.sf(missed - 1, 150, 0.1) > 0.001


def test_a_sequence_that_saw_the_whole_batch_knows_it():
    lo, hi = mixture_sequence([1, 0, 0, 1, 0], population=5)
    assert (lo[-1], hi[-1]) == (0.4, 0.4)


def test_a_clean_sequence_bounds_errors_at_about_twice_the_exact_one_time_bound():
    """0 of 300 errors: exact one-sided 95 % bound .99 %; valid at any time: 2.12 %."""
    assert mixture_sequence(np.zeros(300))[1][-1] == approx(0.0212, abs=1e-4)


def test_evidence_against_a_share_grows_with_marks_beyond_it():
    assert log_e_value(0, 0, 0.5, alternative="more") == approx(0)
    assert log_e_value(18, 20, 0.5, alternative="more") > np.log(100)
    assert log_e_value(10, 20, 0.5, alternative="more") < 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.floats(0.05, 0.95), st.sampled_from(["more", "less"]))
def test_the_evidence_has_expectation_at_most_one_at_and_beyond_the_share(n, p0, side):
    """Summed over all k exactly: E[e] = 1 at p0 and <= 1 on its far side."""
    k = np.arange(n + 1)
    e = np.exp([log_e_value(int(x), n, p0, alternative=side) for x in k])
    assert e @ binom.pmf(k, n, p0) == approx(1, abs=1e-6)
    beyond = p0 * 0.6 if side == "more" else 1 - 0.6 * (1 - p0)
    assert e @ binom.pmf(k, n, beyond) <= 1 + 1e-9
