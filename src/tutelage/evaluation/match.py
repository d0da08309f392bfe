"""How many samples of the untuned model match one of the tuned: what training bought, in samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput
from tutelage.evaluation.bon import best_of

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Match:
    """The smallest n whose best of n untuned answers reaches the tuned model's mean; None means more than `most`.

    lo, hi  bootstrap interval over groups of prompts, at `level`; `most` is as far as could be looked
    """

    n: int | None
    lo: int | None
    hi: int | None
    most: int
    groups: int
    level: float
    rounds: int
    method: str = "percentile bootstrap over groups"

    def __str__(self) -> str:
        n, lo, hi = ("more than " + str(self.most) if x is None else str(x) for x in (self.n, self.lo, self.hi))
        return f"{n} [{lo}, {hi}] ({self.level:.0%}, {self.groups} groups, {self.method})"


def match(
    tuned: npt.ArrayLike,
    untuned: npt.ArrayLike,
    groups: Sequence[str],
    *,
    rng: np.random.Generator,
    chooser: npt.ArrayLike | None = None,
    level: float = 0.95,
    rounds: int = 1000,
) -> Match:
    """The smallest n at which n samples of the untuned model do as well as one of the tuned.

    tuned    (P,) or (P, M) success in [0, 1] of the tuned model's answers; their mean is what must be reached
    untuned  (P, N) success of N samples of the untuned model
    chooser  (P, N) scores by which the best of n is chosen; without it, success itself chooses (the most an ideal
             chooser could get, which is pass@n)
    """
    goal = np.atleast_2d(np.asarray(tuned, dtype=np.float64).T).T.mean(1)  # (P, M) -> (P,)
    base = np.asarray(untuned, dtype=np.float64)
    if base.ndim != 2 or goal.shape[0] != base.shape[0] or len(groups) != base.shape[0]:
        raise BadInput(
            f"{goal.shape[0]} tuned rows, untuned of shape {base.shape}, {len(groups)} groups.",
            expected="the same prompts in all three",
            remedy="Ask both models the same prompts.",
        )
    most = base.shape[1]
    reach = np.stack([best_of(n, base if chooser is None else chooser, base) for n in range(1, most + 1)], 1)
    gap = reach - goal[:, None]  # (P, N)
    names, code = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.zeros((names.size, most))
    np.add.at(sums, code, gap)
    drawn = np.sort([_smallest(sums[rng.integers(0, names.size, names.size)].sum(0)) for _ in range(rounds)])
    tail = (1 - level) / 2
    lo, hi = drawn[int(np.floor(tail * rounds))], drawn[min(int(np.ceil((1 - tail) * rounds)), rounds - 1)]
    n = _smallest(sums.sum(0))
    least, middle, largest = (None if x > most else int(x) for x in (min(lo, n), n, max(hi, n)))
    return Match(middle, least, largest, most, names.size, level, rounds)


def _smallest(gap: Floats) -> int:
    """The first n whose total gap to the tuned model is closed; N + 1 if none is."""
    closed = np.flatnonzero(gap >= -1e-9)
    return int(closed[0]) + 1 if closed.size else gap.size + 1
