"""Do reasons read as a model's or as people's? A small classifier, trained on texts of this kind of work.

Evidence about a *lot* – the share of its texts that read as a model's, less those of people who do – and never about a
person: public detectors flag half of genuine essays by non-native writers (Liang et al. 2023).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from tutelage.errors import BadInput
from tutelage.measure.exact import Floats, Ints
from tutelage.measure.intervals import clopper_pearson
from tutelage.records import Rate

COLUMNS = 1 << 16
SIZES = (2, 3, 4)
RIDGE = 0.1  # 1 / (C = 10)
FOLDS = 5
LEAST_TEXTS = 40
OUTSIDE = 2.0  # a middle text this many times longer or shorter than the reference's is not of its kind
_SPACE = re.compile(r"\s+")


def features(texts: Sequence[str]) -> csr_matrix:
    """(n, COLUMNS) hashed character 2- to 4-grams within words, log-counted, each row of length one."""
    rows, columns, data = [], [], []
    for r, text in enumerate(texts):
        counts: dict[int, int] = {}
        for word in _SPACE.split(text.lower().strip()):
            padded = f" {word} ".encode()
            for size in SIZES:
                for k in range(max(1, len(padded) - size + 1)):
                    column = zlib.crc32(padded[k : k + size]) % COLUMNS
                    counts[column] = counts.get(column, 0) + 1
        weight = 1 + np.log(np.fromiter(counts.values(), np.float64))
        columns.append(np.fromiter(counts.keys(), np.int64))
        data.append(weight / np.linalg.norm(weight))
        rows.append(np.full(len(weight), r))
    shape = (len(texts), COLUMNS)
    return csr_matrix((np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))), shape=shape)


def fit(x: csr_matrix, y: Ints) -> Floats:
    """(COLUMNS + 1,) weights of a ridge logistic regression, intercept last; idf is folded into the weights."""
    sign = np.where(y == 1, 1.0, -1.0)

    def loss(w: Floats) -> tuple[float, Floats]:
        margin = sign * (x @ w[:-1] + w[-1])
        pull = -sign / (1 + np.exp(np.clip(margin, -50, 50)))
        gradient = np.append(x.T @ pull + RIDGE * w[:-1], pull.sum())
        return float(np.logaddexp(0, -margin).sum() + RIDGE / 2 * w[:-1] @ w[:-1]), gradient

    best = minimize(loss, np.zeros(COLUMNS + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return np.asarray(best.x)


@dataclass(frozen=True, slots=True)
class Reader:
    """A fitted classifier with its threshold.

    false_positives  share of people's texts above the threshold, out of fold, exact interval; by group beside it
    found            share of model texts above the threshold, out of fold
    length           (low, high) characters of the texts it may be asked about: half to twice the reference's middle
    """

    weights: Floats
    threshold: float
    false_positives: Rate
    found: Rate
    by_group: dict[str, Rate]
    auc: float
    length: tuple[float, float]

    def reads_as_model(self, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
        """(n,) which texts lie above the threshold."""
        return np.asarray(features(texts) @ self.weights[:-1] + self.weights[-1] > self.threshold)


def train(
    texts: Sequence[str], model: npt.ArrayLike, *, rng: np.random.Generator, bound: float = 0.05, level: float = 0.95,
    groups: Sequence[str] | None = None,
) -> Reader:  # fmt: skip
    """Fit on reference texts of the same kind of work; choose the threshold for a false-positive rate below `bound`.

    model   (n,) 1 where a model wrote the text;  groups  (n,) who wrote it, as native and non-native
    Texts are scored out of fold; the threshold is the lowest at which the *upper* exact bound on people's
    false-positive rate is at most `bound`: in the worst group of 30 people's texts or more, not only on the whole.
    Raises BadInput below 40 texts of either kind.
    """
    y = np.asarray(model, dtype=np.int64)
    if min(int((y == 1).sum()), int((y == 0).sum())) < LEAST_TEXTS:
        raise BadInput(f"{(y == 0).sum()} texts by people and {(y == 1).sum()} by models.", remedy="Add texts.",
                       expected=f"{LEAST_TEXTS} of each, of this kind of work")  # fmt: skip
    x = features(texts)
    fold = np.empty(len(y), np.int64)
    for kind in (0, 1):
        place = np.flatnonzero(y == kind)
        fold[rng.permutation(place)] = np.arange(len(place)) % FOLDS
    score = np.empty(len(y))
    for f in range(FOLDS):
        w = fit(x[fold != f], y[fold != f])
        score[fold == f] = x[fold == f] @ w[:-1] + w[-1]
    named = np.array(groups if groups is not None else ["all"] * len(y))
    sets = [y == 0, *((y == 0) & (named == g) for g in np.unique(named) if ((y == 0) & (named == g)).sum() >= 30)]
    threshold = max(_threshold(score[kept], bound, level) for kept in sets)
    above = score > threshold
    by_group = {str(g): _rate(above[(y == 0) & (named == g)], level) for g in np.unique(named[y == 0])}
    lengths = float(np.median([len(t) for t in texts]))
    return Reader(fit(x, y), threshold, _rate(above[y == 0], level), _rate(above[y == 1], level), by_group,
                  _auc(score, y), (lengths / OUTSIDE, lengths * OUTSIDE))  # fmt: skip


def _threshold(score: Floats, bound: float, level: float) -> float:
    """The lowest score that so few of these people's texts exceed that the exact upper bound is at most `bound`."""
    n = len(score)
    allowed = [k for k in range(n) if clopper_pearson(k, n, 2 * level - 1)[1] <= bound]
    ranked = np.sort(score)[::-1]
    # too few texts for the bound: nothing is flagged below a margin beyond every person's text
    return float(ranked[allowed[-1]]) if allowed else float(ranked[0] + ranked.std())


def _rate(flags: npt.NDArray[np.bool_], level: float) -> Rate:
    k, n = int(flags.sum()), len(flags)
    lo, hi = clopper_pearson(k, n, level)
    return Rate(k, n, lo, hi, "Clopper–Pearson, out of fold", level)


def _auc(score: Floats, y: Ints) -> float:
    rank = np.argsort(np.argsort(score)) + 1.0
    n1, n0 = int((y == 1).sum()), int((y == 0).sum())
    return float((rank[y == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def share_by_model(flagged: int, n: int, reader: Reader, alpha: float) -> float:
    """Least share of n texts that a model wrote, confidence 1 - alpha: flagged beyond people's highest plausible rate.

    Assumes the reference's people write as the delivery's people do; half of alpha goes to each binomial.
    """
    if not n:
        return 0.0
    least = clopper_pearson(flagged, n, 1 - alpha)[0]
    false = clopper_pearson(reader.false_positives.k, reader.false_positives.n, 1 - alpha)[1]
    worst = max([false, *(r.value for r in reader.by_group.values() if r.n >= 30)])
    return max(0.0, (least - worst) / (1 - worst))
