"""The leanings of the fast head: what people differ about, learned from shares of votes beside the mean.

What shows a leaning: the same gap of means, yet votes nearer to a half where a feature differs. Majorities hide it.
The order of answers stays that of the mean; only the shares that are foretold change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from tutelage.models.spread import PER_VARIANCE, flattened

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
PRICE = 0.0005  # nats that a logit² of variance must earn: about most features people do not differ
START = 0.5  # logits², shared by all features
MOST = 100.0  # logits² a feature at most


@dataclass(frozen=True)
class Spread:
    """temperature  of the mean's differences; leaning (k,) ≥ 0: the sd over people of the weight of each feature."""

    temperature: float
    leaning: Floats

    def logit(self, z: Floats, apart: Floats) -> Floats:
        """(p,) logit of the share for the first, of mean differences z (p,) and squared differences apart (p, k)."""
        return flattened(z / self.temperature, apart @ np.square(self.leaning))


def fit_spread(z: Floats, apart: Floats, target: Floats, weight: Floats) -> Spread:
    """Temperature and leanings for given differences of means, by L-BFGS-B.

    z  (p,) out-of-fold differences of means; apart (p, k) squared differences of features; target, weight (p,)
    Minimises Σ weight · cross-entropy(target, σ(z/T/√(1 + π/8·Σ_k leaning_k²·apart_k))) / Σ weight and a price on the
    mean variance, which leaves most leanings at exactly 0.
    """
    w = weight / weight.sum()
    usual = w @ apart
    usual = np.where(usual > 1e-12, usual, np.inf)
    apart = apart / usual  # a unit of tau is then a unit of mean variance
    k = usual.size

    def loss(theta: Floats) -> tuple[float, Floats]:
        d, tau = z * np.exp(theta[0]), theta[1:]
        wide = 1 + PER_VARIANCE * (apart @ tau)
        u = d / np.sqrt(wide)
        r = w * (special.expit(u) - target)
        value = float((w * (np.logaddexp(0, u) - target * u)).sum() + PRICE * tau.sum())
        of_tau = apart.T @ (-0.5 * PER_VARIANCE * r * d / wide**1.5) + PRICE
        return value, np.concatenate([[float((r * u).sum())], of_tau])

    start = np.concatenate([[0.0], np.full(k, START / max(k, 1))])
    bounds = [(-4.0, 4.0)] + [(0.0, MOST)] * k
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "gtol": 1e-7, "ftol": 1e-12}
    )
    return Spread(float(np.exp(-found.x[0])), np.sqrt(found.x[1:] / usual))


def foretold(z: Floats, apart: Floats, target: Floats, weight: Floats, fold: Index) -> float:
    """Nats a pair, each foretold by a spread fitted on the other folds: whether leanings are worth keeping."""
    out = np.empty(z.size)
    for f in range(int(fold.max()) + 1):
        there, here = fold != f, fold == f
        u = fit_spread(z[there], apart[there], target[there], weight[there]).logit(z[here], apart[here])
        out[here] = np.logaddexp(0, u) - target[here] * u
    return float((weight * out).sum() / weight.sum())
