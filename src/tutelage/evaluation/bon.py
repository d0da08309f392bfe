"""Best of n: what a proxy picks, what the gold judge thinks of it, and how far from the model that is in nats.

Where the proxy keeps rising while gold falls, the proxy is being over-optimised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput
from tutelage.measure import intervals
from tutelage.records import Estimate, Undefined

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """The best of n by the proxy: its proxy score, its gold score, and log n − (n−1)/n nats of KL from the model."""

    n: int
    kl: float
    proxy: Estimate | Undefined
    gold: Estimate | Undefined


@dataclass(frozen=True, slots=True)
class Curve:
    """Points over n. `beyond_peak`: gold at the largest n − gold at its best n; below 0 is over-optimisation."""

    points: list[Point]
    peak_n: int
    beyond_peak: Estimate | Undefined


def kl_nats(n: int) -> float:
    """KL(best-of-n ‖ model) = log n − (n−1)/n nats: exact without ties, else an upper bound.

    Source: Stiennon et al. 2020; as a bound, Beirami et al. 2024.
    """
    return math.log(n) - (n - 1) / n


def best_of(n: int, proxy: npt.ArrayLike, gold: npt.ArrayLike) -> Floats:
    """(P,) expected gold of the proxy's best among n answers, over all subsets of size n of the N samples.

    proxy, gold  (P, N) scores of N samples to each of P prompts. Unbiased; equal proxies are drawn from evenly.
    """
    p, g = _checked(proxy, gold)
    N = p.shape[1]
    if not 1 <= n <= N:
        raise BadInput(f"n is {n} with {N} samples a prompt.", expected=f"1 to {N}", remedy="Sample more, or lower n.")
    weight = np.array([math.comb(i, n - 1) / math.comb(N, n) for i in range(N)])  # (N,) worst to best
    order = np.argsort(p, axis=1, kind="stable")
    ranked, golds = np.take_along_axis(p, order, 1), np.take_along_axis(g, order, 1)
    return np.array([float(weight @ _even(r, x)) for r, x in zip(ranked, golds, strict=True)])


def curve(
    proxy: npt.ArrayLike,
    gold: npt.ArrayLike,
    groups: Sequence[str],
    *,
    ns: Sequence[int] | None = None,
    level: float = 0.95,
) -> Curve:
    """Proxy and gold over n, with intervals over groups. ns defaults to the powers of two up to N."""
    p, g = _checked(proxy, gold)
    chosen = list(ns) if ns is not None else [2**i for i in range(p.shape[1].bit_length())]
    clusters = list(groups)
    golds = {n: best_of(n, p, g) for n in chosen}
    points = [
        Point(
            n,
            kl_nats(n),
            intervals.mean(best_of(n, p, p), clusters=clusters, level=level),
            intervals.mean(golds[n], clusters=clusters, level=level),
        )
        for n in chosen
    ]
    peak, last = max(chosen, key=lambda n: (float(golds[n].mean()), -n)), max(chosen)
    drop = (
        Undefined("gold is best at the largest n")
        if peak == last
        else intervals.paired_difference(golds[last], golds[peak], clusters=clusters, level=level)
    )
    return Curve(points, peak, drop)


def _checked(proxy: npt.ArrayLike, gold: npt.ArrayLike) -> tuple[Floats, Floats]:
    p, g = np.asarray(proxy, dtype=np.float64), np.asarray(gold, dtype=np.float64)
    if p.shape != g.shape or p.ndim != 2 or p.size == 0 or not (np.isfinite(p).all() and np.isfinite(g).all()):
        raise BadInput(
            f"Proxy has shape {p.shape}, gold {g.shape}.",
            expected="two finite (prompts, samples) tables of one shape",
            remedy="Score every sample of every prompt with both.",
        )
    return p, g


def _even(ranked: Floats, gold: Floats) -> Floats:
    """Gold with each run of equal proxies replaced by its mean."""
    _, run = np.unique(ranked, return_inverse=True)
    return np.asarray((np.bincount(run, gold) / np.bincount(run))[run], dtype=np.float64)
