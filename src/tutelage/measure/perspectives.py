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
from scipy import special

from tutelage.measure.arrays import Codes, Floats, tally
from tutelage.measure.consensus.votes import Names, Votes, votes
from tutelage.measure.intervals import clopper_pearson, paired_difference
from tutelage.measure.permute import Structure, Trades
from tutelage.measure.ratings import once
from tutelage.records.figures import Figure, Rate, Undefined

SMALLEST_GROUP = 5  # a smaller group is not published: its members could be recognised
SAME = 0.8  # agreement of groups found on two halves of the items ("good" recovery: Steinley 2004)
LEAST_VOTES = 5


@dataclass(frozen=True)
class Group:
    """Judges who answer alike: how many, and how they answer. Who they are is not part of it."""

    size: int
    shares: Floats  # (I, K), smoothed
    votes: Floats  # (I,) votes the shares rest on; 0 where a group has too few: then nothing of the item is told


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

    A group more is claimed only where (1) votes held out of the fit are predicted better with it, with confidence
    `level`, clustered by judge; (2) fewer than a share p of permutations within the groups so far show as much
    structure; and (3), from the third on, two halves of the items show the same people in the same groups: whoever
    cuts a continuum of opinion in three will always predict better, but not cut it twice alike.
    The permutations trade answers between judges so that each item keeps its votes and each judge their own number of
    each answer: severity or a favourite answer is not a perspective.
    smallest_group  judges below which a group is not published, and votes of a group below which an item's are not
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
    fit = _fit(v, 1, np.random.default_rng(seed))
    block = np.zeros(j, np.int64)
    while g < most_groups:
        after = _held_out(v, g + 1, seed)
        gain[g + 1] = paired_difference(after, before, clusters=v.judge, level=level, unit="nats a vote")
        step = gain[g + 1]
        if isinstance(step, (Undefined, Rate)) or step.lo <= 0:
            break
        if g > 1 and _seen_again(v, g + 1, seed) < SAME:
            break
        tried = _permutation_test(v, block, permutations, p, inner, level)
        permutation = tried if g == 1 else permutation
        if tried.k >= p * tried.n:
            break
        g, before = g + 1, after
        fit = _fit(v, g, np.random.default_rng(seed))
        block = fit.membership.argmax(1)
    return _published(v, fit, gain, permutation, smallest_group, seed)


def _published(
    v: Votes, fit: _Fit, gain: dict[int, Figure], permutation: Rate | Undefined, smallest: int, seed: int
) -> Perspectives:
    r = fit.membership
    g, who = r.shape[1] - 1, r.argmax(1)
    sizes = np.bincount(who, minlength=g + 1)
    kept = [c for c in np.argsort(-sizes[1:], kind="stable") + 1 if sizes[c] >= smallest]
    if len(kept) < 2:  # one group is everybody, whoever is noisy
        kept, r = [1], np.column_stack([np.zeros(r.shape[0]), np.ones(r.shape[0])])
        sizes = np.array([0, r.shape[0]])
    k = v.values.size
    counts = np.stack([_counts(v, r[:, c]) for c in kept])  # (G, I, K)
    if len(kept) > 1:  # an item's few voters of a group could be read off; what is left of the total tells as much
        counts[:, (counts.sum(2) < smallest).any(0)] = 0.0
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


def _fit(v: Votes, g: int, rng: np.random.Generator, restarts: int = 2, rounds: int = 60) -> _Fit:
    """The best of a few EM runs, each from the main directions of disagreement."""
    runs = [_em(v, start, rounds) for start in _starts(v, g, rng, restarts if g > 1 else 1)]
    return max(runs, key=lambda run: run[1])[0]


def _starts(v: Votes, g: int, rng: np.random.Generator, restarts: int) -> list[Floats]:
    j = v.judges.size
    if g == 1:
        return [np.column_stack([np.full(j, 0.1), np.full(j, 0.9)])]
    where = _directions(v, g - 1)
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


def _em(v: Votes, r: Floats, rounds: int) -> tuple[_Fit, float]:
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
        fit = _fit(v.keep(fold != f), g, np.random.default_rng([seed, f]), restarts=1, rounds=30)
        chance = fit.membership[test.judge, 0] * fit.own[test.judge, test.value]
        for c in range(g):
            of_group = _chance(fit.shares[c, test.item], fit.style[test.judge], test.value)
            chance = chance + fit.membership[test.judge, c + 1] * of_group
        out[fold == f] = np.log(np.maximum(chance, 1e-12))
    return out


def _directions(v: Votes, d: int) -> Floats:
    """(J, d) the judges' places along the d main directions of their residuals."""
    r = Structure(v).matrix(v.value)
    j = v.judges.size
    if j > 300 and d < min(r.shape):
        u, size, _ = scipy.sparse.linalg.svds(r, k=d, v0=np.ones(min(r.shape)))
        order = np.argsort(-size)
        return np.asarray(u[:, order] * size[order])
    size, u = np.linalg.eigh((r @ r.T).toarray())
    return np.asarray(u[:, ::-1][:, :d] * np.sqrt(np.maximum(size[::-1], 0))[:d])


def _permutation_test(v: Votes, block: Codes, times: int, p: float, rng: np.random.Generator, level: float) -> Rate:
    """How many permutations within blocks of judges, the data among them, are as structured as the data.

    block  (J,) the groups found so far. Stops once a share below p is out of reach.
    """
    trades, structure = Trades(v, block), Structure(v, block)
    start = rng.normal(size=v.judges.size)
    seen = structure.strength(v.value, start)
    k = done = 1
    for _ in range(times):
        done += 1
        k += structure.strength(trades.permuted(rng), start) >= seen * (1 - 1e-12)
        if k >= p * (times + 1):
            break
    lo, hi = clopper_pearson(k, done, level)
    return Rate(
        k, done, lo, hi, "permutations that keep item and judge margins", level=level,
        assumptions=("judges answer independently, given items and their own styles",),
    )  # fmt: skip


def _seen_again(v: Votes, g: int, seed: int) -> float:
    """Adjusted Rand index of judges' groups found on two halves of the items, in [-1, 1]: 1 the same, 0 by chance.

    Over judges with 5 votes or more in each half who are aligned in both. Source: Hubert and Arabie 1985.
    """
    half = np.random.default_rng(seed).permutation(v.items.size) % 2
    found, kept = [], np.ones(v.judges.size, bool)
    for h in (0, 1):
        part = v.keep(half[v.item] == h)
        found.append(_fit(part, g, np.random.default_rng([seed, h])).membership.argmax(1))
        kept &= (np.bincount(part.judge, minlength=v.judges.size) >= LEAST_VOTES) & (found[-1] > 0)
    one, two = (x[kept] for x in found)
    table = tally(one * (g + 1) + two, None, (g + 1) ** 2).reshape(g + 1, g + 1)
    both, rows, columns = (special.binom(x, 2).sum() for x in (table, table.sum(1), table.sum(0)))
    chance = rows * columns / max(special.binom(one.size, 2), 1)
    most = (rows + columns) / 2
    return float((both - chance) / (most - chance)) if most > chance else 0.0
