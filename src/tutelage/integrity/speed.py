"""Work faster than people work: whole judges, and single rows."""

from __future__ import annotations

import numpy as np

from tutelage.integrity.findings import ByJudge
from tutelage.integrity.outliers import LOPSIDED, low_tail, middle
from tutelage.measure.exact import Floats, Ints

LEAST_ROWS = 5
MUCH_FASTER = 1 / 3
HARDLY_READ = 0.1
FENCE_SD = 4.0
LONG_PAUSE_S = 1800.0


def seconds_between(judge: Ints, at: Floats) -> Floats:
    """(R,) seconds since the same judge's row before, NaN for a first row and after a pause of half an hour.

    at  (R,) seconds on any clock
    """
    out = np.full(len(at), np.nan)
    order = np.lexsort((at, judge))
    gap = np.diff(at[order])
    same = (np.diff(judge[order]) == 0) & (gap >= 0) & (gap < LONG_PAUSE_S)
    out[order[1:][same]] = gap[same]
    return out


def too_fast(judge: Ints, seconds: Floats, names: list[str]) -> ByJudge:
    """Judges whose middle row takes less than a third of the middle judge's, far outside how judges differ."""
    log = np.log(np.maximum(seconds, 0.05))
    mid, error = np.full(len(names), np.nan), np.full(len(names), np.nan)
    order = np.argsort(judge, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(judge[order])) + 1):
        seen = log[rows][~np.isnan(log[rows])]
        if len(seen) >= LEAST_ROWS:
            j = int(judge[rows[0]])
            mid[j] = np.median(seen)
            error[j] = 1.2533 * seen.std(ddof=1) / np.sqrt(len(seen))
    p = low_tail(mid, error, floor=0.25)
    known = ~np.isnan(mid)
    usual = float(np.median(mid[known])) if known.any() else 0.0
    p = np.where(mid < usual + np.log(MUCH_FASTER), p, 1.0)
    words = {
        j: f"{names[j]}: {np.exp(mid[j]):.1f} s for the middle row, where the middle judge takes {np.exp(usual):.1f} s"
        for j in np.flatnonzero(p < 0.05).tolist()
    }
    return ByJudge("too fast", p, words)


def hurried_rows(seconds: Floats) -> Ints:
    """Rows in under a tenth of the middle row's time, beyond four spreads of the slower half on a log scale."""
    known = np.flatnonzero(~np.isnan(seconds))
    if len(known) < 20:
        return np.zeros(0, np.int64)
    log = np.log(np.maximum(seconds[known], 0.05))
    centre, spread = middle(log, np.zeros(len(log)), 0.25)
    return np.asarray(known[log < min(centre + np.log(HARDLY_READ), centre - FENCE_SD * spread / LOPSIDED)])
