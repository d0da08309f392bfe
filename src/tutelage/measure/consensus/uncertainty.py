"""How sure a consensus may be when its judges are a sample: EM takes their matrices as known, and is over-sharp."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tutelage.errors import BadInput
from tutelage.measure.arrays import confidence
from tutelage.measure.consensus.categorical import _Em, _posterior
from tutelage.measure.consensus.votes import Consensus, Votes
from tutelage.records.figures import Estimate


def widen(
    v: Votes,
    fit: Consensus,
    *,
    rng: np.random.Generator | int,
    rounds: int = 200,
    level: float = 0.95,
) -> tuple[Consensus, dict[Any, Estimate]]:
    """The posterior (I, K) averaged over resamples of whole judges, and each value's share with its interval.

    fit  a Dawid–Skene consensus of the same votes; each resample starts from it and moves a few rounds
    Returns (consensus, value → share of items). Costs about 5 rounds of EM a resample; gold stays as it was in `fit`
    only through its posterior. Asymptotic in the number of judges.
    """
    if fit.confusion is None or fit.kappa is None:
        raise BadInput(
            f"The consensus is by {fit.method}.", expected="one by `dawid_skene`",
            remedy="Pass its result; a majority has no judges' matrices to resample.",
        )  # fmt: skip
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)
    inner = np.random.default_rng(seed)
    em = _Em(v, None)
    pooled = em.pooled(fit.posterior)
    mean, shares = np.zeros_like(fit.posterior), np.empty((rounds, v.values.size))
    for r in range(rounds):
        times = np.bincount(inner.integers(0, em.j, em.j), minlength=em.j).astype(float)
        p = _refit(em, fit, pooled, np.repeat(times, em.k)[:, None])
        mean += p / rounds
        shares[r] = p.mean(0)
    lo, hi = np.quantile(shares, [(1 - confidence(level)) / 2, 0.5 + level / 2], axis=0)
    value = fit.posterior.mean(0)
    prevalence = {
        name: Estimate(
            float(value[k]), min(float(lo[k]), float(value[k])), max(float(hi[k]), float(value[k])),
            f"judge-cluster bootstrap, {rounds} rounds", em.j, level=level, rows=int(v.item.size),
            assumptions=("judges are independent of one another", "the model of the judges holds"), seed=seed,
        )
        for k, name in enumerate(v.values.tolist())
    }  # fmt: skip
    mean /= mean.sum(1, keepdims=True)
    method = f"{fit.method}, averaged over {rounds} resamples of judges"
    return replace(fit, posterior=mean, method=method), prevalence


def _refit(em: _Em, fit: Consensus, pooled: np.ndarray[Any, Any], times: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """EM for a few rounds with each judge counted `times` over: copies of a judge share one matrix."""
    p, kappa = fit.posterior, fit.kappa or 0.0
    for _ in range(5):
        prior = np.maximum((p.sum(0) + 1) / (em.i + em.k), 1e-10)
        by_vote = np.log(em.matrices(p, kappa, pooled)).transpose(0, 2, 1).reshape(em.j * em.k, em.k)
        before, (p, _fit) = p, _posterior(np.asarray(em.votes @ (by_vote * times)), prior, None)
        if np.abs(p - before).max() < 1e-3:
            break
    return p
