"""Labels that are probably wrong, from a judge's probabilities and the other raters' votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tutelage.errors import BadInput
from tutelage.measure.exact import Floats, Ints
from tutelage.records import Estimate, Figure, Undefined

LEAST_PER_CLASS = 5
REPLICATES = 200


@dataclass(frozen=True, slots=True)
class Suspects:
    """Labels to look at again, most suspicious first.

    order      indices of flagged labels, most suspicious first
    suspicion  (n,) in [0, 1]: chance mass on other labels against the given one, for every label
    suggested  (n,) the label the evidence points to
    share      estimated share of wrong labels, with a bootstrap interval
    joint      (K given, K true) estimated counts
    """

    order: Ints
    suspicion: Floats
    suggested: Ints
    share: Figure
    joint: Floats


def leave_out_evidence(
    prior: ArrayLike, item: ArrayLike, rater: ArrayLike, value: ArrayLike, confusions: ArrayLike
) -> Floats:
    """(R, K) chance of each answer of a row's item from everything but that row: the judge and the other raters.

    prior       (I, K) a judge's calibrated probabilities, or class shares
    item, rater, value  (R,) codes;  confusions  (raters, K true, K said), estimated with shrinkage (no zeros)
    A label is never evidence for itself. A rater's second label on the same item counts as another's.
    """
    i, r, v = (np.asarray(x, dtype=np.int64) for x in (item, rater, value))
    log_rows = np.log(np.maximum(np.asarray(confusions, dtype=np.float64), 1e-12))[r, :, v]  # (R, K)
    total = np.log(np.maximum(np.asarray(prior, dtype=np.float64), 1e-12))
    np.add.at(total, i, log_rows)
    rest = total[i] - log_rows
    rest -= rest.max(axis=1, keepdims=True)
    out = np.exp(rest)
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def _confident_joint(given: Ints, probabilities: Floats, weight: Floats) -> tuple[Floats, NDArray[np.bool_], Ints]:
    """Counts (K given, K true) among labels some class claims confidently, which are off-diagonal, and their class."""
    n, K = probabilities.shape
    total = np.bincount(given, weights=weight, minlength=K)
    own = np.bincount(given, weights=weight * probabilities[np.arange(n), given], minlength=K)
    bar = np.where(total > 0, own / np.maximum(total, 1e-12), np.inf)  # a class's usual confidence in its own labels
    claims = probabilities >= bar - 1e-12
    suggested = np.where(claims, probabilities, -1.0).argmax(axis=1)
    counted = claims.any(axis=1)
    joint = np.zeros((K, K))
    np.add.at(joint, (given[counted], suggested[counted]), weight[counted])
    # what was not counted is spread as what was: rows keep the number of given labels
    rows = joint.sum(axis=1, keepdims=True)
    joint = np.where(rows > 0, joint / np.maximum(rows, 1e-12) * total[:, None], np.diag(total))
    return joint, counted & (suggested != given), suggested


def find_label_errors(
    given: ArrayLike, probabilities: ArrayLike, *, rng: np.random.Generator, level: float = 0.95
) -> Suspects:
    """Flag labels that some other class claims with at least its usual confidence, and estimate how many are wrong.

    given          (n,) the labels
    probabilities  (n, K) evidence that did not see the label itself: out-of-sample model, or `leave_out_evidence`
    Robust to a judge that is over- or under-confident per class, since each class is its own yardstick; blind to
    errors that judge and raters share. Source: Northcutt, Jiang and Chuang 2021, confident learning.
    Raises BadInput where shapes do not fit; the share is Undefined below 5 labels of any class that occurs.
    """
    labels, p = np.asarray(given, dtype=np.int64), np.asarray(probabilities, dtype=np.float64)
    n = len(labels)
    fits = p.ndim == 2 and len(p) == n and n > 0 and np.allclose(p.sum(axis=1), 1, atol=1e-6)
    if not fits or labels.min() < 0 or labels.max() >= p.shape[1]:
        raise BadInput("Labels and probabilities do not fit.", remedy="Align them.",
                       expected="(n,) codes below K and (n, K) rows adding to 1")  # fmt: skip
    joint, flagged, suggested = _confident_joint(labels, p, np.ones(n))
    own = p[np.arange(n), labels]
    other = np.where(np.arange(p.shape[1]) == labels[:, None], -1.0, p).max(axis=1)
    suspicion = (1 + other - own) / 2
    order = np.flatnonzero(flagged)
    order = order[np.argsort(-suspicion[order], kind="stable")]
    counts = np.bincount(labels)
    share: Figure = Undefined(f"a class with fewer than {LEAST_PER_CLASS} labels has no yardstick of its own")
    if counts[counts > 0].min() >= LEAST_PER_CLASS:
        share = _share(labels, p, joint, rng, level)
    best = np.where(flagged, suggested, np.where(own >= other, labels, p.argmax(axis=1)))
    return Suspects(order, suspicion, best, share, joint)


def _share(labels: Ints, p: Floats, joint: Floats, rng: np.random.Generator, level: float) -> Estimate:
    n = len(labels)
    value = 1 - float(np.trace(joint)) / n
    again = []
    for _ in range(REPLICATES):
        weight = rng.multinomial(n, np.full(n, 1 / n)).astype(np.float64)
        again.append(1 - float(np.trace(_confident_joint(labels, p, weight)[0])) / n)
    lo, hi = np.quantile(again, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(
        value, min(float(lo), value), max(float(hi), value), "confident joint, bootstrap (asymptotic)", n, level,
        assumptions=("errors depend on the class only", "evidence did not see the label"),
    )  # fmt: skip
