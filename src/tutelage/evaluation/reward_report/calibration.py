"""Is a stated probability true? One temperature, never fitted on the pairs it is judged by; error with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from tutelage.evaluation.reward_report.held import Floats, Held, Mask
from tutelage.measure.arrays import Codes
from tutelage.measure.intervals import mean
from tutelage.records import Estimate, Figure, Undefined
from tutelage.training.head import grouped_folds

BINS, ROUNDS, MOST_FOLDS = 10, 200, 30
_FITTED = "the temperatures are taken as they were fitted"


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of similar stated share: what was stated, and the share of people who were on that side."""

    stated: float
    observed: Figure
    pairs: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """How true the stated shares are, before and after one temperature.

    of            what is foretold: the share of people, or the verdict
    split         which pairs each temperature was fitted on
    temperature   (lowest, highest) over the folds; above 1 the model was too sure
    error_before  mean |stated − observed| over bins of equal size (ECE, plug-in: above 0 even for a perfect model)
    """

    of: str
    split: str
    temperature: tuple[float, float] | None
    error_before: Figure
    error_after: Figure
    nats_before: Figure
    nats_after: Figure
    reliability: tuple[Bin, ...]


def calibrate(
    logit: Floats, target: Floats, data: Held, *, of: str, rng: np.random.Generator, level: float
) -> Calibration:
    """Cross-fitted by group: each group's temperature comes from all the other groups of the same held-out pairs.

    logit (p,) for the better answer; target (p,) the share to be foretold for it
    """
    groups = np.unique(data.group, return_inverse=True)[1]
    count = int(groups.max()) + 1
    nats_before = _nats(logit, target, data, level)
    before = calibration_error(logit, target, data, rng=rng, level=level)
    if count < 2:
        alone = Undefined("one group: no temperature can be fitted apart from the pairs it would be judged by")
        return Calibration(of, "none", None, before, alone, nats_before, alone, reliability(logit, target, data, level))
    k = count if count <= MOST_FOLDS else 10
    fold = grouped_folds(groups, k, rng)
    after, found = logit.copy(), []
    for f in range(int(fold.max()) + 1):
        found.append(temperature(logit[fold != f], target[fold != f]))
        after[fold == f] = logit[fold == f] / found[-1]
    split = f"by group, {'one left out' if k == count else f'{k} folds'}: never on the pairs of the group it is used on"
    error = calibration_error(after, target, data, rng=rng, level=level)
    return Calibration(
        of, split, (min(found), max(found)), before, error, nats_before, _nats(after, target, data, level),
        reliability(after, target, data, level),
    )  # fmt: skip


def temperature(logit: Floats, target: Floats) -> float:
    """The T for which σ(logit/T) foretells the shares best, in nats; within [0.02, 50]. Source: Guo et al. 2017."""

    def cost(log_t: float) -> float:
        u = logit * np.exp(-log_t)
        return float((np.logaddexp(0, u) - target * u).mean())

    found = optimize.minimize_scalar(cost, bounds=(-4, 4), method="bounded")
    return float(np.exp(found.x))


def sides(logit: Floats, target: Floats) -> tuple[Floats, Floats]:
    """(stated, observed) (p,) for the answer that the model prefers: nobody should see which one people chose."""
    ahead = logit >= 0
    return special.expit(np.abs(logit)), np.where(ahead, target, 1 - target)


def bins(x: Floats, k: int) -> list[Mask]:
    """k masks of about equal size, by rank of x; equal values of x stay together."""
    edges = np.unique(np.quantile(x, np.linspace(0, 1, k + 1)[1:-1]))
    code = np.searchsorted(edges, x, side="right")
    return [code == c for c in np.unique(code)]


def calibration_error(
    logit: Floats, target: Floats, data: Held, *, rng: np.random.Generator, level: float, kept: Mask | None = None
) -> Figure:
    """ECE with an interval over groups (over pairs where there is one group); Undefined for fewer than 20 pairs.

    The plug-in is above the truth on average, so a bootstrap of it would cover nothing near 0. The ends are taken
    apart: |ECE − truth| is at most the weighted noise of the bins (below), and the truth is at most what the plug-in
    is on average, which it misses by its own spread (above). Both by resampling groups; conservative in simulation
    (`tests/evaluation/reward_report`: 96 % and more at 95 %, from 6 groups on).
    """
    m = np.ones(data.pairs, bool) if kept is None else kept
    if m.sum() < 2 * BINS:
        return Undefined(f"{int(m.sum())} pairs for {BINS} bins: too few")
    stated, observed = sides(logit[m], target[m])
    names, code = np.unique(data.group[m], return_inverse=True)
    several = names.size > 1
    seed = int(rng.integers(2**63))
    value, lo, hi = _error(stated, observed, code if several else np.arange(code.size), seed, level)
    return Estimate(
        value, lo, hi, f"mean |stated − observed|, {BINS} bins of equal size; bootstrap of bins, {ROUNDS} rounds",
        int(names.size if several else m.sum()), level, rows=int(m.sum()), seed=seed,
        assumptions=("groups are independent of one another" if several else "pairs are independent", _FITTED),
    )  # fmt: skip


def _error(stated: Floats, observed: Floats, group: Codes, seed: int, level: float) -> tuple[float, float, float]:
    """(ECE, lo, hi) over groups (p,) of codes from 0."""
    bin_of = np.empty(stated.size, np.int64)
    for b, m in enumerate(bins(stated, BINS)):
        bin_of[m] = b
    g, k = int(group.max()) + 1, int(bin_of.max()) + 1
    at = group * k + bin_of
    count = np.bincount(at, minlength=g * k).reshape(g, k).astype(float)
    off = np.bincount(at, stated - observed, g * k).reshape(g, k)
    weight, gap = count.sum(0) / stated.size, off.sum(0) / count.sum(0)
    times = np.random.default_rng(seed).multinomial(g, np.full(g, 1 / g), ROUNDS)  # (rounds, g)
    c = times @ count
    again = np.where(c > 0, times @ off / np.maximum(c, 1), gap)
    noise = (weight * np.abs(again - gap)).sum(1)
    plug_ins = (c / c.sum(1, keepdims=True) * np.abs(again)).sum(1)
    tail = 0.5 + level / 2
    z = float(special.ndtri(tail))
    few = float(special.stdtrit(g - 1, tail)) / z * np.sqrt(g / (g - 1))  # few groups: a wider reach
    value = float((weight * np.abs(gap)).sum())
    below, above = few * float(np.quantile(noise, tail)), few * z * float(plug_ins.std())
    return value, float(max(0.0, value - below)), float(value + above)


def reliability(logit: Floats, target: Floats, data: Held, level: float) -> tuple[Bin, ...]:
    """Bins of the stated share of the preferred answer, each with the share observed."""
    stated, observed = sides(logit, target)
    return tuple(
        Bin(float(stated[m].mean()), data.mean(observed, m, level=level), int(m.sum())) for m in bins(stated, BINS)
    )


def _nats(logit: Floats, target: Floats, data: Held, level: float) -> Figure:
    several = np.unique(data.group).size > 1
    loss = np.logaddexp(0, logit) - target * logit
    return mean(loss, clusters=data.group if several else None, level=level, unit="nats")
