"""Were past plans right? An 80 % band that holds must have covered about 80 % of finished projects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike
from scipy.stats import binom

from tutelage.errors import BadInput, Where
from tutelage.measure import rate
from tutelage.records import Rate, Undefined

Column = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BackTest:
    """How often the band covered what happened, and what that says of it.

    above  projects that ended above their band;  below  those below it
    widen  by how much bands must be stretched about their middle to hold the promise (split conformal); None where
           too few projects tell, or a band has no width
    """

    covered: Rate | Undefined
    promised: float
    verdict: Literal["as promised", "too narrow", "too wide", "too few projects"]
    above: int
    below: int
    widen: float | None = None

    def __str__(self) -> str:
        said = f"{self.covered}; promised {self.promised:.0%}: {self.verdict} ({self.above} above, {self.below} below)"
        if self.verdict == "too narrow" and self.widen is not None:
            said += f". Bands {self.widen:.2g} times as wide would have held"
        return said


def backtest(
    lo: ArrayLike, hi: ArrayLike, actual: ArrayLike, *, promised: float = 0.8, level: float = 0.95
) -> BackTest:
    """Hold the bands of finished projects (n,) against what happened.

    The verdict is an exact binomial test of the promise on each side at (1 − level) / 2; below 8 projects not even all
    misses would be evidence on the wide side, and it says so. Raises BadInput.
    """
    low, high, real = (np.asarray(x, dtype=np.float64) for x in (lo, hi, actual))
    if not low.shape == high.shape == real.shape or low.ndim != 1:
        raise BadInput("The columns differ in length.", expected="lo, hi, actual: one row a project",
                       remedy="Correct them.", where=Where(field="actual"))  # fmt: skip
    sound = np.isfinite(low) & np.isfinite(high) & np.isfinite(real) & (low <= high)
    if not sound.all():
        row = int(np.flatnonzero(~sound)[0])
        raise BadInput(f"Row {row + 1} has lo {low[row]:g}, hi {high[row]:g}, actual {real[row]:g}.",
                       expected="finite numbers, lo ≤ hi", remedy="Correct it.", where=Where(field="lo"))  # fmt: skip
    n, inside = len(real), int(((low <= real) & (real <= high)).sum())
    edge = (1 - level) / 2
    narrow, wide = binom.cdf(inside, n, promised) <= edge, binom.sf(inside - 1, n, promised) <= edge
    few = promised**n > edge and (1 - promised) ** n > edge
    verdict: Literal["as promised", "too narrow", "too wide", "too few projects"] = (
        "too few projects" if few or n == 0 else "too narrow" if narrow else "too wide" if wide else "as promised"
    )
    above, below = int((real > high).sum()), int((real < low).sum())
    return BackTest(rate(inside, n), promised, verdict, above, below, _widen(low, high, real, promised))


def _widen(low: Column, high: Column, real: Column, promised: float) -> float | None:
    """The factor on half-widths that the ⌈promised (n + 1)⌉-th worst of n projects asks for."""
    rank = math.ceil(promised * (len(real) + 1))
    if rank > len(real) or (low == high).any():
        return None
    return float(np.sort(np.abs(real - (low + high) / 2) / ((high - low) / 2))[rank - 1])
