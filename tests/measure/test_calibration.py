"""Stated probabilities against what happened."""

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.measure.calibration import expected_calibration_error, reliability, temperature, tempered
from tutelage.records import Undefined


def test_a_perfect_forecaster_has_no_error_beyond_chance():
    """40 draws of 1 000 rows: the interval holds 0 (its lower end is 0) nearly always; the plug-in would say .03."""
    rng = np.random.default_rng(0)
    found = []
    for seed in range(40):
        p = rng.uniform(0.5, 1, 1000)
        found.append(expected_calibration_error(p, rng.random(1000) < p, rng=seed, rounds=100))
    assert np.mean([f.value for f in found]) < 0.02
    assert np.mean([f.lo < 0.01 for f in found]) > 0.9


def test_a_boaster_is_off_by_what_they_boast():
    """States .9, is right 70 % of the time: the error is .2."""
    rng = np.random.default_rng(1)
    found = expected_calibration_error(np.full(2000, 0.9), rng.random(2000) < 0.7, rng=1, rounds=200)
    assert found.lo < 0.2 < found.hi
    assert found.value == pytest.approx(0.2, abs=0.03)


def test_too_few_rows_are_undefined():
    assert isinstance(expected_calibration_error([0.5], [1], rng=1), Undefined)


def test_bins_hold_all_rows_once_and_never_tear_equal_probabilities():
    p = np.repeat([0.5, 0.6, 0.9], [10, 50, 3])
    bins = reliability(p, np.ones(63))
    assert sum(b.right.n for b in bins) == 63
    assert [b.lo for b in bins] == [b.hi for b in bins]


def test_the_temperature_that_made_a_posterior_over_sharp_is_found():
    """Posteriors sharpened by 1/2.5 are put right by T near 2.5."""
    rng = np.random.default_rng(2)
    p = rng.dirichlet([1, 1, 1], 5000)
    y = (rng.random(5000)[:, None] > np.cumsum(p, 1)).sum(1)
    sharp = tempered(p, 1 / 2.5)
    t = temperature(sharp, y)
    assert t == pytest.approx(2.5, rel=0.08)
    assert tempered(sharp, 2.5) == pytest.approx(p, abs=1e-6)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(BadInput):
        temperature([[0.5, 0.5]], [0, 1])
