"""A learning curve that knows how little it knows: error against the number of rows, and what more would buy.

Error follows a + b·(n + o)^−c (Hestness et al. 2017) with a, b free and (c, o) on a grid. What is not known of the
shape is carried into the interval: every round resamples held-out groups and training draws, and refits all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutelage.records import Estimate, Figure, Undefined

Floats = npt.NDArray[np.float64]
POWERS = np.array([0.2, 0.35, 0.5, 0.7, 1.0, 1.5])
ROUNDS, LEAST_GROUPS, FARTHEST = 400, 5, 2.0


@dataclass(frozen=True)
class Trained:
    """Accuracy of refits at growing sizes.

    n       (S,) rows trained on, growing
    right   (S, R, G) sum of right answers of each held-out group, at each size and draw of rows
    pairs   (G,) pairs of each group
    """

    n: Floats
    right: Floats
    pairs: Floats

    def error(self, draws: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]) -> Floats:
        """(S,) share wrong over chosen draws of rows and held-out groups."""
        right = self.right[:, :, groups][:, draws].sum(2).mean(1)
        return np.asarray(1 - right / self.pairs[groups].sum())


def fitted(n: Floats, error: Floats, at: Floats, offsets: Floats) -> Floats:
    """Predictions (B, A) at `at` of the best curve through each row of error (B, S) at n (S,)."""
    best, out = np.full(error.shape[0], np.inf), np.repeat(error[:, -1:], at.size, 1)
    for c in POWERS:
        for o in offsets:
            x = (n + o) ** -c
            X = np.column_stack([np.ones(n.size), x / x[-1]])
            weights = error @ np.linalg.pinv(X).T  # (B, 2)
            miss = np.square(weights @ X.T - error).sum(1)
            there = np.column_stack([np.ones(at.size), (at + o) ** -c / x[-1]])
            closer = miss < best
            best = np.where(closer, miss, best)
            out = np.where(closer[:, None], weights @ there.T, out)
    return np.asarray(out)


def next_rows(
    trained: Trained, more: int, *, rng: np.random.Generator, level: float = 0.95, offsets: Floats | None = None
) -> Figure:
    """Accuracy that `more` rows of the same sort would add to what all rows give, with its interval.

    Undefined where the curve cannot be followed so far (beyond twice the rows there are), where fewer than 5 held-out
    groups make the spread between them unknown, or where fewer than 3 sizes were trained.
    """
    last, groups = float(trained.n[-1]), trained.pairs.size
    if last + more > FARTHEST * last:
        return Undefined(
            f"cannot be said: {more:,} more is {more / max(last, 1):.1f} times the {int(last):,} there are, "
            "and no curve is known so far out"
        )
    if groups < LEAST_GROUPS or trained.n.size < 3:
        return Undefined(f"cannot be said: {groups} held-out groups, {trained.n.size} sizes; 5 and 3 are needed")
    off = np.array([0.0]) if offsets is None else offsets
    at = np.array([last, last + more])
    draws, everyone = np.arange(trained.right.shape[1]), np.arange(groups)
    seed = int(rng.integers(2**63))
    inner = np.random.default_rng(seed)
    again = [(inner.integers(0, draws.size, draws.size), inner.integers(0, groups, groups)) for _ in range(ROUNDS)]
    error = np.stack([trained.error(d, g) for d, g in [(draws, everyone), *again]])
    bought = np.subtract(*fitted(trained.n, error, at, off).T)  # (1 + rounds,)
    value, found = float(bought[0]), bought[1:]
    # few groups: percentiles reach less far than the truth does, so they are stretched (Hesterberg 2015)
    lo, hi = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    stretch = float(np.sqrt(groups / (groups - 1)))
    lo, hi = value - stretch * max(value - lo, 0.0), value + stretch * max(hi - value, 0.0)
    return Estimate(
        value, min(float(lo), value), max(float(hi), value), "power-law curve, bootstrap over groups and draws", groups,
        level, unit="accuracy", rows=int(trained.pairs.sum()), seed=seed,
        assumptions=("the next rows are like these", "error follows a + b·(n + o)^−c"),
    )  # fmt: skip
