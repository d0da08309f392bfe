"""Gold against the square root of KL: the law is recovered, and a peak is stated only where the data bend."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.measure.overoptimisation import fit
from tutelage.measure.overoptimisation.curve import Law
from tutelage.records import Estimate, Undefined

KL = np.array([0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0])


def looks(law: Law, alpha: float, beta: float, n: int = 400, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    d = np.sqrt(KL)
    bend = np.where(d > 0, np.log(np.maximum(d, 1e-9)), 0.0) if law == "rl" else d
    gold = (
        (d * (alpha - beta * bend))[:, None] + rng.normal(scale=0.1, size=n) + rng.normal(scale=0.1, size=(len(KL), n))
    )
    kl = KL[:, None] + rng.normal(scale=0.1, size=(len(KL), n)) * (KL > 0)[:, None]
    return kl, d[:, None] + rng.normal(size=(len(KL), n)), gold


@pytest.mark.parametrize(("law", "peak"), [("rl", np.exp(0.5 / 0.4 - 1) ** 2), ("best_of_n", (0.5 / 0.4) ** 2)])
def test_the_coefficients_and_the_peak_of_the_law_are_recovered(law: Law, peak: float) -> None:
    """alpha .5; beta .4 (rl: peak at exp(.5/.4 − 1)² = 1.65 nats) or .2 (best of n: (.5/.4)² = 1.56 nats)."""
    beta = 0.4 if law == "rl" else 0.2
    found = fit(range(len(KL)), *looks(law, 0.5, beta), rng=1, law=law)
    assert isinstance(found.alpha, Estimate)
    assert isinstance(found.beta, Estimate)
    assert isinstance(found.peak_kl, Estimate)
    assert found.alpha.value == pytest.approx(0.5, abs=0.02)
    assert found.beta.value == pytest.approx(beta, abs=0.02)
    assert found.peak_kl.lo <= peak <= found.peak_kl.hi
    assert found.residual == pytest.approx(0, abs=0.02)


def test_the_interval_of_beta_covers_at_its_level() -> None:
    """40 runs at 95 %: at least 40·.95 − 2·sqrt(40·.95·.05) = 35.2 cover."""
    covered = 0
    for seed in range(40):
        beta = fit(range(len(KL)), *looks("rl", 0.5, 0.2, n=100, seed=seed), rng=seed, rounds=100).beta
        covered += isinstance(beta, Estimate) and beta.lo <= 0.2 <= beta.hi
    assert covered >= 36


def test_gold_that_only_rises_has_no_peak() -> None:
    found = fit(range(len(KL)), *looks("rl", 0.5, -0.1), rng=1)
    assert found.peak_kl == Undefined("the data do not show that gold bends down")


def test_a_peak_beyond_what_was_seen_is_not_stated() -> None:
    found = fit(range(len(KL)), *looks("rl", 0.9, 0.2), rng=1)  # exp(3.5)² = 1,097 nats
    assert isinstance(found.peak_kl, Undefined)
    assert "beyond" in found.peak_kl.why


def test_two_looks_give_points_and_no_law() -> None:
    kl, proxy, gold = (x[:2] for x in looks("rl", 0.5, 0.2))
    found = fit([0, 1], kl, proxy, gold, rng=1)
    assert isinstance(found.alpha, Undefined)
    assert isinstance(found.points[1].gold, Estimate)


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(BadInput, match="3 steps came with shapes"):
        fit([0, 1, 2], np.zeros((2, 5)), np.zeros((2, 5)), np.zeros((2, 5)), rng=1)
