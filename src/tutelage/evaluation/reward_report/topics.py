"""Did an update make it better or worse, topic by topic? Paired on the same pairs, corrected for looking at many.

The p-values are exact sign-flip tests over groups (over pairs where a topic is one group); Holm's step-down keeps the
chance of calling any unchanged topic changed at most alpha, however the topics depend on one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tutelage.evaluation.reward_report.held import Floats, Held, Names, Read
from tutelage.records import Figure

FLIPS, EXACT = 9_999, 14
Word = Literal["improved", "degraded", "no difference shown", "cannot be said"]


@dataclass(frozen=True, slots=True)
class Change:
    """One topic under an update.

    delta     accuracy after − before, its interval uncorrected
    p         two-sided; `adjusted` after Holm over all topics
    """

    topic: str
    pairs: int
    before: Figure
    after: Figure
    delta: Figure
    p: float
    adjusted: float
    word: Word


def changes(
    before: Read, after: Read, data: Held, *, rng: np.random.Generator, alpha: float = 0.05, level: float = 0.95
) -> tuple[Change, ...]:
    """Every domain's change, the most surprising first."""
    names = np.unique(data.domain)
    tests = [sign_flip((after.right - before.right)[m], data.group[m], rng) for n in names for m in [data.domain == n]]
    adjusted = holm([p for p, _ in tests])
    out = []
    for name, (p, least), corrected in zip(names, tests, adjusted, strict=True):
        m = data.domain == name
        delta = data.difference(after.right, before.right, m, level=level)
        rise = float((after.right - before.right)[m].mean())
        word: Word = "no difference shown"
        if least * len(names) > alpha:
            word = "cannot be said"
        if corrected <= alpha:
            word = "improved" if rise > 0 else "degraded"
        right = [data.mean(r.right, m, level=level) for r in (before, after)]
        out.append(Change(str(name), int(m.sum()), right[0], right[1], delta, p, corrected, word))
    return tuple(sorted(out, key=lambda c: (c.p, c.topic)))


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p-values: reject those ≤ alpha, and no true null falls with chance above alpha. Source: Holm 1979."""
    order = np.argsort(p, kind="stable")
    out, running = [0.0] * len(p), 0.0
    for rank, at in enumerate(order):
        running = max(running, min(1.0, (len(p) - rank) * float(p[at])))
        out[int(at)] = running
    return out


def sign_flip(d: Floats, group: Names, rng: np.random.Generator) -> tuple[float, float]:
    """(p, the least p possible): signs of whole groups flipped; exact up to 2^14 patterns, else 9 999 at random."""
    several = np.unique(group).size > 1
    sums = np.bincount(np.unique(group, return_inverse=True)[1], d) if several else d
    least = 2.0 ** (1 - min(sums.size, 50))  # if every unit had changed
    sums = sums[sums != 0]
    if not sums.size:
        return 1.0, least
    seen = abs(sums.sum()) - 1e-9
    if sums.size <= EXACT:
        signs = 1 - 2 * ((np.arange(2**sums.size)[:, None] >> np.arange(sums.size)) & 1)
        return float((np.abs(signs @ sums) >= seen).mean()), least
    signs = rng.integers(0, 2, (FLIPS, sums.size), dtype=np.int8) * 2 - 1
    return (1 + int((np.abs(signs @ sums) >= seen).sum())) / (FLIPS + 1), max(least, 1 / (FLIPS + 1))
