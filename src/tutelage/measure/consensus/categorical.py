"""Consensus of labels: the majority, one-coin judges, and Dawid–Skene with shrunken confusion rows.

Two sparse products a round: with A the (items, judges × values) table, the E-step is A @ log π and the M-step Aᵀ @ P.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import optimize, sparse, special

from tutelage.errors import DidNotConverge
from tutelage.measure.arrays import Codes, Floats, tally
from tutelage.measure.consensus.votes import Consensus, Votes, gold_codes
from tutelage.records.figures import Undefined

BLOCK = 8_192  # items at a time
FLOOR = 1e-10  # least probability of an answer: no single vote may veto all others
MOST_CELLS = 100_000_000  # of all judges' matrices together, judges × values²: 0.8 GB, of which a fit holds a few
ALIKE, NO_LIMIT = 1e5, 1e6  # kappas above which the votes show no differences; at which all judges are one


def majority(v: Votes, *, gold: Mapping[Any, Any] | None = None) -> Consensus | Undefined:
    """The shares of the votes, (I, K); the value is the plurality, a tie stays a tie. Gold is clamped."""
    if v.item.size == 0:
        return Undefined("no votes")
    p = _clamped(v.shares(), gold_codes(v, gold) if gold else None)
    return Consensus("majority", v.items, v.judges, v.values, p, p.mean(0))


def one_coin(
    v: Votes, *, gold: Mapping[Any, Any] | None = None, tol: float = 1e-9, rounds: int = 1000
) -> Consensus | Undefined:
    """Each judge is right with one probability, and wrong in every way equally often; the prior of values is free.

    A judge's rate is shrunk to the mean by two imagined votes, so that one vote makes nobody perfect.
    Errors as `dawid_skene`. Source: Zhang et al. 2014, section 4 (the one-coin model).
    """
    if (why := _no_matrices(v)) is not None:
        return why
    known = gold_codes(v, gold) if gold else None
    i, j, k = v.shape
    weight = np.ones(v.item.size) if v.weight is None else v.weight
    p = _clamped(v.shares(), known)
    total = tally(v.judge, weight, j)
    trace: list[float] = []
    mean = 0.5
    for _ in range(rounds):
        prior = (p.sum(0) + 1) / (i + k)
        hits = tally(v.judge, weight * p[v.item, v.value], j)
        if len(trace) < 20:  # then the mean judge stands still, so that the objective can only rise
            mean = float((hits.sum() + 1) / (total.sum() + 2))
        skill = np.clip((hits + 2 * mean) / (total + 2), FLOOR, 1 - FLOOR)
        miss = np.log((1 - skill) / (k - 1))
        gain = tally(v.item * k + v.value, weight * (np.log(skill) - miss)[v.judge], i * k).reshape(i, k)
        p, fit = _posterior(gain + tally(v.item, weight * miss[v.judge], i)[:, None], prior, known)
        fit += float((2 * mean * np.log(skill) + 2 * (1 - mean) * np.log(1 - skill)).sum() + np.log(prior).sum())
        trace.append(fit)
        if len(trace) > 20 and trace[-1] - trace[-2] <= tol * i:
            confusion = np.repeat(((1 - skill) / (k - 1))[:, None, None], k, 1).repeat(k, 2)
            confusion[:, np.arange(k), np.arange(k)] = skill[:, None]
            return Consensus(
                "one-coin", v.items, v.judges, v.values, p, prior, confusion, log_posterior=tuple(trace)
            )  # fmt: skip
    raise _not_converged("one-coin", rounds)


def dawid_skene(
    v: Votes,
    *,
    gold: Mapping[Any, Any] | None = None,
    kappa: float | None = None,
    tol: float = 1e-9,
    rounds: int = 2000,
) -> Consensus | Undefined:
    """Dawid–Skene: each judge has a confusion matrix; it and the true values are found together by EM.

    kappa  how many imagined votes draw each row of a judge's matrix to that of all judges: 0 is maximum likelihood,
           infinity one matrix for all; None estimates it from the votes (empirical Bayes), which is right for judges
           who gave few votes
    gold   item → known value: clamped, and teaches the judges' matrices
    tol    stops when the log posterior rises by less than this per item
    The start is the shares of the votes. The log posterior never falls: a fall raises an error, never an answer.
    Undefined where no order of the values makes the judges better than chance at their own (a label-swapped optimum).
    The posterior is over-sharp, as the matrices are taken as known: `uncertainty.widen`, `calibration.temperature`.
    Needs three independent judges on an item somewhere. Raises DidNotConverge after `rounds`.
    Source: Dawid and Skene 1979; Paun et al. 2018 for the hierarchical form.
    """
    if (why := _no_matrices(v)) is not None:
        return why
    known = gold_codes(v, gold) if gold else None
    em = _Em(v, known)
    start = _clamped(v.shares(), known)
    if kappa == 0:
        p, trace = em.run(start, 0.0, None, tol, rounds)
        return em.result("dawid-skene, maximum likelihood", p, 0.0, None, trace)
    p, trace = em.run(start, np.inf, None, tol, rounds)
    pooled = em.pooled(p)
    strength = estimate_kappa(em.counts(start), pooled) if kappa is None else kappa
    for again in range(3):
        if strength >= NO_LIMIT:
            return em.result("dawid-skene, one matrix for all", p, np.inf, pooled, trace)
        p, trace = em.run(start, strength, pooled, tol, rounds)
        if kappa is not None or again == 2:
            break
        pooled, before = em.pooled(p), strength
        strength = estimate_kappa(em.counts(p), pooled)
        start = p
        if abs(np.log(strength / before)) < 0.05:
            strength = before
            break
    return em.result("dawid-skene, shrunken rows", p, strength, pooled, trace)


class _Em:
    """The two products, the objective, and the stop."""

    def __init__(self, v: Votes, known: Codes | None) -> None:
        self.v, self.known = v, known
        self.i, self.j, self.k = v.shape
        self.votes: sparse.csr_array = v.table()
        self.given: sparse.csc_array = self.votes.T  # the same memory, read down its columns

    def counts(self, p: Floats) -> Floats:
        """(J, K, K) expected votes: judge, true value, value given."""
        c: Floats = np.asarray(self.given @ p).reshape(self.j, self.k, self.k)
        return c.transpose(0, 2, 1)

    def pooled(self, p: Floats) -> Floats:
        """(K, K) the rows of all judges together, each with one imagined vote spread evenly."""
        c: Floats = self.counts(p).sum(0) + 1 / self.k
        return np.asarray(c / c.sum(1, keepdims=True))

    def matrices(self, p: Floats, kappa: float, pooled: Floats | None) -> Floats:
        """(J, K, K) most probable confusion rows given the posterior."""
        if np.isinf(kappa):
            return np.broadcast_to(self.pooled(p), (self.j, self.k, self.k))
        c = self.counts(p)
        if kappa > 0 and pooled is not None:
            c = c + kappa * pooled
        c = np.maximum(c, FLOOR)
        return np.asarray(c / c.sum(2, keepdims=True))

    def run(
        self, p: Floats, kappa: float, pooled: Floats | None, tol: float, rounds: int, *, must: bool = True
    ) -> tuple[Floats, tuple[float, ...]]:
        """EM from posterior p at fixed kappa and pooled rows. Returns the posterior and the objective by round."""
        trace: list[float] = []
        smooth = 0.0 if kappa == 0 else 1.0
        for _ in range(rounds):
            prior = np.maximum((p.sum(0) + smooth) / (self.i + smooth * self.k), FLOOR)
            pi = self.matrices(p, kappa, pooled)
            by_vote = np.log(pi).transpose(0, 2, 1).reshape(self.j * self.k, self.k)
            p, fit = _posterior(np.asarray(self.votes @ by_vote), prior, self.known)
            fit += self._log_prior(pi, prior, kappa, pooled, smooth)
            if trace and fit < trace[-1] - 1e-7 * (1 + abs(fit)):
                raise DidNotConverge(
                    f"The log posterior fell from {trace[-1]:.6f} to {fit:.6f}.",
                    expected="a rise in every round of EM",
                    remedy="This is a fault of ours: please report it with the table.",
                )  # fmt: skip
            trace.append(fit)
            if len(trace) > 1 and trace[-1] - trace[-2] <= tol * self.i:
                return p, tuple(trace)
        if must:
            raise _not_converged("Dawid–Skene", rounds)
        return p, tuple(trace)

    def _log_prior(self, pi: Floats, prior: Floats, kappa: float, pooled: Floats | None, smooth: float) -> float:
        own = smooth * float(np.log(prior).sum())
        if np.isinf(kappa):
            return own + float(np.log(pi[0]).sum()) / self.k
        return own + (kappa * float((pooled * np.log(pi)).sum()) if kappa > 0 and pooled is not None else 0.0)

    def result(
        self, method: str, p: Floats, kappa: float, pooled: Floats | None, trace: tuple[float, ...]
    ) -> Consensus | Undefined:
        total = self.pooled(p)
        rows, columns = optimize.linear_sum_assignment(-np.log(total))
        if (rows != columns).any() and self.known is None:
            return Undefined("label-swapped: judges would agree better with the values under other names")
        notes = () if self.known is None else (f"{(self.known >= 0).sum()} gold items",)
        prior = p.mean(0)
        return Consensus(
            method, self.v.items, self.v.judges, self.v.values, p, prior, self.matrices(p, kappa, pooled),
            kappa=kappa, log_posterior=trace, notes=notes,
        )  # fmt: skip


def _posterior(log_votes: Floats, prior: Floats, known: Codes | None) -> tuple[Floats, float]:
    """Posterior (I, K) from the log likelihood of each item's votes, and Σ log likelihood, in log space.

    Written over `log_votes`, block by block: a block stays in the cache, and no second table of all items is held.
    """
    log_prior, total = np.log(prior)[:, None], 0.0
    for start in range(0, log_votes.shape[0], BLOCK):
        part = log_votes[start : start + BLOCK]
        joint = np.ascontiguousarray(part.T)  # (K, B): a sum over a few values is fast along the long axis
        joint += log_prior
        top = joint.max(0)
        each = top.copy()
        if known is not None:
            gold = known[start : start + BLOCK]
            rows = np.flatnonzero(gold >= 0)
            seen = joint[gold[rows], rows]
        joint -= top
        np.exp(joint, out=joint)
        of_item = joint.sum(0)
        joint /= of_item
        each += np.log(of_item)
        if known is not None:
            each[rows] = seen
        part[...] = joint.T
        total += float(each.sum())
    return _clamped(log_votes, known), total


def _clamped(p: Floats, known: Codes | None) -> Floats:
    if known is not None:
        rows = np.flatnonzero(known >= 0)
        p[rows] = 0.0
        p[rows, known[rows]] = 1.0
    return p


def estimate_kappa(counts: Floats, pooled: Floats) -> float:
    """The kappa under which the judges' rows (J, K, K) of expected votes are most probable: empirical Bayes.

    Each row is Dirichlet–multinomial around the pooled row (K, K). Within [0.1, 10^6].
    """
    total = counts.sum(2)
    rows = total > 0

    def cost(log_kappa: float) -> float:
        k = np.exp(log_kappa)
        gain = (special.gammaln(counts + k * pooled) - special.gammaln(k * pooled)).sum(2)
        return -float((special.gammaln(k) - special.gammaln(k + total) + gain)[rows].sum())

    found = optimize.minimize_scalar(
        cost, bounds=(np.log(0.1), np.log(NO_LIMIT)), method="bounded", options={"xatol": 1e-5}
    )
    strength = float(np.exp(found.x))
    return strength if strength < ALIKE else NO_LIMIT


def _no_matrices(v: Votes) -> Undefined | None:
    """Why judges cannot have matrices here, or None: no votes, one value, free text with a value of its own each."""
    _, j, k = v.shape
    if v.item.size == 0:
        return Undefined("no votes")
    if k < 2:
        return Undefined("all votes are one value: nothing to decide (pass `order` with every possible value)")
    if j * k * k > MOST_CELLS:
        return Undefined(f"{k:,} different values by {j:,} judges: too many for a table of mistakes of each judge")
    return None


def _not_converged(what: str, rounds: int) -> DidNotConverge:
    return DidNotConverge(
        f"{what} still moved after {rounds} rounds.",
        expected="a standstill",
        remedy="Raise `rounds`, or `tol` if the answer need not be so exact.",
    )
