"""Exact bounds on how many of a finite batch are wrong, from a random slice of it.

A batch of M items holds K marked ones (wrong, preferred, …); a uniform slice of n shows k of them, so k is
hypergeometric. Nothing is approximated: the coverage of every bound here is at least its level for every K.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import beta

from tutelage.errors import BadInput

Sided = Literal["two", "lower", "upper"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TINY = 1e-12  # two tail probabilities closer than this are one: rounding must not decide a bound
MOST_TABLED = 2**22 - 1
NUISANCE_POINTS = 25
TAIL_SD = 6.0


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of the batch: `size` items, of which `drawn` were looked at and `marked` of those are marked."""

    size: int
    drawn: int
    marked: int

    def __post_init__(self) -> None:
        if not 0 <= self.marked <= self.drawn <= self.size:
            raise BadInput(
                f"A stratum of {self.size} items has {self.drawn} drawn and {self.marked} marked.",
                expected="0 <= marked <= drawn <= size",
                remedy="Count the slice inside its own batch.",
            )

    @property
    def range(self) -> tuple[int, int]:
        """The fewest and most marked items that logic allows."""
        return self.marked, self.size - self.drawn + self.marked


def log_pmf(k: NDArray[np.int64], K: NDArray[np.int64], n: int, M: int) -> Floats:
    """log P(k marked among n drawn | K of M marked); -inf where impossible. k and K broadcast."""
    k, K = np.broadcast_arrays(k, K)
    possible = (k >= 0) & (k <= K) & (n - k >= 0) & (n - k <= M - K)
    k, K = np.where(possible, k, 0), np.where(possible, K, 0)
    rest = np.where(possible, n - k, 0)
    of = _log_factorials(M)
    value = (
        of(K) - of(k) - of(K - k) + of(M - K) - of(rest) - of(np.where(possible, M - K - rest, 0))
        - float(gammaln(M + 1.0) - gammaln(n + 1.0) - gammaln(M - n + 1.0))
    )  # fmt: skip
    return np.where(possible, value, -np.inf)


def _log_factorials(M: int) -> Callable[[Ints], Floats]:
    """log x! of counts up to M: looked up where a table fits, which is several times faster."""
    if M > MOST_TABLED:
        return lambda x: np.asarray(gammaln(x + 1.0))
    table = _table(M.bit_length())
    return lambda x: table[x]


@lru_cache(maxsize=24)
def _table(bits: int) -> Floats:
    return np.asarray(gammaln(np.arange(1.0, 2.0**bits + 1)))


def tail(k: int, K: int, n: int, M: int) -> float:
    """P(at most k marked among n drawn | K of M marked)."""
    if k < 0:
        return 0.0
    few = k < n * K / M if M else True
    least, most = max(0, n - (M - K)), min(n, K)
    low, high = (least, min(k, most)) if few else (max(k + 1, least), most)
    mass = _mass(low, high, K, n, M) if low <= high else 0.0
    return min(1.0, mass) if few else max(0.0, 1.0 - mass)


def _mass(low: int, high: int, K: int, n: int, M: int) -> float:
    """P(low <= X <= high), all of these outcomes possible."""
    if M > MOST_TABLED:
        return float(np.exp(log_pmf(np.arange(low, high + 1), np.asarray(K), n, M)).sum())
    t = _table(M.bit_length())
    rest = M - K - n
    logs = t[low : high + 1] + t[n - high : n - low + 1][::-1]
    logs = logs + t[K - high : K - low + 1][::-1] + t[rest + low : rest + high + 1]
    whole = float(t[K] + t[M - K] - t[M] + t[n] + t[M - n])
    return float(np.exp(whole - logs).sum())


@lru_cache(maxsize=65_536)
def upper_count(k: int, n: int, M: int, alpha: float) -> int:
    """The largest K that k marked among n drawn leaves possible: P(X <= k | K) > alpha. One-sided, level 1 - alpha."""
    low, high = k, M - n + k  # the tail falls as K grows; K = low is always possible
    while low < high:
        middle = (low + high + 1) // 2
        if tail(k, middle, n, M) > alpha + TINY:
            low = middle
        else:
            high = middle - 1
    return low


def lower_count(k: int, n: int, M: int, alpha: float) -> int:
    """The smallest K that k marked among n drawn leaves possible. One-sided, level 1 - alpha."""
    return M - upper_count(n - k, n, M, alpha)


def critical_count(n: int, M: int, K0: int, alpha: float) -> int:
    """The most marked items in a slice of n at which `K >= K0` is still rejected at level alpha; -1 if never."""
    low, high = -1, min(n, K0)
    if M > 1 and alpha > 1e-12:  # a bracket from the normal law; its lower end is checked, its upper one is the mean
        mean = n * K0 / M
        reach = 9 * math.sqrt(mean * (1 - K0 / M) * (M - n) / (M - 1)) + 9
        near = math.floor(mean - reach)
        low = near if near > low and tail(near, K0, n, M) <= alpha else low
        high = min(high, math.ceil(mean) + 1) if alpha <= 0.25 else high
    while low < high:
        middle = (low + high + 1) // 2
        if tail(middle, K0, n, M) <= alpha:
            low = middle
        else:
            high = middle - 1
    return low


def _sides(level: float, sided: Sided) -> tuple[float, float]:
    alpha = 1.0 - level
    return {"two": (alpha / 2, alpha / 2), "lower": (alpha, 0.0), "upper": (0.0, alpha)}[sided]


def count_interval(k: int, n: int, M: int, *, level: float = 0.95, sided: Sided = "two") -> tuple[int, int]:
    """Bounds on the number K of marked items among M, from k marked among n drawn uniformly without replacement.

    A one-sided interval is the two-sided one at half the alpha, with the other end at its logical limit.
    Raises BadInput unless 0 <= k <= n <= M. Source: Wright 1991, Exact confidence bounds for a finite population.
    """
    part = Stratum(M, n, k)
    low, high = _sides(level, sided)
    return (
        lower_count(k, n, M, low) if low else part.range[0],
        upper_count(k, n, M, high) if high else part.range[1],
    )


def share_interval(k: int, n: int, *, level: float = 0.95, sided: Sided = "two") -> tuple[float, float]:
    """Clopper–Pearson: bounds on a probability from k of n independent trials, the limit of an endless batch.

    n = 0 gives (0, 1). Source: Clopper and Pearson 1934.
    """
    Stratum(n, n, k)
    low, high = _sides(level, sided)
    lower = float(beta.ppf(low, k, n - k + 1)) if low and k > 0 else 0.0
    upper = float(beta.ppf(1 - high, k + 1, n - k)) if high and k < n else 1.0
    return lower, upper


def sum_interval(
    strata: list[Stratum], signs: list[int], guess: list[float], *, level: float = 0.95, sided: Sided = "two"
) -> tuple[int, int]:
    """Bounds on the signed sum of marked counts for any number of strata: the sharpest of the methods here.

    guess  (H,) share of marked items expected per stratum, made before the labels; it moves only the width
    One stratum is exact, two are tested together; more are tested in pairs (those of most spread together) and
    alpha is split over the pairs.
    """
    if len(strata) <= 2:
        pieces = [list(range(len(strata)))]
    else:
        spread = _spreads([s.size for s in strata], [s.drawn for s in strata], guess)
        ranked = np.argsort(-spread, kind="stable").tolist()
        pieces = [ranked[i : i + 2] for i in range(0, len(ranked), 2)]
    weight = _spreads([s.size for s in strata], [s.drawn for s in strata], guess) ** 2
    size = np.sqrt([weight[piece].sum() for piece in pieces])
    share = np.maximum(size / max(float(size.sum()), TINY), 0.02 / len(pieces))
    share = share / share.sum()
    bottom = top = 0
    for piece, part in zip(pieces, share.tolist(), strict=True):
        inner = 1 - (1 - level) * part
        if len(piece) == 2:
            pair = (strata[piece[0]], strata[piece[1]])
            lo, hi = pair_interval(pair, (signs[piece[0]], signs[piece[1]]), level=inner, sided=sided)
        else:
            lo, hi = union_interval([strata[piece[0]]], [signs[piece[0]]], level=inner, sided=sided)
        bottom, top = bottom + lo, top + hi
    return bottom, top


def union_interval(
    strata: list[Stratum], signs: list[int], *, level: float = 0.95, sided: Sided = "two",
    shares: list[float] | None = None,
) -> tuple[int, int]:  # fmt: skip
    """Bounds on the signed sum of marked counts by splitting alpha over the strata; any number of strata.

    shares  (H,) how alpha is split, fixed before the labels are seen; equal by default; see `split_alpha`
    """
    shares = shares or [1 / len(strata)] * len(strata)
    low, high = _sides(level, sided)
    bottom = top = 0
    for part, sign, share in zip(strata, signs, shares, strict=True):
        down, up = (low, high) if sign > 0 else (high, low)
        least = lower_count(part.marked, part.drawn, part.size, down * share) if down * share else part.range[0]
        most = upper_count(part.marked, part.drawn, part.size, up * share) if up * share else part.range[1]
        bottom, top = bottom + sign * (least if sign > 0 else most), top + sign * (most if sign > 0 else least)
    return bottom, top


def split_alpha(sizes: list[int], drawn: list[int], guess: list[float]) -> list[float]:
    """Shares of alpha per stratum that make the summed bound short, from guesses made before the labels.

    A stratum whose bound moves the sum most (M/n times its guessed spread) gets most. Sums to 1, each >= 0.02/H.
    """
    spread = _spreads(sizes, drawn, guess)
    raw = np.maximum(spread / max(float(spread.sum()), TINY), 0.02 / len(sizes))
    return list((raw / raw.sum()).tolist())


def _spreads(sizes: list[int], drawn: list[int], guess: list[float]) -> Floats:
    """(H,) guessed standard error of each stratum's count."""
    return np.array(
        [
            0.0 if n >= M else M * np.sqrt(max(p * (1 - p), 1 / (n + 2)) / (n + 1))
            for M, n, p in zip(sizes, drawn, guess, strict=True)
        ]
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One stratum as the two-stratum test sees it: outcomes near the truth, and how spread each is."""

    part: Stratum
    sign: int

    def counts(self, low: int, high: int) -> Ints:
        """Outcomes k that have any mass worth counting while K is in [low, high]."""
        n, M = self.part.drawn, self.part.size
        ends = []
        for K, direction in ((low, -1), (high, 1)):
            mean = n * K / M if M else 0.0
            sd = np.sqrt(mean * (1 - K / M) * (M - n) / max(M - 1, 1)) if M else 0.0
            ends.append(mean + direction * (TAIL_SD * sd + 12 * (sd > 0)))
        first = max(0, int(np.floor(ends[0])), n - (M - low))
        last = min(n, int(np.ceil(ends[1])), high)
        return np.arange(min(first, self.part.marked), max(last, self.part.marked) + 1)

    def estimate(self, k: Ints) -> Floats:
        return np.asarray(self.sign * k * (self.part.size / max(self.part.drawn, 1)), dtype=np.float64)

    def variance(self, k: Ints) -> Floats:
        n, M = self.part.drawn, self.part.size
        if n == 0 or n == M:
            return np.zeros(k.shape)
        p = (k + 0.5) / (n + 1)  # the half keeps a slice without any marked item from looking certain
        return np.asarray(M**2 * p * (1 - p) / n * (M - n) / (M - 1))


def pair_p_value(theta: int, a: _Side, b: _Side, boxes: tuple[tuple[int, int], tuple[int, int]]) -> float:
    """sup over nuisance of P(studentised estimate as low as seen | sign_a K_a + sign_b K_b = theta), K in its box."""
    (low_a, high_a), (low_b, high_b) = boxes
    ends = sorted(b.sign * (theta - a.sign * K) for K in (low_a, high_a))
    first, last = max(low_b, ends[0]), min(high_b, ends[1])
    if first > last:
        return 0.0
    K_b = np.unique(np.linspace(first, last, NUISANCE_POINTS).round().astype(np.int64))
    K_a = a.sign * (theta - b.sign * K_b)
    k_a, k_b = a.counts(int(K_a.min()), int(K_a.max())), b.counts(first, last)
    seen_a, seen_b = np.array([a.part.marked]), np.array([b.part.marked])

    def height(x: Ints, y: Ints) -> Floats:
        spread = a.variance(x)[:, None] + b.variance(y)[None, :]
        gap = a.estimate(x)[:, None] + b.estimate(y)[None, :] - theta
        return np.asarray(gap / np.sqrt(np.maximum(spread, TINY)))

    extreme = (height(k_a, k_b) <= height(seen_a, seen_b) + 1e-9).astype(np.float64)  # (A, B)
    mass_a = np.exp(log_pmf(k_a[None, :], K_a[:, None], a.part.drawn, a.part.size))  # (nuisance, A)
    mass_b = np.exp(log_pmf(k_b[None, :], K_b[:, None], b.part.drawn, b.part.size))
    return float(((mass_a @ extreme) * mass_b).sum(axis=1).max()) + 1e-7  # the outcomes left out beyond TAIL_SD


def _pair_upper(a: _Side, b: _Side, alpha: float) -> int:
    """Upper bound on sign_a K_a + sign_b K_b by test inversion (Berger–Boos: 5 % of alpha bounds the nuisance)."""
    spend = 0.05 * alpha
    boxes = tuple(
        (lower_count(s.part.marked, s.part.drawn, s.part.size, spend / 4),
         upper_count(s.part.marked, s.part.drawn, s.part.size, spend / 4)) for s in (a, b)
    )  # fmt: skip
    point = round(float(a.estimate(np.array(a.part.marked)) + b.estimate(np.array(b.part.marked))))
    ceiling = sum(s.sign * (box[1] if s.sign > 0 else box[0]) for s, box in zip((a, b), boxes, strict=True))
    point = min(point, ceiling)

    def possible(theta: int) -> bool:
        return pair_p_value(theta, a, b, (boxes[0], boxes[1])) > alpha - spend

    steps = np.unique(np.linspace(point, ceiling, 9).round().astype(np.int64))
    held = [int(t) for t in steps if t == point or possible(int(t))]
    low = max(held)
    later = [int(t) for t in steps if t > low]
    high = later[0] if later else low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if possible(middle) else (low, middle)
    return low


def pair_interval(
    parts: tuple[Stratum, Stratum], signs: tuple[int, int], *, level: float = 0.95, sided: Sided = "two"
) -> tuple[int, int]:
    """Bounds on sign_1 K_1 + sign_2 K_2 for two strata, sampled at any two rates, by inverting an exact test.

    The joint law of (k_1, k_2) is summed over every outcome, its worst split of theta over the strata is taken,
    and outcomes are ordered by the studentised estimate. About 1/sqrt(2) the width of splitting alpha where both
    strata err. Source: Chan and Zhang 1999; Berger and Boos 1994 for the restricted nuisance.
    """
    a, b = (_Side(p, s) for p, s in zip(parts, signs, strict=True))
    low, high = _sides(level, sided)
    logical = [[s.sign * e for e in s.part.range] for s in (a, b)]
    bottom, top = sum(min(x) for x in logical), sum(max(x) for x in logical)
    if high:
        top = _pair_upper(a, b, high)
    if low:
        bottom = -_pair_upper(_Side(a.part, -a.sign), _Side(b.part, -b.sign), low)
    return bottom, top
