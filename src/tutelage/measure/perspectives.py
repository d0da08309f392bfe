"""Disagreement that is not error: keep the distribution, and find groups of judges only where the votes demand them.

A group is a set of judges who answer items alike and unlike the others, beyond what each item and each judge's own
style explain. Noise is not a perspective: judges whose answers do not depend on the item belong to no group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse.linalg
from scipy import sparse, special

from tutelage.measure.arrays import Codes, Floats, tally
from tutelage.measure.consensus.votes import Names, Votes, votes
from tutelage.measure.intervals import clopper_pearson, paired_difference
from tutelage.measure.ratings import once
from tutelage.records.figures import Figure, Rate, Undefined

SMALLEST_GROUP = 5  # a smaller group is not published: its members could be recognised
TRADES_A_JUDGE = 4


@dataclass(frozen=True)
class Group:
    """Judges who answer alike: how many, and how they answer. Who they are is not part of it."""

    size: int
    shares: Floats  # (I, K), smoothed
    votes: Floats  # (I,) votes the shares rest on


@dataclass(frozen=True)
class Perspectives:
    """What the votes say about one population or several.

    distribution  (I, K) share of each value among all votes; never thrown away
    groups        one group where nothing else is shown, else two or more, largest first
    unaligned     judges whose answers do not depend on the item, or whose group is too small to publish
    divergence    (I,) bits that a vote tells about the group it came from: 0 where groups answer alike
    shared        (I, K) product over groups of the share for a value: high only where every group agrees (Polis)
    gain          groups → log likelihood of a held-out vote over one group fewer, nats, clustered by judge
    permutation   permutations with as much structure as the data, of all; item and judge margins kept
    claim         in words
    """

    items: Names
    values: Names
    distribution: Floats
    groups: tuple[Group, ...]
    unaligned: int
    divergence: Floats
    shared: Floats
    gain: dict[int, Figure]
    permutation: Rate | Undefined
    claim: str
    seed: int
    membership: Floats  # (J, 1 + G), the unaligned first; for the project's own use, not for publication


def perspectives(
    items: npt.ArrayLike,
    judges: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    rng: np.random.Generator | int,
    order: Sequence[Any] | None = None,
    most_groups: int = 4,
    permutations: int = 199,
    p: float = 0.01,
    smallest_group: int = SMALLEST_GROUP,
    level: float = 0.95,
) -> Perspectives | Undefined:
    """Groups of judges in a long table of votes (n,), or one group where the votes do not show more.

    More than one group is claimed only where both hold: (1) votes held out of the fit are predicted better with the
    group more, with confidence `level`, clustered by judge; (2) fewer than a share p of permutations show as much
    structure. The permutations trade answers between judges so that each item keeps its votes and each judge their own
    number of each answer: severity or a favourite answer is not a perspective.
    smallest_group  judges below which a group is not published
    A judge counts once an item (BadInput otherwise). Undefined below 2 × smallest_group judges or without overlap.
    Source: mixture of judge types; curveball trades (Strona et al. 2014); group-aware consensus (Small et al. 2021).
    """
    v = votes(items, judges, values, order=order)
    once(v.item, v.judge)
    v = v.keep(np.lexsort((v.judge, v.item)))  # folds must not depend on the order of rows
    i, j, k = v.shape
    if j < 2 * smallest_group:
        return Undefined(f"{j} judges: two groups of {smallest_group} cannot be told apart")
    if k < 2:
        return Undefined("all votes are one value")
    if v.item.size < 2 * i or v.item.size < 4 * j:
        return Undefined("fewer than two votes an item or four a judge on average: judges cannot be compared")
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)
    inner = np.random.default_rng(seed)
    gain: dict[int, Figure] = {}
    permutation: Rate | Undefined = Undefined("not needed: held-out votes show one group")
    g, before = 1, _held_out(v, 1, seed)
    while g < most_groups:
        after = _held_out(v, g + 1, seed)
        gain[g + 1] = paired_difference(after, before, clusters=v.judge, level=level, unit="nats a vote")
        step = gain[g + 1]
        if isinstance(step, (Undefined, Rate)) or step.lo <= 0:
            break
        if g == 1:
            permutation = _permutation_test(v, permutations, p, inner, level)
            if permutation.k >= p * permutation.n:
                break
        g, before = g + 1, after
    return _published(v, g, gain, permutation, smallest_group, seed)


def _published(
    v: Votes, g: int, gain: dict[int, Figure], permutation: Rate | Undefined, smallest: int, seed: int
) -> Perspectives:
    r = _fit(v, g, np.random.default_rng(seed)).membership
    who = r.argmax(1)
    sizes = np.bincount(who, minlength=g + 1)
    kept = [c for c in np.argsort(-sizes[1:], kind="stable") + 1 if sizes[c] >= smallest]
    if len(kept) < 2:  # one group is everybody, whoever is noisy
        kept, r = [1], np.column_stack([np.zeros(r.shape[0]), np.ones(r.shape[0])])
        sizes = np.array([0, r.shape[0]])
    k = v.values.size
    counts = np.stack([_counts(v, r[:, c]) for c in kept])  # (G, I, K)
    n = counts.sum(2)
    shares = (counts + v.shares() * 1.0) / (n + 1)[..., None]
    weight = n / np.maximum(n.sum(0), 1e-12)
    mixed = (weight[..., None] * shares).sum(0)
    divergence = (special.entr(mixed).sum(1) - (weight * special.entr(shares).sum(2)).sum(0)) / np.log(2)
    groups = tuple(Group(int(sizes[c]), shares[m], n[m]) for m, c in enumerate(kept))
    membership = np.column_stack([1 - r[:, kept].sum(1), r[:, kept]])
    claim = f"{len(kept)} groups of {', '.join(str(x.size) for x in groups)} judges answer differently"
    if len(kept) == 1:
        claim = "one population: no groups are shown by these votes"
        if g > 1:
            claim = f"one group is published: the votes hint at more, but none of {smallest} judges or more beside it"
    return Perspectives(
        v.items, v.values, v.shares(), groups, int(v.judges.size - sum(x.size for x in groups)),
        np.maximum(divergence, 0.0), np.prod((counts + 1) / (n + k)[..., None], axis=0), gain, permutation, claim,
        seed, membership,
    )  # fmt: skip


def _counts(v: Votes, weight: Floats) -> Floats:
    """(I, K) votes, each weighed by its judge's membership."""
    i, _, k = v.shape
    return tally(v.item * k + v.value, weight[v.judge], i * k).reshape(i, k)


@dataclass(frozen=True)
class _Fit:
    """(J, 1 + G) membership, the unaligned first; (G, I, K) shares; (J, K) each judge's own shares and style.

    A style is how much more often than the items' shares a judge gives each value.
    """

    membership: Floats
    shares: Floats
    own: Floats
    style: Floats


def _fit(v: Votes, g: int, rng: np.random.Generator, restarts: int = 2) -> _Fit:
    """The best of a few EM runs, the first from the main directions of disagreement."""
    runs = [_em(v, start) for start in _starts(v, g, rng, restarts if g > 1 else 1)]
    return max(runs, key=lambda run: run[1])[0]


def _starts(v: Votes, g: int, rng: np.random.Generator, restarts: int) -> list[Floats]:
    j = v.judges.size
    if g == 1:
        return [np.column_stack([np.full(j, 0.1), np.full(j, 0.9)])]
    where = _directions(v, g - 1)[1]
    out = []
    for _ in range(restarts):
        centre = where[rng.choice(j, g, replace=False)]
        for _ in range(20):
            label = ((where[:, None] - centre[None]) ** 2).sum(2).argmin(1)
            centre = np.stack([where[label == c].mean(0) if (label == c).any() else centre[c] for c in range(g)])
        r = np.full((j, g + 1), 0.3 / g)
        r[:, 0] = 0.1
        r[np.arange(j), 1 + label] += 0.6
        out.append(r / r.sum(1, keepdims=True))
    return out


def _em(v: Votes, r: Floats, rounds: int = 60) -> tuple[_Fit, float]:
    """Memberships by EM. A judge is compared with the others of a group, own votes left out, own style taken in."""
    i, j, k = v.shape
    g = r.shape[1] - 1
    rated = tally(v.item, None, i)[:, None]
    prior = (v.shares() * rated + v.shares().mean(0)) / (rated + 1)
    given = tally(v.judge * k + v.value, None, j * k).reshape(j, k)
    usual = np.stack([tally(v.judge, prior[v.item, c], j) for c in range(k)], 1)
    own = (given + prior.mean(0)) / (given.sum(1, keepdims=True) + 1)
    style = (given + 2) / (usual + 2)
    alone = tally(v.judge, np.log(own[v.judge, v.value]), j)
    smooth, mine_at = prior[v.item], np.zeros((v.item.size, k))
    mine_at[np.arange(v.item.size), v.value] = 1
    fit = 0.0
    for _ in range(rounds):
        log_r = np.empty_like(r)
        log_r[:, 0] = alone
        for c in range(1, g + 1):
            others = _counts(v, r[:, c])[v.item] - mine_at * r[v.judge, c, None] + smooth
            log_r[:, c] = tally(v.judge, np.log(_chance(others, style[v.judge], v.value)), j)
        log_r += np.log((r.sum(0) + 1) / (j + g + 1))
        total = special.logsumexp(log_r, axis=1)
        before, r, fit = r, np.exp(log_r - total[:, None]), float(total.sum())
        if np.abs(r - before).max() < 1e-3:
            break
    counts = np.stack([_counts(v, r[:, c]) for c in range(1, g + 1)])
    return _Fit(r, (counts + prior) / (counts.sum(2) + 1)[..., None], own, style), fit


def _chance(shares: Floats, style: Floats, value: Codes) -> Floats:
    """(n,) chance of each vote from shares (n, K), bent by the judge's style (n, K)."""
    bent = np.maximum(shares, 1e-12) * style
    return np.asarray(bent[np.arange(value.size), value] / bent.sum(1))


def _held_out(v: Votes, g: int, seed: int, folds: int = 5) -> Floats:
    """(n,) log probability of each vote from the other folds'."""
    rng = np.random.default_rng(seed)
    fold = rng.permutation(v.item.size) % folds
    out = np.empty(v.item.size)
    for f in range(folds):
        test = v.keep(fold == f)
        fit = _fit(v.keep(fold != f), g, np.random.default_rng([seed, f]))
        chance = fit.membership[test.judge, 0] * fit.own[test.judge, test.value]
        for c in range(g):
            of_group = _chance(fit.shares[c, test.item], fit.style[test.judge], test.value)
            chance = chance + fit.membership[test.judge, c + 1] * of_group
        out[fold == f] = np.log(np.maximum(chance, 1e-12))
    return out


def _residuals(v: Votes) -> sparse.csr_array:
    """(J, I·K) a vote less its item's shares, less the judge's own mean of that; rows scaled to one vote."""
    i, j, k = v.shape
    shares = v.shares()
    n = np.maximum(tally(v.judge, None, j), 1)
    rest = -shares[v.item]
    rest[np.arange(v.item.size), v.value] += 1
    own = np.stack([tally(v.judge, rest[:, c], j) for c in range(k)], 1) / n[:, None]
    rest = (rest - own[v.judge]) / np.sqrt(n)[v.judge, None]
    column = v.item[:, None] * k + np.arange(k)
    return sparse.csr_array((rest.ravel(), (np.repeat(v.judge, k), column.ravel())), shape=(j, i * k))


def _directions(v: Votes, d: int) -> tuple[float, Floats]:
    """The largest singular value of the residuals, and the judges' places (J, d) along the d main directions."""
    r = _residuals(v)
    j = v.judges.size
    if j > 300:
        u, size, _ = scipy.sparse.linalg.svds(r, k=d, v0=np.ones(min(r.shape)))
        order = np.argsort(-size)
        return float(size[order[0]]), np.asarray(u[:, order] * size[order])
    small = r.size > 0.05 * r.shape[0] * r.shape[1] and r.shape[0] * r.shape[1] < 50_000_000
    gram = (lambda x: x @ x.T)(r.toarray()) if small else (r @ r.T).toarray()
    size, u = np.linalg.eigh(gram)
    size = np.sqrt(np.maximum(size[::-1], 0))
    return float(size[0]), np.asarray(u[:, ::-1][:, :d] * size[:d])


def _permutation_test(v: Votes, times: int, p: float, rng: np.random.Generator, level: float) -> Rate:
    """How many permutations, the data among them, have as large a main direction; stops once p is out of reach."""
    seen = _directions(v, 1)[0]
    trades = _Trades(v)
    k = 1
    done = 1
    for _ in range(times):
        done += 1
        k += _directions(trades.permuted(rng), 1)[0] >= seen - 1e-12
        if k >= p * (times + 1):
            break
    lo, hi = clopper_pearson(k, done, level)
    return Rate(
        k, done, lo, hi, "permutations that keep item and judge margins", level=level,
        assumptions=("judges answer independently, given items and their own styles",),
    )  # fmt: skip


class _Trades:
    """Random swaps of two judges' answers on items both judged: each item and each judge keeps what was given."""

    def __init__(self, v: Votes) -> None:
        order = np.lexsort((v.item, v.judge))
        self.v = v.keep(order)
        ends = np.cumsum(np.bincount(v.judge, minlength=v.judges.size))
        self.spans = list(zip(np.concatenate([[0], ends[:-1]]).tolist(), ends.tolist(), strict=True))
        self.by_item = np.argsort(self.v.item, kind="stable")
        self.item_ends = np.cumsum(np.bincount(v.item, minlength=v.items.size))
        self.item_size = np.bincount(v.item, minlength=v.items.size)

    def permuted(self, rng: np.random.Generator) -> Votes:
        """The votes after TRADES_A_JUDGE trades a judge, from the data anew."""
        value = self.v.value.copy()
        n = TRADES_A_JUDGE * self.v.judges.size
        item = self.v.item[rng.integers(0, value.size, n)]
        pick = self.item_ends[item][:, None] - 1 - rng.integers(0, self.item_size[item][:, None], (n, 2))
        pairs = self.v.judge[self.by_item[pick]]
        for a, b in pairs[pairs[:, 0] != pairs[:, 1]].tolist():
            self._trade(value, a, b, rng)
        v = self.v
        return Votes(v.item, v.judge, value, v.items, v.judges, v.values)

    def _trade(self, value: Codes, a: int, b: int, rng: np.random.Generator) -> None:
        (a0, a1), (b0, b1) = self.spans[a], self.spans[b]
        _, one, two = np.intersect1d(
            self.v.item[a0:a1], self.v.item[b0:b1], assume_unique=True, return_indices=True
        )  # fmt: skip
        one, two = one + a0, two + b0
        x, y = value[one], value[two]
        k = self.v.values.size
        low, high = np.minimum(x, y), np.maximum(x, y)
        kind = np.where(x == y, -1, low * k + high)
        for each in np.unique(kind[kind >= 0]):
            rows = np.flatnonzero(kind == each)
            up = rng.permutation(x[rows] > y[rows])
            value[one[rows]] = np.where(up, high[rows], low[rows])
            value[two[rows]] = np.where(up, low[rows], high[rows])
