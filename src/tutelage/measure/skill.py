"""How much a rater's labels tell, without ever judging a rater by a consensus they made themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaln, xlogy
from scipy.stats import t as student

from tutelage.errors import BadInput
from tutelage.measure.exact import Floats, Ints, share_interval
from tutelage.records import Estimate, Figure, Rate, Undefined

LEAST_ROWS = 10


@dataclass(frozen=True, slots=True)
class Skill:
    """One rater's measured skill.

    informedness  mean over classes of P(says k | k), rescaled so that guessing is 0 and perfection 1
    bits          mutual information between label and reference, in bits per label: what one label is worth
    on_gold       share right on items with a known answer; None where there were none
    """

    rater: int
    rows: int
    informedness: Figure
    bits: Figure
    on_gold: Rate | None


def leave_one_out(item: Ints, value: Ints, values: int) -> Floats:
    """(R, K) for each label, how the *others* labelled its item, as shares; nan where nobody else did.

    item, value  (R,) codes of item and label of every row
    """
    votes = np.zeros((int(item.max(initial=-1)) + 1, values))
    np.add.at(votes, (item, value), 1.0)
    others = votes[item]
    others[np.arange(len(item)), value] -= 1.0
    total = others.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(others, total, out=np.full_like(others, np.nan), where=total > 0))


def informedness(confusion: Floats) -> Floats:
    """(...,) chance-corrected mean recall of counts (..., K true, K said); classes never true are left out."""
    seen = confusion.sum(axis=-1)
    hit = np.einsum("...kk->...k", confusion)
    present = seen > 0
    classes = present.sum(axis=-1)
    recall = np.divide(hit, seen, out=np.zeros_like(hit), where=present).sum(axis=-1) / np.maximum(classes, 1)
    K = confusion.shape[-1]
    return np.asarray((recall - 1 / K) / (1 - 1 / K))


def bits(confusion: Floats) -> Floats:
    """(...,) mutual information of confusion counts (..., K true, K said), bits; Miller–Madow corrected, >= 0."""
    n = confusion.sum(axis=(-2, -1), keepdims=True)
    p = confusion / np.maximum(n, 1e-300)
    rows, columns = p.sum(axis=-1, keepdims=True), p.sum(axis=-2, keepdims=True)
    info = (xlogy(p, p) - xlogy(p, np.maximum(rows, 1e-300)) - xlogy(p, np.maximum(columns, 1e-300))).sum(axis=(-2, -1))
    cells = (confusion > 0).sum(axis=(-2, -1)) - (rows > 0).sum(axis=(-2, -1)) - (columns > 0).sum(axis=(-2, -1)) + 1
    bias = np.maximum(cells, 0) / (2 * np.maximum(n[..., 0, 0], 1))
    return np.asarray(np.maximum(info - bias, 0.0) / np.log(2))


def _jackknifed(
    figure: Callable[[Floats], Floats], reference: Floats, said: Ints, level: float, name: str, ceiling: float
) -> Figure:
    """A figure of the confusion counts with its delete-one-item interval; asymptotic."""
    n, K = reference.shape
    if n < LEAST_ROWS:
        return Undefined(f"{n} labels that someone else also judged; {LEAST_ROWS} are needed")
    each = np.zeros((n, K, K))
    each[np.arange(n), :, said] = reference
    total = each.sum(axis=0)
    if (total.sum(axis=1) > 0).sum() < 2:
        return Undefined("only one class occurs, so telling classes apart cannot be seen")
    value = float(figure(total))
    left_out = figure(total[None] - each)
    error = float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    reach = error * float(student.isf((1 - level) / 2, n - 1))
    floor = -ceiling / (K - 1) if name == "informedness" else 0.0
    lo, hi = max(value - reach, floor), min(value + reach, ceiling)
    return Estimate(value, min(lo, value), max(hi, value), f"{name}, jackknife over items (asymptotic)", n, level,
               assumptions=("items independent", "the other raters are right more often than not"))  # fmt: skip


def skills(
    item: ArrayLike, rater: ArrayLike, value: ArrayLike, *, values: int, gold: ArrayLike | None = None,
    level: float = 0.95,
) -> list[Skill]:  # fmt: skip
    """Skill of every rater from all labels: against the others (leave one out), and against gold where there is gold.

    item, rater, value  (R,) codes from 0;  values  number of label classes K
    gold                (items,) known answer or -1;  a gold item's reference is its answer, not the others' votes
    A rater is never scored on a consensus they took part in. Raises BadInput where codes do not fit.
    """
    i, r, v = (np.asarray(x, dtype=np.int64) for x in (item, rater, value))
    if not i.shape == r.shape == v.shape or i.ndim != 1 or (v.size and not (v.min() >= 0 and v.max() < values)):
        raise BadInput("item, rater and value do not fit.", expected="three (R,) code columns, value < values",
                       remedy="Code them from 0.")  # fmt: skip
    reference = leave_one_out(i, v, values)
    known = np.full(int(i.max(initial=-1)) + 1, -1) if gold is None else np.asarray(gold, dtype=np.int64)
    on_gold = known[i] >= 0
    reference[on_gold] = np.eye(values)[known[i[on_gold]]]
    usable = ~np.isnan(reference).any(axis=1)
    found = []
    for one in np.unique(r):
        rows = np.flatnonzero((r == one) & usable)
        tested = np.flatnonzero((r == one) & on_gold)
        found.append(
            Skill(
                int(one), int((r == one).sum()),
                _jackknifed(informedness, reference[rows], v[rows], level, "informedness", 1.0),
                _jackknifed(bits, reference[rows], v[rows], level, "bits", float(np.log2(values))),
                _gold_rate(int((v[tested] == known[i[tested]]).sum()), len(tested), level),
            )
        )  # fmt: skip
    return found


def _gold_rate(k: int, n: int, level: float) -> Rate | None:
    if n == 0:
        return None
    lo, hi = share_interval(k, n, level=level)
    return Rate(k, n, lo, hi, "Clopper–Pearson (Beta quantiles)", level)


@dataclass(frozen=True, slots=True)
class Watch:
    """A rater watched on gold after every item.

    log_e     (n,) evidence so far that accuracy is below `acceptable`
    alarm_at  items seen when it first reached 1/alpha; None: it never did. An alarm asks for a human review, no more.
    """

    log_e: Floats
    alarm_at: int | None
    acceptable: float
    alpha: float


def watch(correct: ArrayLike, *, acceptable: float, alpha: float = 0.05, raters: int = 1) -> Watch:
    """Watch a rater's gold answers as long as you like: a rater who is right at least `acceptable` often is ever
    alarmed about with chance at most alpha, however often one looks; alpha / raters each keeps it for all together.

    correct  (n,) 1 right, 0 wrong, in order
    The evidence is a uniform mixture of likelihood ratios over accuracies below `acceptable`: a supermartingale for
    every accuracy at or above it (Ville). Source: Ramdas et al. 2023, game-theoretic statistics.
    """
    marks = np.asarray(correct, dtype=np.int64)
    if not np.isin(marks, (0, 1)).all() or not 0 < acceptable < 1:
        raise BadInput("Marks are 0 or 1 and `acceptable` is a share.", expected="0 < acceptable < 1",
                       remedy="Mark right answers 1.")  # fmt: skip
    path = evidence_below(np.cumsum(marks), np.arange(1, len(marks) + 1), acceptable)
    over = np.flatnonzero(path >= np.log(raters / alpha))
    return Watch(path, int(over[0]) + 1 if len(over) else None, acceptable, alpha / raters)


def evidence_below(k: Ints, n: Ints, p0: float) -> Floats:
    """(n,) log e-values against `share >= p0` after k of n."""
    inside = np.maximum(betainc(k + 1.0, n - k + 1.0, p0), 1e-300)
    return np.asarray(betaln(k + 1.0, n - k + 1.0) + np.log(inside) - np.log(p0) - xlogy(k, p0) - xlogy(n - k, 1 - p0))
