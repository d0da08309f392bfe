"""What an inspection found, and how much of it many looks at once leave standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from tutelage.measure.exact import Floats, Ints

REVIEW = "evidence, for a person to review"
SHOWN_ROWS = 100
TAIL = 0.02
UNLIKE = (
    0.05  # of honest judges may lie in that tail: in DICES-350 a tenth of careful raters share little with the rest
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing seen in the delivery.

    rows        places in the delivery, from 1 (the first SHOWN_ROWS of `row_count`)
    p           chance of evidence this strong from an honest judge, not yet corrected for many looks; None: a fact
    rows_count  toward the lot's contamination only where `counts`
    """

    check: str
    evidence: str
    judges: tuple[str, ...]
    rows: tuple[int, ...]
    row_count: int
    p: float | None = None
    counts: bool = False
    note: str = REVIEW


def finding(
    check: str, evidence: str, judges: Sequence[str], rows: npt.ArrayLike, *, p: float | None = None,
    counts: bool = False,
) -> Finding:  # fmt: skip
    """A finding about rows (codes from 0)."""
    places = np.asarray(rows, dtype=np.int64)
    shown = tuple(int(r) + 1 for r in places[:SHOWN_ROWS])
    return Finding(check, evidence, tuple(judges), shown, len(places), p, counts)


@dataclass(frozen=True, slots=True)
class ByJudge:
    """One check's word on every judge.

    p      (J,) chance of evidence this strong from an honest judge; 1 where nothing could be seen
    words  what was seen, by judge, for those it was seen of
    crowd  whether a lone judge proves nothing here (honest crowds have a few such), only more of them than honest
           tails hold: then judges are counted (`more_than_chance`), else tested one by one (`least_true`)
    """

    check: str
    p: Floats
    words: dict[int, str]
    crowd: bool = False


def discoveries(p: npt.ArrayLike, share: float = 0.05) -> npt.NDArray[np.bool_]:
    """(n,) which findings stand when at most `share` of those listed may be false (Benjamini–Hochberg 1995)."""
    values = np.asarray(p, dtype=np.float64)
    n = len(values)
    if not n:
        return np.zeros(0, bool)
    order = np.argsort(values, kind="stable")
    passing = np.flatnonzero(values[order] <= share * np.arange(1, n + 1) / n)
    kept = np.zeros(n, bool)
    if len(passing):
        kept[order[: passing[-1] + 1]] = True
    return kept


def least_true(p: npt.ArrayLike, weight: Ints, alpha: float) -> tuple[int, Ints]:
    """Least weight of judges who are truly not honest, with confidence 1 - alpha, and the set they lie in.

    p (J,), weight (J,) rows of each. Closed testing with Simes' test: among the k smallest p at least
    max_u 1 - u + #{p <= u alpha / J} are false nulls, for all k together; the d lightest of them are counted.
    Source: Goeman and Solari 2011; Goeman et al. 2019 (the bound with h = J). Needs Simes' inequality.
    """
    values = np.asarray(p, dtype=np.float64)
    J = len(values)
    order = np.argsort(values, kind="stable")
    best, inside = 0, np.zeros(0, np.int64)
    u = np.arange(1, J + 1)
    for k in range(1, J + 1):
        if values[order[k - 1]] > alpha:
            break
        below = np.searchsorted(values[order[:k]], u[:k] * alpha / J, side="right")
        d = int((1 - u[:k] + below).max())
        if d < 1:
            continue
        least = int(np.sort(weight[order[:k]])[:d].sum())
        if least > best:
            best, inside = least, order[:k]
    return best, inside


def more_than_chance(p: npt.ArrayLike, weight: Ints, alpha: float) -> tuple[int, Ints]:
    """Least weight of judges beyond those whom honest tails hold, with confidence 1 - alpha, and the set they lie in.

    p (J,), weight (J,). Of J honest judges binomial(J, UNLIKE) have p <= TAIL, more than a calibrated p would have;
    what exceeds its upper alpha quantile is not honest. Judges err apart.
    Source: Genovese and Wasserman 2004, at one level fixed beforehand.
    """
    values = np.asarray(p, dtype=np.float64)
    below = np.flatnonzero(values <= TAIL)
    d = len(below) - int(binom.isf(alpha, len(values), UNLIKE))
    if d <= 0:
        return 0, np.zeros(0, np.int64)
    return int(np.sort(weight[below])[:d].sum()), below
