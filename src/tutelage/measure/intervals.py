"""Intervals for shares, means and differences: exact where the data are counts, clustered where the rows are.

Rows of one cluster (a contributor, a prompt) are never counted as independent: pass `clusters` and the
interval rests on the number of clusters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from tutelage.errors import BadInput, Where
from tutelage.measure.arrays import Codes, Floats, codes, confidence, finite, same_length, tally
from tutelage.records.figures import Estimate, Rate, Undefined

RateMethod = Literal["clopper-pearson", "wilson"]
Bounds = tuple[float, float]

_CLUSTERED = "clusters are independent of one another"
_INDEPENDENT = "rows are independent of one another"


def clopper_pearson(k: float, n: float, level: float = 0.95) -> Bounds:
    """The exact binomial interval (lo, hi) for k of n, each tail at most (1 − level)/2; fractions of counts allowed.

    Source: Clopper and Pearson 1934, by the beta quantiles.
    """
    a = (1 - level) / 2
    lo = 0.0 if k <= 0 else float(special.betaincinv(k, n - k + 1, a))
    hi = 1.0 if k >= n else float(special.betaincinv(k + 1, n - k, 1 - a))
    return lo, hi


def wilson(k: float, n: float, level: float = 0.95) -> Bounds:
    """The score interval (lo, hi) for k of n; near the level on average, not at every share. Source: Wilson 1927."""
    z = float(special.ndtri(0.5 + level / 2))
    p, grow = k / n, 1 + z * z / n
    centre = (p + z * z / (2 * n)) / grow
    half = z / grow * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (0.0 if k <= 0 else max(0.0, centre - half)), (1.0 if k >= n else min(1.0, centre + half))


_RATE_METHODS: dict[str, Callable[[float, float, float], Bounds]] = {
    "clopper-pearson": clopper_pearson,
    "wilson": wilson,
}


def rate(
    k: int,
    n: int,
    *,
    level: float = 0.95,
    method: RateMethod = "clopper-pearson",
    unscored: int = 0,
    assumptions: tuple[str, ...] = (),
) -> Rate | Undefined:
    """The share k of n independent rows with its interval; Undefined where n is 0.

    unscored  rows that could not be graded: reported beside the share, in neither k nor n
    "clopper-pearson" keeps its level at every true share; "wilson" is narrower and keeps it on average.
    """
    confidence(level)
    k, n = int(k), int(n)
    if not 0 <= k <= n:
        raise BadInput(f"{k} of {n}.", expected="0 <= k <= n", remedy="Correct the counts.", where=Where(field="k"))
    if n == 0:
        beside = f" ({unscored} unscored)" if unscored else ""
        return Undefined(f"no scored rows{beside}")
    lo, hi = _RATE_METHODS[method](k, n, level)
    return Rate(k, n, lo, hi, method, level=level, unscored=int(unscored), assumptions=assumptions or (_INDEPENDENT,))


def mean(
    x: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    level: float = 0.95,
    unit: str = "",
    bounds: Bounds | None = None,
) -> Estimate | Undefined:
    """The mean of x (n,) with a t interval, in the unit of x.

    clusters  (n,) names; with them the error is cluster-robust (CR2) and the degrees of freedom are those of
              Bell and McCaffrey, the smaller of the values for independent and for fully dependent rows of a cluster
    bounds    the least and the largest value x can take, if there are such: the interval then stays inside,
              and data without any spread still get an interval (see `win_rate`)
    Undefined where fewer than 2 clusters (rows) leave no spread to see, or all values are equal and no bounds are
    known: a t interval would then have width 0, which nobody should believe.
    Asymptotic in the number of clusters; close to its level from about 10 clusters of similar size.
    Source: Bell and McCaffrey 2002; Pustejovsky and Tipton 2018.
    """
    if bounds is not None:
        return _bounded_mean(finite(x, "x", bounds=bounds), clusters, level, unit, bounds)
    values = finite(x, "x")
    spread = _spread(values, clusters, confidence(level))
    if isinstance(spread, Undefined):
        return spread
    if spread.se == 0:
        return Undefined(f"all {spread.n} {spread.what} have the same mean {spread.value:g}: their spread is not known")
    half = float(special.stdtrit(spread.df, 0.5 + level / 2)) * spread.se
    return Estimate(
        spread.value, spread.value - half, spread.value + half, spread.method, spread.n, level=level, unit=unit,
        rows=values.size, assumptions=(spread.assumption, "enough of them for a t interval"),
    )  # fmt: skip


class _Spread:
    """Mean, its standard error and degrees of freedom, over rows or over clusters."""

    __slots__ = ("assumption", "df", "method", "n", "se", "value", "what")

    def __init__(self, value: float, se: float, df: float, n: int, *, clustered: bool) -> None:
        self.value, self.se, self.df, self.n = value, se, df, n
        self.what = "clusters" if clustered else "rows"
        self.method = "t, cluster-robust CR2" if clustered else "t"
        self.assumption = _CLUSTERED if clustered else _INDEPENDENT


def _spread(x: Floats, clusters: npt.ArrayLike | None, level: float) -> _Spread | Undefined:
    confidence(level)
    if x.size == 0:
        return Undefined("no rows")
    if clusters is None:
        if x.size < 2:
            return Undefined("one row: its spread is not known")
        # numerically equal values must give exactly 0
        sd = 0.0 if x.min() == x.max() else float(x.std(ddof=1))
        return _Spread(float(x.mean()), sd / math.sqrt(x.size), x.size - 1, x.size, clustered=False)
    group, names = codes(clusters, "clusters")
    same_length(x=x, clusters=group)
    if names.size < 2:
        return Undefined(f"{x.size} rows of one cluster: the spread between clusters is not known")
    value, se, df = _cr2_mean(x, group, names.size)
    return _Spread(value, se, df, names.size, clustered=True)


def _cr2_mean(x: Floats, group: Codes, g: int) -> tuple[float, float, float]:
    """Mean, CR2 standard error and Bell–McCaffrey degrees of freedom; closed form, O(n).

    For a mean, (I − H_gg)^(−1/2) maps the ones of cluster g to (1 − m_g/n)^(−1/2) times themselves.
    """
    value = float(x.mean())
    p = np.bincount(group, minlength=g) / x.size
    sums = np.bincount(group, x - value, minlength=g) / x.size
    if np.abs(sums).max() <= 8 * np.finfo(float).eps * max(1.0, float(np.abs(x).max())):
        return value, 0.0, g - 1.0
    se = math.sqrt(float((sums**2 / (1 - p)).sum()))
    return value, se, _satterthwaite(p)


def _satterthwaite(p: Floats) -> float:
    """Degrees of freedom for clusters of shares p: the smaller of the values at intra-cluster correlation 0 and 1."""
    b = p**2 / (1 - p)
    free = 1 / (float((p**2).sum()) + float(b.sum()) ** 2 - float((b**2).sum()))
    s2 = float((p**2).sum())
    b0, b1, b2 = float(b.sum()), float((b * p).sum()), float((b * p * p).sum())
    diagonal = b * (1 + s2 - 2 * p)
    square = s2**2 * b0**2 + 2 * b0 * b2 - 4 * s2 * b0 * b1 + 2 * b1**2
    square += float((diagonal**2).sum()) - float((b**2 * (s2 - 2 * p) ** 2).sum())
    tied = float(diagonal.sum()) ** 2 / square
    return max(1.0, min(free, tied))


def win_rate(
    outcomes: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    level: float = 0.95,
    unit: str = "",
) -> Estimate | Undefined:
    """The mean of outcomes (n,) in [0, 1] (1 a win, ½ a tie, 0 a loss), with an interval that stays in [0, 1].

    Wins and losses of independent rows get the exact binomial interval. Ties, scores and clusters get the exact
    interval at the effective number of rows (Korn and Graubard): the rows that would give a binomial share the
    variance seen. All wins of G clusters is as sure as G wins of G rows; no data give width 0.
    Asymptotic in the number of clusters unless exact; coverage by simulation in `tests/measure/test_intervals.py`.
    Source: Korn and Graubard 1998, confidence intervals for proportions from complex surveys.
    """
    return _bounded_mean(finite(outcomes, "outcomes", bounds=(0, 1)), clusters, level, unit, (0.0, 1.0))


def _bounded_mean(
    x: Floats, clusters: npt.ArrayLike | None, level: float, unit: str, bounds: Bounds
) -> Estimate | Undefined:
    confidence(level)
    low, high = bounds
    if not low < high:
        raise BadInput(f"bounds {bounds}.", expected="low < high", remedy="Correct them.", where=Where(field="bounds"))
    if x.size == 0:
        return Undefined("no rows")
    y = (x - low) / (high - low)
    group, n = None, x.size
    if clusters is not None:
        group, names = codes(clusters, "clusters")
        same_length(x=x, clusters=group)
        n = names.size
    if n == 1 and x.size > 1:
        return Undefined(f"{x.size} rows of one cluster: the spread between clusters is not known")
    binary = bool(((y == 0) | (y == 1)).all())
    exact = binary and n == x.size
    value = float(y.mean())
    effective = float(n) if exact else _effective_rows(y, group, n, level, binary=binary)
    lo, hi = clopper_pearson(value * effective, effective, level)
    if not exact:
        lo, hi = _room_for_the_unseen(y, group, n, value, lo, hi, level)
    width = high - low
    value = low + width * value
    return Estimate(
        value, min(low + width * lo, value), max(low + width * hi, value),
        "clopper-pearson" if exact else "clopper-pearson at the effective number of rows", n, level=level, unit=unit,
        rows=x.size, assumptions=(_INDEPENDENT if clusters is None else _CLUSTERED,),
    )  # fmt: skip


def _room_for_the_unseen(
    y: Floats, group: Codes | None, n: int, value: float, lo: float, hi: float, level: float
) -> Bounds:
    """(lo, hi) widened where nearly all rows (clusters) are one and the same value.

    More of the others may exist than were seen, up to their exact bound: rows all at the worst end, clusters three
    times as far from the usual as the farthest seen (by simulation the least that keeps the level).
    """
    each = y if group is None else tally(group, y, n) / tally(group, None, n)
    usual = float(np.median(each))
    seen = int((each != usual).sum())
    far = 1.0
    if group is not None and seen:
        if seen > min(4, max(1, n // 4)):
            return lo, hi  # enough of the others were seen for their spread to be in the variance
        far = 3 * float(np.abs(each - usual).max())
    more = clopper_pearson(seen, n, level)[1] - seen / n
    return min(lo, value - more * min(usual, far)), max(hi, value + more * min(1 - usual, far))


NO_SPREAD = 1e6  # rows: an interval too narrow to matter


def _effective_rows(y: Floats, group: Codes | None, n: int, level: float, *, binary: bool) -> float:
    """How many independent binary rows would know the mean of y as well, degrees of freedom included."""
    if n == 1:
        return 1.0
    value = float(y.mean())
    share = np.full(n, 1 / n) if group is None else np.bincount(group, minlength=n) / y.size
    means = y if group is None else np.bincount(group, y, minlength=n) / (share * y.size)
    weight = float((share**2).sum())
    variance = float((share**2 / np.maximum(1 - share, 0.5 / n) * (means - value) ** 2).sum())
    if group is not None:
        # clusters of unequal size are as many as their shares amount to: fewer degrees of freedom than clusters − 1
        effective = 1 / weight
        if variance > 0:
            effective = min(value * (1 - value) / variance * _for_few(1 / weight - 1, level), NO_SPREAD)
        elif 0 < value < 1:
            effective = NO_SPREAD  # what may exist unseen is `_room_for_the_unseen`'s to add
        return min(effective, float(y.size)) if binary else effective
    # Imagined outcomes at both ends stand for spread that a small sample has not yet shown. Their weight was
    # chosen by simulation as the least that keeps the level (tests/measure/test_intervals.py).
    padded = variance + weight**2 * ((1 - value) ** 2 + value**2)
    padded_value = (value + weight) / (1 + 2 * weight)
    effective = padded_value * (1 - padded_value) / padded * _for_few(n - 1.0, level)
    return min(effective, float(y.size)) if binary else effective


def _for_few(df: float, level: float) -> float:
    """What a t interval of df degrees of freedom leaves of the rows that a normal one would need."""
    return float(special.ndtri(0.5 + level / 2) / special.stdtrit(max(df, 1.0), 0.5 + level / 2)) ** 2


def paired_difference(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    level: float = 0.95,
    unit: str = "",
    bounds: Bounds | None = None,
    rng: np.random.Generator | int | None = None,
) -> Estimate | Undefined:
    """Mean of a − b over the same rows (n,): what one method gains over another on the same items.

    A t interval (cluster-robust with `clusters`, see `mean`); with `rng` a cluster bootstrap instead.
    bounds  the least and largest a − b can be, as (−1, 1) for shares; without them equal differences are Undefined
    """
    first, second = finite(a, "a"), finite(b, "b")
    same_length(a=first, b=second)
    if rng is not None:
        return bootstrap(lambda d: float(d.mean()), first - second, clusters=clusters, rng=rng, level=level, unit=unit)
    return mean(first - second, clusters=clusters, level=level, unit=unit, bounds=bounds)


def difference_of_rates(k1: int, n1: int, k2: int, n2: int, *, level: float = 0.95) -> Estimate | Undefined:
    """k1/n1 − k2/n2 for two independent samples, with Newcombe's hybrid score interval (within [−1, 1]).

    Near its level from n = 10 a side, also at shares of 0 and 1. Source: Newcombe 1998, method 10.
    """
    first, second = (rate(k, n, level=level, method="wilson") for k, n in ((k1, n1), (k2, n2)))
    if isinstance(first, Undefined) or isinstance(second, Undefined):
        return Undefined("one of the two samples has no rows")
    d = first.value - second.value
    lo = d - math.hypot(first.value - first.lo, second.hi - second.value)
    hi = d + math.hypot(first.hi - first.value, second.value - second.lo)
    return Estimate(
        d, max(lo, -1.0), min(hi, 1.0), "newcombe hybrid score", n1 + n2, level=level,
        assumptions=(_INDEPENDENT, "the two samples are independent"),
    )  # fmt: skip


def mcnemar_difference(
    both: int, first_only: int, second_only: int, neither: int, *, level: float = 0.95
) -> Estimate | Undefined:
    """Share right by the first − share right by the second, over the same rows, from the four counts.

    Tango's score interval: close to its level down to about 10 rows, never of width 0.
    Source: Tango 1998, equivalence test and confidence interval for the difference in proportions for paired data.
    """
    n = both + first_only + second_only + neither
    if min(both, first_only, second_only, neither) < 0:
        raise BadInput("A count is negative.", expected="four counts >= 0", remedy="Correct the counts.")
    if n == 0:
        return Undefined("no rows")
    z = float(special.ndtri(0.5 + confidence(level) / 2))
    d = (first_only - second_only) / n

    def score(delta: float) -> float:
        """Tango's statistic at a supposed difference; falls in delta."""
        b = -first_only - second_only + (2 * n - first_only + second_only) * delta
        c = -second_only * delta * (1 - delta)
        q = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * q + delta * (1 - delta))
        return (first_only - second_only - n * delta) / math.sqrt(variance) if variance > 0 else 0.0

    lo = _root(lambda x: score(x) - z, -1.0, d)
    hi = _root(lambda x: score(x) + z, d, 1.0)
    return Estimate(d, min(lo, d), max(hi, d), "tango score", n, level=level, assumptions=(_INDEPENDENT,))


def _root(f: Callable[[float], float], lo: float, hi: float) -> float:
    """Where a falling f crosses 0 in [lo, hi], by halving; the end nearest to it where it does not."""
    for _ in range(60):
        middle = (lo + hi) / 2
        lo, hi = (middle, hi) if f(middle) > 0 else (lo, middle)
    return (lo + hi) / 2


def bootstrap(
    stat: Callable[..., float],
    *arrays: npt.ArrayLike,
    clusters: npt.ArrayLike | None = None,
    rng: np.random.Generator | int,
    rounds: int = 1000,
    level: float = 0.95,
    method: Literal["percentile", "bca"] = "percentile",
    unit: str = "",
) -> Estimate | Undefined:
    """Any statistic of rows with a bootstrap interval that resamples whole clusters.

    stat      takes the arrays, resampled together along their first axis, and returns one number
    rng       a generator, from which one seed is drawn, or that seed itself; `Estimate.seed` redraws the same rounds
    "percentile" is widened for few clusters (Hesterberg's expanded percentiles); "bca" also corrects bias and skew,
    at the price of one `stat` a cluster more. Asymptotic in the number of clusters.
    Undefined where the statistic is not finite on the data, or on more than 1 % of the rounds.
    Source: Efron 1987; Hesterberg 2015.
    """
    columns = [np.asarray(a) for a in arrays]
    n_rows = same_length(**{f"array {i}": c for i, c in enumerate(columns)})
    if n_rows <= 0:
        return Undefined("no rows")
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)
    rows = _rows_by_cluster(clusters, n_rows)
    g = len(rows)
    if g < 2:
        return Undefined(f"{n_rows} rows of one cluster: the spread between clusters is not known")

    def at(chosen: npt.NDArray[np.int64]) -> float:
        index = chosen if clusters is None else np.concatenate([rows[c] for c in chosen])
        return float(stat(*(c[index] for c in columns)))

    value = float(stat(*columns))
    if not math.isfinite(value):
        return Undefined("the statistic is not defined on these rows")
    inner = np.random.default_rng(seed)
    drawn = np.array([at(inner.integers(0, g, g)) for _ in range(rounds)])
    kept = drawn[np.isfinite(drawn)]
    if kept.size < 0.99 * rounds:
        return Undefined(f"the statistic is not defined on {rounds - kept.size} of {rounds} resamples")
    everyone = np.arange(g)
    jack = [at(np.delete(everyone, i)) for i in range(g)] if method == "bca" else None
    lo, hi = _percentiles(kept, value, g, confidence(level), None if jack is None else np.array(jack))
    return Estimate(
        value, min(lo, value), max(hi, value), f"bootstrap, {method}, {rounds} rounds", g, level=level, unit=unit,
        rows=n_rows, assumptions=(_INDEPENDENT if clusters is None else _CLUSTERED,), seed=seed,
    )  # fmt: skip


def _rows_by_cluster(clusters: npt.ArrayLike | None, n: int) -> list[npt.NDArray[np.int64]] | range:
    if clusters is None:
        return range(n)
    group, names = codes(clusters, "clusters")
    same_length(rows=np.empty(n), clusters=group)
    order = np.argsort(group, kind="stable")
    return np.split(order, np.cumsum(np.bincount(group, minlength=names.size))[:-1])


def _percentiles(drawn: Floats, value: float, g: int, level: float, jack: Floats | None) -> Bounds:
    """Expanded percentiles of the rounds; bias- and skew-corrected where the jackknife values are given."""
    z = float(special.stdtrit(g - 1, 0.5 + level / 2)) * math.sqrt(g / (g - 1))
    bias = skew = 0.0
    if jack is not None and drawn.min() < drawn.max():
        below = ((drawn < value).sum() + 0.5 * (drawn == value).sum()) / drawn.size
        bias = float(special.ndtri(np.clip(below, 1 / drawn.size, 1 - 1 / drawn.size)))
        d = jack.mean() - jack
        scale = float((d**2).sum()) ** 1.5
        skew = float((d**3).sum()) / (6 * scale) if scale > 0 else 0.0
    q = [float(special.ndtr(bias + (bias + s) / (1 - skew * (bias + s)))) for s in (-z, z)]
    lo, hi = np.quantile(drawn, q)
    return float(lo), float(hi)
