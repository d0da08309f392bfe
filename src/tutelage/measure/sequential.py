"""Looking more than once: alpha spent over planned looks, and mixture sequences for looking at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, gammaln
from scipy.stats import norm

from tutelage.errors import BadInput
from tutelage.measure.exact import Floats, Sided

Spending = Literal["obrien-fleming", "pocock", "linear"]


def _obrien_fleming(t: Floats, alpha: float) -> Floats:
    return np.asarray(2 * norm.sf(norm.isf(alpha / 2) / np.sqrt(np.maximum(t, 1e-12))))


def _pocock(t: Floats, alpha: float) -> Floats:
    return np.asarray(alpha * np.log1p((np.e - 1) * t))


def _linear(t: Floats, alpha: float) -> Floats:
    return np.asarray(alpha * t)


SPENDING: dict[Spending, Callable[[Floats, float], Floats]] = {
    "obrien-fleming": _obrien_fleming,
    "pocock": _pocock,
    "linear": _linear,
}


def look_levels(
    fractions: Sequence[float], *, level: float = 0.95, spending: Spending = "obrien-fleming"
) -> tuple[float, ...]:
    """The confidence level to use at each planned look, so that all looks together keep `level`.

    fractions  share of the planned slice seen at each look, increasing, ending at 1: (1/3, 2/3, 1)
    Each look gets what the spending function releases since the look before; the levels add up by the union bound,
    so they hold for any bound and any dependence between looks (the price against joint boundaries is a few percent
    of width). Source: Lan and DeMets 1983. Raises BadInput where fractions do not increase to 1.
    """
    share = np.asarray(fractions, dtype=np.float64)
    if share.size == 0 or not (np.diff(share, prepend=0.0) > 0).all() or abs(share[-1] - 1) > 1e-9:
        raise BadInput(
            f"The looks are planned at {list(fractions)}.", expected="increasing fractions that end at 1",
            remedy="Plan for example (0.33, 0.67, 1).",
        )  # fmt: skip
    spent = SPENDING[spending](share, 1.0 - level)
    return tuple(float(1 - a) for a in np.diff(spent, prepend=0.0))


def mixture_sequence(
    marked: ArrayLike, *, population: int | None = None, level: float = 0.95, sided: Sided = "two",
    prior: tuple[float, float] = (0.5, 0.5),
) -> tuple[Floats, Floats]:  # fmt: skip
    """Bounds on a share after each look at a 0/1 value, valid at all times together.

    marked      (n,) 0 or 1, in the order in which the labels came in
    population  N for a slice without replacement of a batch of N (the share is then K / N); None for i.i.d.
    prior       Beta parameters of the mixture: where the bounds are tightest, never whether they hold
    Returns (lo (n,), hi (n,)), each bound as narrow as any look before, and lo <= hi also where looks exclude one
    another: then each look stands alone. The ratio of prior to posterior is a martingale at the truth (Ville).
    One-sided is two-sided at the same alpha here, minus one end: the martingale has no side.
    Sources: Robbins 1970; Waudby-Smith and Ramdas 2020 for sampling without replacement.
    """
    values = np.asarray(marked, dtype=np.int64)
    if values.ndim != 1 or not np.isin(values, (0, 1)).all():
        raise BadInput("The marks are not 0 or 1.", expected="shape (n,) of 0 and 1", remedy="Compare labels first.")
    k, n = np.cumsum(values), np.arange(1, len(values) + 1)
    goal = np.log(1 / (1.0 - level))
    lo, hi = (_share_bounds if population is None else _batch_bounds)(k, n, population or 0, goal, prior)
    least, most = np.maximum.accumulate(lo), np.minimum.accumulate(hi)
    torn = least > most  # looks that exclude one another: one of the misses that the level allows has been seen
    lo, hi = np.where(torn, lo, least), np.where(torn, hi, most)
    if sided == "lower":
        hi = np.ones_like(hi)
    if sided == "upper":
        lo = np.zeros_like(lo)
    return lo, hi


Edges = tuple[Floats, Floats]


def _edges(log_wealth: Callable[[Floats], Floats], peak: Floats, goal: float, floor: Floats, top: Floats) -> Edges:
    """Bisect outwards from the peak (where wealth is least) on both sides, for all looks at once."""
    ends = []
    for outer in (floor, top):
        inside, outside = peak.copy(), outer.astype(np.float64).copy()
        free = log_wealth(outside) < goal
        for _ in range(50):
            middle = (inside + outside) / 2
            kept = log_wealth(middle) < goal
            inside, outside = np.where(kept, middle, inside), np.where(kept, outside, middle)
        ends.append(np.where(free, outer, outside))
    return ends[0], ends[1]


def _share_bounds(k: NDArray[np.int64], n: NDArray[np.int64], _: int, goal: float, prior: tuple[float, float]) -> Edges:
    a, b = prior
    evidence = betaln(a + k, b + n - k) - betaln(a, b)

    def log_wealth(p: Floats) -> Floats:
        p = np.clip(p, 1e-15, 1 - 1e-15)
        return np.asarray(evidence - k * np.log(p) - (n - k) * np.log1p(-p))

    return _edges(log_wealth, k / n, goal, np.zeros(len(k)), np.ones(len(k)))


def _batch_bounds(k: NDArray[np.int64], n: NDArray[np.int64], N: int, goal: float, prior: tuple[float, float]) -> Edges:
    a, b = prior
    evidence = betaln(a + k, b + n - k) - betaln(a, b)  # of the ordered labels under the mixture

    def log_wealth(K: Floats) -> Floats:
        # P(these ordered labels | K): falling factorials, continued to real K inside the logical range
        good = N - K
        seen = (
            gammaln(K + 1) - gammaln(np.maximum(K - k, 0) + 1)
            + gammaln(good + 1) - gammaln(np.maximum(good - (n - k), 0) + 1)
            - gammaln(N + 1.0) + gammaln(N - n + 1.0)
        )  # fmt: skip
        return np.asarray(evidence - seen)

    floor, top = k.astype(np.float64), (N - n + k).astype(np.float64)
    peak = np.clip(N * k / n, floor, top)
    lo, hi = _edges(log_wealth, peak, goal, floor, top)
    return np.floor(lo) / N, np.ceil(hi) / N


def log_e_value(k: int, n: int, p0: float, *, alternative: Literal["more", "less"]) -> float:
    """Log e-value against `share = p0` (or beyond it) after k of n marked: uniform mixture over the alternative side.

    Valid at every n together: reject where it exceeds log(1/alpha). 0 labels give 0.
    """
    from scipy.stats import beta

    tail = beta.logsf(p0, k + 1, n - k + 1) if alternative == "more" else beta.logcdf(p0, k + 1, n - k + 1)
    width = (1 - p0) if alternative == "more" else p0
    null = k * np.log(max(p0, 1e-300)) + (n - k) * np.log1p(-min(p0, 1 - 1e-16))
    return float(betaln(k + 1, n - k + 1) + tail - np.log(width) - null)
