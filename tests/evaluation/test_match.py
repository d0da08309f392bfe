"""What training bought, in samples of the untuned model."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.evaluation.match import match


def names(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def test_a_model_that_succeeds_half_the_time_needs_two_samples_to_match_three_quarters() -> None:
    """1 − 0.5² = 0.75. 400 prompts, 8 samples."""
    rng = np.random.default_rng(3)
    tuned = (rng.random((400, 8)) < 0.73).astype(float)
    untuned = (rng.random((400, 8)) < 0.5).astype(float)
    found = match(tuned, untuned, names(400), rng=rng, rounds=300)
    assert found.n == 2
    assert found.lo is not None
    assert found.lo <= 2
    assert found.hi in (2, 3)


def test_an_untuned_model_that_never_succeeds_never_matches() -> None:
    found = match(np.ones(20), np.zeros((20, 4)), names(20), rng=np.random.default_rng(0), rounds=100)
    assert (found.n, found.lo, found.hi) == (None, None, None)
    assert "more than 4" in str(found)


def test_training_that_bought_nothing_is_matched_by_one_sample() -> None:
    rng = np.random.default_rng(0)
    base = (rng.random((50, 4)) < 0.5).astype(float)
    found = match(base.mean(1) - 0.01, base, names(50), rng=rng, rounds=100)
    assert (found.n, found.lo, found.hi) == (1, 1, 1)


def test_a_chooser_that_picks_the_worst_never_catches_up() -> None:
    rng = np.random.default_rng(0)
    base = (rng.random((100, 4)) < 0.5).astype(float)
    found = match(np.full(100, 0.7), base, names(100), rng=rng, chooser=-base, rounds=100)
    assert found.n is None


def test_the_interval_covers_the_true_number() -> None:
    """60 simulated projects: base 0.4, tuned 0.6 needs n = 2 (1 − 0.6² = 0.64); 95 % intervals, at least 53 of 60."""
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        tuned, base = rng.random((80, 1)) < 0.6, rng.random((80, 6)) < 0.4
        found = match(tuned.astype(float), base.astype(float), names(80), rng=rng, rounds=100)
        hits += (found.lo or 7) <= 2 <= (found.hi or 7)
    assert hits >= 53


def test_the_prompts_must_be_the_same() -> None:
    with pytest.raises(BadInput):
        match(np.ones(3), np.ones((4, 2)), names(4), rng=np.random.default_rng(0))
