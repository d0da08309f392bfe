"""How sure a consensus may be when its judges are a sample: EM takes their matrices as known, and is over-sharp."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tutelage.errors import BadInput
from tutelage.measure.arrays import Codes, Floats, confidence, tally
from tutelage.measure.consensus.categorical import _clamped, _Em, _posterior
from tutelage.measure.consensus.votes import Consensus, Votes, gold_codes
from tutelage.measure.intervals import clopper_pearson
from tutelage.records.figures import Estimate, Rate


def widen(
    v: Votes,
    fit: Consensus,
    *,
    rng: np.random.Generator | int,
    gold: Mapping[Any, Any] | None = None,
    rounds: int = 200,
    level: float = 0.95,
) -> tuple[Consensus, dict[Any, Estimate]]:
    """The posterior (I, K) averaged over resamples of whole judges, and each value's share with its interval.

    fit  a Dawid–Skene consensus of the same votes; each resample starts from it and moves a few rounds
    gold the same gold as in `fit`, clamped
    Returns (consensus, value → share of items). Costs about 5 rounds of EM a resample. Asymptotic in the number of
    judges.
    """
    if fit.confusion is None or fit.kappa is None:
        raise BadInput(
            f"The consensus is by {fit.method}.", expected="one by `dawid_skene`",
            remedy="Pass its result; a majority has no judges' matrices to resample.",
        )  # fmt: skip
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)
    mean, shares = np.zeros_like(fit.posterior), np.empty((rounds, v.values.size))
    for r, p in enumerate(resamples(v, fit, rng=seed, gold=gold, rounds=rounds)):
        mean += p / rounds
        shares[r] = p.mean(0)
    lo, hi = np.quantile(shares, [(1 - confidence(level)) / 2, 0.5 + level / 2], axis=0)
    value = fit.posterior.mean(0)
    prevalence = {
        name: Estimate(
            float(value[k]), min(float(lo[k]), float(value[k])), max(float(hi[k]), float(value[k])),
            f"judge-cluster bootstrap, {rounds} rounds", v.judges.size, level=level, rows=int(v.item.size),
            assumptions=("judges are independent of one another", "the model of the judges holds"), seed=seed,
        )
        for k, name in enumerate(v.values.tolist())
    }  # fmt: skip
    mean /= mean.sum(1, keepdims=True)
    method = f"{fit.method}, averaged over {rounds} resamples of judges"
    return replace(fit, posterior=mean, method=method), prevalence


def resamples(
    v: Votes, fit: Consensus, *, rng: np.random.Generator | int, gold: Mapping[Any, Any] | None = None,
    rounds: int = 200,
) -> Iterator[Floats]:  # fmt: skip
    """The posterior (I, K) under each of `rounds` resamples of whole judges; one array at a time.

    Dawid–Skene moves a few rounds of EM from `fit`; one-coin keeps its matrices; the majority is the shares of the
    resampled votes, and an item that lost all its judges keeps the shares it had.
    """
    inner = np.random.default_rng(rng) if not isinstance(rng, np.random.Generator) else rng
    known = gold_codes(v, gold) if gold else None
    em = _Em(v, known)
    pooled = em.pooled(fit.posterior)
    for _ in range(rounds):
        times = np.bincount(inner.integers(0, em.j, em.j), minlength=em.j).astype(float)
        if fit.confusion is None:
            weight = times[v.judge] if v.weight is None else times[v.judge] * v.weight
            p = replace(v, weight=weight).shares()
            lost = tally(v.item, weight, em.i) == 0
            p[lost] = fit.posterior[lost]
            yield _clamped(p, known)
            continue
        copies = np.repeat(times, em.k)[:, None]
        if fit.kappa is not None:
            yield _refit(em, fit, pooled, copies)
            continue
        by_vote = np.log(fit.confusion).transpose(0, 2, 1).reshape(em.j * em.k, em.k)
        yield _posterior(np.asarray(em.votes @ (by_vote * copies)), fit.prior, known)[0]


def _refit(em: _Em, fit: Consensus, pooled: np.ndarray[Any, Any], times: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """EM for a few rounds with each judge counted `times` over: copies of a judge share one matrix."""
    p, kappa = fit.posterior, fit.kappa or 0.0
    for _ in range(5):
        prior = np.maximum((p.sum(0) + 1) / (em.i + em.k), 1e-10)
        by_vote = np.log(em.matrices(p, kappa, pooled)).transpose(0, 2, 1).reshape(em.j * em.k, em.k)
        before, (p, _fit) = p, _posterior(np.asarray(em.votes @ (by_vote * times)), prior, em.known)
        if np.abs(p - before).max() < 1e-3:
            break
    return p


def err_together(
    v: Votes, fit: Consensus, *, least: int = 20, level: float = 0.95
) -> tuple[tuple[Any, Any, Rate], ...]:
    """Pairs of judges who give the same wrong answer more often than their matrices allow, worst first.

    Two judges who share a model, or copy one another, break the independence that every consensus here rests on: give
    them one family in `votes`, or count one of them. A pair needs `least` items in common. Each Rate is the share of
    common items on which both erred alike, its exact interval wholly above what independence gives, at `level` for all
    pairs together (Bonferroni). Cost: one look at every pair of votes on an item.
    """
    if fit.confusion is None:
        raise BadInput(
            f"The consensus is by {fit.method}.", expected="one by `dawid_skene` or `one_coin`",
            remedy="Pass its result.",
        )  # fmt: skip
    first, second = _vote_pairs(v)
    pair = v.judge[first] * v.judges.size + v.judge[second]
    alike = (v.value[first] == v.value[second]) * (1 - fit.posterior[v.item[first], v.value[first]])
    expected = np.einsum(
        "nk,nkl->n", fit.posterior[v.item[first]],
        fit.confusion[v.judge[first]] * fit.confusion[v.judge[second]] * (1 - np.eye(v.values.size)),
    )  # fmt: skip
    keys, inverse = np.unique(pair, return_inverse=True)
    n, seen, by_chance = (np.bincount(inverse, x, keys.size) for x in (None, alike, expected))
    tested = np.flatnonzero(n >= least)
    out, names = [], v.judges.tolist()
    for at in tested:
        lo, hi = clopper_pearson(float(seen[at]), float(n[at]), 1 - (1 - level) / tested.size)
        if lo > by_chance[at] / n[at]:
            a, b = divmod(int(keys[at]), v.judges.size)
            share = Rate(round(float(seen[at])), int(n[at]), lo, hi, "clopper-pearson, all pairs together", level=level)
            out.append((names[a], names[b], share))
    return tuple(sorted(out, key=lambda x: -x[2].lo))


def _vote_pairs(v: Votes) -> tuple[Codes, Codes]:
    """Rows of every two votes by different judges on one item, the lower judge first."""
    order = np.lexsort((v.judge, v.item))
    start = np.searchsorted(v.item[order], np.arange(v.items.size))
    rank = np.arange(order.size) - start[v.item[order]]
    first, second = [], []
    for back in range(1, int(rank.max(initial=0)) + 1):
        at = np.flatnonzero(rank >= back)
        first.append(order[at - back])
        second.append(order[at])
    a, b = (np.concatenate(x) if x else np.empty(0, np.int64) for x in (first, second))
    different = v.judge[a] != v.judge[b]
    return a[different], b[different]
