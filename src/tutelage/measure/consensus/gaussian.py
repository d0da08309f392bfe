"""Consensus of ratings on a scale: each judge has a level, a stretch and a noise of their own.

y = b_judge + s_judge · z_item + noise, noise ~ N(0, v_judge), z ~ N(0, 1). Thin judges are drawn to the mean judge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from tutelage.errors import DidNotConverge
from tutelage.measure.arrays import Codes, Floats, codes, confidence, finite, same_length, tally
from tutelage.measure.consensus.votes import Names
from tutelage.records.figures import Undefined

THIN = 3.0  # imagined ratings by the mean judge that stand beside each judge's own


@dataclass(frozen=True)
class ScaleConsensus:
    """value, lo, hi (I,): what the mean judge would say, in the unit of the ratings, with its interval.

    level_of, stretch, noise (J,): each judge's severity (in rating units against the mean judge), stretch (1: as the
    mean judge) and standard deviation of a rating
    """

    items: Names
    judges: Names
    value: Floats
    lo: Floats
    hi: Floats
    level_of: Floats
    stretch: Floats
    noise: Floats
    level: float
    log_posterior: tuple[float, ...]
    method: str = "gaussian judges, EM"


def continuous(
    items: npt.ArrayLike,
    judges: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    level: float = 0.95,
    tol: float = 1e-9,
    rounds: int = 5000,
) -> ScaleConsensus | Undefined:
    """Ratings (n,) of items by judges as one value an item, judges' severity and stretch taken out.

    Intervals hold given the judges' parameters, which are taken as known: use 10 ratings a judge or more.
    Undefined without spread, or where no item has two judges. Raises DidNotConverge after `rounds`.
    """
    item, item_names = codes(items, "items")
    judge, judge_names = codes(judges, "judges")
    y = finite(values, "values")
    if same_length(items=item, judges=judge, values=y) == 0:
        return Undefined("no ratings")
    if y.min() == y.max():
        return Undefined("all ratings are the same value")
    pairs = np.unique(item * judge_names.size + judge)
    if np.bincount(pairs // judge_names.size).max() < 2:
        return Undefined("no item was rated by two judges: their levels cannot be told from the items'")
    centre, spread = float(y.mean()), float(y.std())
    z, variance, b, s, v, trace = _em(
        item, judge, (y - centre) / spread, item_names.size, judge_names.size, tol, rounds
    )
    b0, s0 = float(b.mean()), float(s.mean())
    half = float(special.ndtri(0.5 + confidence(level) / 2)) * abs(s0) * spread * np.sqrt(variance)
    value = centre + spread * (b0 + s0 * z)
    return ScaleConsensus(
        item_names, judge_names, value, value - half, value + half, spread * (b - b0), s / s0,
        spread * np.sqrt(v), level, trace,
    )  # fmt: skip


_Fit = tuple[Floats, Floats, Floats, Floats, Floats, tuple[float, ...]]


def _em(item: Codes, judge: Codes, y: Floats, i: int, j: int, tol: float, rounds: int) -> _Fit:
    """EM in standard units. M-step: each judge's regression of y on (1, z), with THIN ratings of the mean judge."""
    n_i, n_j = tally(item, None, i), tally(judge, None, j)
    b, s, v = np.zeros(j), np.full(j, 0.7), np.full(j, 0.5)
    b0, s0, v0 = 0.0, 0.7, 0.5
    trace: list[float] = []
    for _ in range(rounds):
        precision = 1 + tally(item, (s**2 / v)[judge], i)
        z = tally(item, (s / v)[judge] * (y - b[judge]), i) / precision
        variance = 1 / precision
        trace.append(_log_likelihood(item, judge, y, b, v, z, precision, i) + _log_prior(b, s, v, b0, s0, v0))
        if len(trace) > 1 and abs(trace[-1] - trace[-2]) <= tol * y.size:
            return z, variance, b, s, v, tuple(trace)
        # sufficient statistics of each judge, the mean judge's THIN imagined ratings (z ~ N(0, 1)) added
        sz, szz = tally(judge, z[item], j), tally(judge, (z**2 + variance)[item], j)
        sy, szy = tally(judge, y, j), tally(judge, y * z[item], j)
        n, mz, mzz = n_j + THIN, sz, szz + THIN
        my, mzy = sy + THIN * b0, szy + THIN * s0
        det = n * mzz - mz**2
        b, s = (my * mzz - mzy * mz) / det, (n * mzy - my * mz) / det
        residual = tally(judge, y**2, j) - 2 * b * sy - 2 * s * szy + n_j * b**2 + 2 * b * s * sz + s**2 * szz
        residual += THIN * ((b - b0) ** 2 + (s - s0) ** 2 + v0)
        v = np.maximum(residual / n, 1e-6)
        if len(trace) < 50:  # then the mean judge stands still, and the objective can only rise
            b0, s0, v0 = float(b.mean()), float(s.mean()), float(np.exp(np.log(v).mean()))
    raise DidNotConverge(
        f"The Gaussian judges still moved after {rounds} rounds on {i} items ({int(n_i.max())} ratings at most).",
        expected="a standstill",
        remedy="Raise `rounds` or `tol`.",
    )


def _log_prior(b: Floats, s: Floats, v: Floats, b0: float, s0: float, v0: float) -> float:
    return float((-THIN / 2 * (np.log(v) + ((b - b0) ** 2 + (s - s0) ** 2 + v0) / v)).sum())


def _log_likelihood(
    item: Codes, judge: Codes, y: Floats, b: Floats, v: Floats, z: Floats, precision: Floats, i: int
) -> float:
    """Σ over items of log ∫ p(y | z) p(z) dz, without constants."""
    own = (y - b[judge]) ** 2 / v[judge] + np.log(v)[judge]
    return float(-0.5 * (tally(item, own, i) - precision * z**2 + np.log(precision)).sum())
