"""Do a judge's answers depend on the item at all? Held against the other judges (or gold), never against themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from tutelage.integrity.findings import ByJudge
from tutelage.integrity.outliers import low_tail
from tutelage.measure.exact import Floats, Ints

LEAST_ROWS = 10
LITTLE = 2 / 3  # of what the middle judge's answers tell


@dataclass(frozen=True, slots=True)
class Signal:
    """What each judge's answers share with the others' on the same items.

    ratio  (J,) slope on the others' answers over the middle judge's, 0: independent of the item, <0: against it; NaN:
           too few rows to say
    error  (J,) its standard error;  rows (J,) rows it rests on
    """

    ratio: Floats
    error: Floats
    rows: Ints


def others(item: Ints, judge: Ints, value: Ints, values: int) -> Floats:
    """(R, K) shares of the votes of a row's item by *other* judges; NaN where there are none.

    All of one judge's votes on the item are left out, not just the row's own.
    """
    votes = np.zeros((int(item.max(initial=-1)) + 1, values))
    np.add.at(votes, (item, value), 1.0)
    pair = item * (int(judge.max(initial=0)) + 1) + judge
    _, inverse = np.unique(pair, return_inverse=True)
    own = np.zeros((int(inverse.max(initial=-1)) + 1, values))
    np.add.at(own, (inverse, value), 1.0)
    rest = votes[item] - own[inverse]
    total = rest.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(rest, total, out=np.full_like(rest, np.nan), where=total > 0))


def signal(judge: Ints, value: Ints, reference: Floats, judges: int) -> Signal:
    """Each judge's slope on the reference (covariance within the judge over its variance), over the middle judge's.

    judge, value  (R,) codes;  reference  (R, K) shares, NaN rows are left out
    A judge who always says the same, or clicks at random, has 0 whatever the reference is.
    """
    kept = np.flatnonzero(~np.isnan(reference).any(axis=1))
    j, v, ref = judge[kept], value[kept], reference[kept]
    n = np.bincount(j, minlength=judges)
    K = reference.shape[1]
    mean_ref, mean_own = np.zeros((judges, K)), np.zeros((judges, K))
    np.add.at(mean_ref, j, ref)
    np.add.at(mean_own, (j, v), 1.0)
    each = np.maximum(n, 1)[:, None]
    mean_ref, mean_own = mean_ref / each, mean_own / each
    centred = ref - mean_ref[j]
    x = centred[np.arange(len(j)), v] - (centred * mean_own[j]).sum(axis=1)  # (R',)
    # what the items of this judge's rows let anyone tell: easy and varied items make every covariance larger
    room = np.bincount(j, weights=(centred**2).sum(axis=1), minlength=judges) / np.maximum(n, 1)
    x = x / np.maximum(room, 1e-3)[j]
    mean = np.bincount(j, weights=x, minlength=judges) / np.maximum(n, 1)
    square = np.bincount(j, weights=(x - mean[j]) ** 2, minlength=judges)
    enough = n >= LEAST_ROWS
    pooled = float(np.median(mean[enough])) if enough.any() else 0.0
    if pooled <= 1e-6:
        return Signal(np.full(judges, np.nan), np.full(judges, np.nan), n)
    # a judge who never changes has no spread of their own: what their rows could have had stands for it
    least = float(np.median(np.sqrt(square[enough] / n[enough])))
    error = np.maximum(np.sqrt(square / np.maximum(n - 1, 1)), least) / np.sqrt(np.maximum(n, 1))
    return Signal(np.where(enough, mean / pooled, np.nan), np.where(enough, error / pooled, np.nan), n)


def independent_of_item(found: Signal, names: list[str]) -> ByJudge:
    """Judges with less than two thirds of the middle judge's signal who *also* lie outside the honest spread."""
    uninformed = np.where(np.isnan(found.ratio), 1.0, norm.cdf((found.ratio - LITTLE) / np.maximum(found.error, 1e-9)))
    p = np.maximum(uninformed, low_tail(found.ratio, found.error, floor=0.1))
    words = {
        j: f"{names[j]}: answers share {found.ratio[j]:.2f} ± {found.error[j]:.2f} of the middle judge's dependence on "
        f"the item over {found.rows[j]} rows (0: none, below 0: against it)"
        for j in np.flatnonzero(p < 0.05).tolist()
    }
    return ByJudge("answers independent of the item", p, words, crowd=True)
