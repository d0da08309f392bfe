"""Pairs of judges who agree more than the truth, and each one's habits, explain: copying, or one person twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.stats import t as student

from tutelage.integrity.findings import ByJudge
from tutelage.measure.exact import Floats, Ints

LEAST_SHARED = 15
SOME_SHARED = 5  # enough to learn from how pairs differ, not to speak of one
MANY_PAIRS = 30
MOST_JUDGES = 1500
NEAR_COPY = 0.9
TAIL_DF = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """Two judges, the items both judged, how often they agree, how often that was expected, and its p."""

    a: int
    b: int
    shared: int
    agree: float
    expected: float
    p: float


def pairs(item: Ints, judge: Ints, value: Ints, values: int, judges: int) -> list[Pair]:
    """Every pair of judges with 15 or more items in common, with the evidence that one copies the other.

    Expected agreement is that of two independent judges with these two confusion rows about the items' votes. Honest
    pairs agree more than that too (hard items are hard for all), so the excess is held against the middle and the
    spread of all pairs' (an empirical null, Efron 2004), with a t tail; and p is 1 unless
    the two agree on 90 % at least.
    """
    busy = np.flatnonzero(np.bincount(judge, minlength=judges) >= LEAST_SHARED)
    if len(busy) > MOST_JUDGES:
        busy = busy[np.argsort(-np.bincount(judge, minlength=judges)[busy], kind="stable")[:MOST_JUDGES]]
    place = np.full(judges, -1)
    place[busy] = np.arange(len(busy))
    rows = np.flatnonzero(place[judge] >= 0)
    first = rows[np.unique(item[rows] * judges + judge[rows], return_index=True)[1]]  # a judge's first word on an item
    if len(busy) < 3:
        return []
    found = _agreement(item[first], place[judge[first]], value[first], values, len(busy), int(item.max()) + 1)
    a, b, shared, agree, expected, sd = found
    if len(a) < 3:
        return []
    # honest pairs agree a little more than expected, by the item; and pairs differ: both are taken from the pairs
    some = shared >= LEAST_SHARED
    typical = some if some.sum() >= MANY_PAIRS else np.ones(len(a), bool)
    excess = (agree - expected) / shared
    order = np.argsort(excess[typical])
    half = np.searchsorted(np.cumsum(shared[typical][order]), shared[typical].sum() / 2)
    centre = float(excess[typical][order][half])
    z = (agree - expected - shared * centre) / sd
    spread = max(float(np.subtract(*np.quantile(z[typical], [0.75, 0.25]))) / 1.349, 1.0)
    p = np.where(some & (agree >= NEAR_COPY * shared), student.sf(z / spread, TAIL_DF), 1.0)
    a, b, n, p = a[some], b[some], shared[some], p[some]
    tied = zip(a, b, n, agree[some] / n, expected[some] / n, p, strict=True)
    return [Pair(int(busy[x]), int(busy[y]), int(s), float(g), float(e), float(q)) for x, y, s, g, e, q in tied]


def _agreement(
    i: Ints, j: Ints, v: Ints, K: int, J: int, items: int
) -> tuple[Ints, Ints, Floats, Floats, Floats, Floats]:
    """Pairs (P,), their shared items, agreements, expected agreements and its standard deviation."""
    votes = np.zeros((items, K))
    np.add.at(votes, (i, v), 1.0)
    truth = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)  # (I, K)
    habit = np.full((J, K, K), 0.5 / K)  # (J, K true, K said)
    np.add.at(habit.transpose(0, 2, 1), (j, v), truth[i])
    habit /= habit.sum(axis=2, keepdims=True)
    there = csr_matrix((np.ones(len(i)), (i, j)), shape=(items, J))
    shared = (there.T @ there).toarray()
    agree = np.zeros((J, J))
    expected, variance = np.zeros((J, J)), np.zeros((J, J))
    for k in range(K):
        said = csr_matrix((np.ones((v == k).sum()), (i[v == k], j[v == k])), shape=(items, J))
        agree += (said.T @ said).toarray()
        in_class = (there.T @ there.multiply(truth[:, [k]]).tocsr()).toarray()
        meet = habit[:, k, :] @ habit[:, k, :].T
        expected += in_class * meet
        variance += in_class * meet * (1 - meet)
    a, b = np.nonzero(np.triu(shared >= SOME_SHARED, 1))
    return a, b, shared[a, b], agree[a, b], expected[a, b], np.sqrt(np.maximum(variance[a, b], 0.25))


def rings(found: list[Pair], names: list[str], rows: npt.NDArray[np.int64]) -> ByJudge:
    """Judges who copy, or are copied: all members of a ring but the one with most rows, who may be its victim.

    rows (J,) rows of each judge. A judge's p is its best pair's, times the pairs it is in.
    """
    p, words = np.ones(len(names)), dict[int, str]()
    partners = np.zeros(len(names), np.int64)
    for pair in found:
        partners[[pair.a, pair.b]] += 1
    group = np.arange(len(names))
    for pair in sorted(found, key=lambda x: x.p):
        if pair.p * max(partners[pair.a], partners[pair.b]) >= 0.05:
            break
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            p[one] = min(p[one], pair.p * partners[one])
            words.setdefault(
                one, f"{names[one]} and {names[other]} agree on {pair.agree:.0%} of {pair.shared} items where "
                f"{pair.expected:.0%} was expected of judges who answer apart")  # fmt: skip
        group[group == group[pair.b]] = group[pair.a]
    for one in np.unique(group[list(words)]) if words else []:
        members = np.flatnonzero(group == one)
        p[members[np.argmax(rows[members])]] = 1.0
    return ByJudge("agreement beyond the truth", np.minimum(p, 1.0), words)
