"""Is a stated probability right that often? Calibration error with its interval, reliability bins, temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from tutelage.errors import BadInput, Where
from tutelage.measure.arrays import Floats, finite, same_length, tally
from tutelage.measure.intervals import bootstrap, rate
from tutelage.records.figures import Estimate, Rate, Undefined


@dataclass(frozen=True)
class Bin:
    """Rows of similar stated probability: how often they were right, beside what was stated (mean) in lo … hi."""

    lo: float
    hi: float
    stated: float
    right: Rate


def reliability(stated: npt.ArrayLike, right: npt.ArrayLike, *, bins: int = 10, level: float = 0.95) -> tuple[Bin, ...]:
    """Bins of equal numbers of rows, from the least stated probability; each with its exact interval.

    stated (n,) probabilities in [0, 1]; right (n,) 0 or 1. Equal probabilities share a bin.
    """
    p, y = _checked(stated, right)
    code = _bins(p, bins)
    out = []
    for b in range(int(code.max(initial=-1)) + 1):
        rows = code == b
        found = rate(int(y[rows].sum()), int(rows.sum()), level=level)
        if isinstance(found, Rate):
            out.append(Bin(float(p[rows].min()), float(p[rows].max()), float(p[rows].mean()), found))
    return tuple(out)


def expected_calibration_error(
    stated: npt.ArrayLike,
    right: npt.ArrayLike,
    *,
    rng: np.random.Generator | int,
    bins: int = 10,
    clusters: npt.ArrayLike | None = None,
    rounds: int = 500,
    level: float = 0.95,
) -> Estimate | Undefined:
    """Mean distance between stated probability and share right over bins of equal size, in [0, 1].

    The plug-in figure is above 0 even for a perfect forecaster: what chance alone gives in bins of this size is
    taken off each squared distance (debiased, as Kumar et al. 2019), and the root mean square over bins is given.
    Interval by (cluster) bootstrap around it; asymptotic; use 100 rows or more.
    """
    p, y = _checked(stated, right)
    if p.size < 2 * bins:
        return Undefined(f"{p.size} rows for {bins} bins: too few")
    code = _bins(p, bins)

    def error(p: Floats, y: Floats, code: npt.NDArray[np.int64]) -> float:
        n = tally(code, None, bins)
        kept = n > 1
        share = tally(code, y, bins)[kept] / n[kept]
        gap = share - tally(code, p, bins)[kept] / n[kept]
        chance = share * (1 - share) / (n[kept] - 1)
        return math.sqrt(max(0.0, float((n[kept] * (gap**2 - chance)).sum()) / float(n[kept].sum())))

    found = bootstrap(error, p, y, code, clusters=clusters, rng=rng, rounds=rounds, level=level)
    if isinstance(found, Undefined):
        return found
    return Estimate(
        found.value, found.lo, found.hi, f"debiased calibration error, {bins} bins, bootstrap", found.n, level=level,
        rows=p.size, assumptions=found.assumptions, seed=found.seed,
    )  # fmt: skip


def temperature(posterior: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """The T for which softmax(log posterior / T) makes the known answers most probable; above 1: it was over-sharp.

    posterior (n, K) rows sum to 1; truth (n,) codes. Within [0.05, 50]. Source: Guo et al. 2017.
    """
    p, y = np.asarray(posterior, dtype=float), np.asarray(truth)
    if p.ndim != 2 or y.shape != p.shape[:1] or y.size == 0:
        raise BadInput(
            f"posterior {p.shape}, truth {y.shape}.", expected="(n, K) and (n,), n > 0",
            remedy="Pass gold items only.", where=Where(field="truth"),
        )  # fmt: skip
    log_p = np.log(np.maximum(p, 1e-12))

    def cost(log_t: float) -> float:
        z = log_p / math.exp(log_t)
        z = z - z.max(1, keepdims=True)
        return float((np.log(np.exp(z).sum(1)) - z[np.arange(y.size), y]).mean())

    found = optimize.minimize_scalar(cost, bounds=(math.log(0.05), math.log(50)), method="bounded")
    return math.exp(float(found.x))


def tempered(posterior: npt.ArrayLike, t: float) -> Floats:
    """softmax(log posterior / t), (n, K)."""
    z = np.log(np.maximum(np.asarray(posterior, dtype=float), 1e-300)) / t
    z = np.exp(z - z.max(1, keepdims=True))
    return np.asarray(z / z.sum(1, keepdims=True))


def _checked(stated: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Floats, Floats]:
    p, y = finite(stated, "stated", bounds=(0, 1)), finite(right, "right", bounds=(0, 1))
    same_length(stated=p, right=y)
    return p, y


def _bins(p: Floats, bins: int) -> npt.NDArray[np.int64]:
    """Bin of each row, of near equal sizes; equal probabilities are never torn apart."""
    if p.size == 0:
        return np.empty(0, np.int64)
    edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
    _, code = np.unique(np.searchsorted(edges, p, side="left"), return_inverse=True)
    return code.astype(np.int64)
