"""Certificates cover as often as they say: the short form of `benchmarks/certificate_coverage.py`."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from tutelage.measure.certify import certify

N, DRAWS = 2_000, 60


def misses(errors, size, rng, *, people=None, **how):
    """How many of 60 seeded slices exclude the batch's own agreement, and its own mean."""
    out = {"agreement": 0, "mean": 0}
    for _ in range(DRAWS):
        y = (rng.random(N) < 0.6).astype(float)
        f = y.copy()
        wrong = rng.choice(N, round(errors * N), replace=False)
        f[wrong] = 1 - f[wrong]
        if people is not None:  # one person labels a block of items, each with a care of their own
            y = np.where(rng.random(N) < np.repeat(rng.beta(1, 9, people), N // people), 1 - y, y)
        human = np.full(N, np.nan)
        rows = rng.choice(N, size, replace=False)
        human[rows] = y[rows]
        truth = {"agreement": (y == f).mean(), "mean": y.mean()}
        for target in out:
            found = certify(f, human, target=target, **how).estimate
            out[target] += not found.lo - 1e-12 <= truth[target] <= found.hi + 1e-12
    return out


@pytest.mark.parametrize(("errors", "size"), [(0.0, 50), (0.005, 50), (0.005, 200), (0.05, 200), (0.2, 200)])
def test_zero_rare_and_many_errors_are_covered(errors, size):
    """3 misses of 60 are expected at 95 %; more than 10 have a chance below 1 in 1,000."""
    for count in misses(errors, size, np.random.default_rng(1)).values():
        assert binom.sf(count - 1, DRAWS, 0.05) > 0.001


def test_human_noise_in_clusters_is_covered_because_the_batch_is_finite():
    """20 people of different care: the target is what they said of this batch, so their blocks cost no coverage."""
    for count in misses(0.05, 200, np.random.default_rng(2), people=20).values():
        assert binom.sf(count - 1, DRAWS, 0.05) > 0.001


def test_stopping_when_it_pleases_breaks_no_sequence():
    """Forty batches, looked at after every 50 labels up to 300; a miss at any look counts."""
    rng, broken = np.random.default_rng(3), {"agreement": 0, "mean": 0}
    for _ in range(40):
        y = (rng.random(N) < 0.6).astype(float)
        f = np.where(rng.random(N) < 0.03, 1 - y, y)
        rank = np.full(N, np.inf)
        rank[rng.choice(N, 300, replace=False)] = np.arange(300)
        for target, truth in (("agreement", (y == f).mean()), ("mean", y.mean())):
            looks = [certify(f, np.where(rank < n, y, np.nan), target=target, sequential=True, order=rank).estimate
                     for n in range(50, 301, 50)]  # fmt: skip
            broken[target] += any(not x.lo - 1e-12 <= truth <= x.hi + 1e-12 for x in looks)
    assert all(binom.sf(count - 1, 40, 0.05) > 0.001 for count in broken.values())
