"""Is a stated probability true? One temperature, never fitted on the pairs it is judged by; error with its interval."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special

from tutelage.evaluation.reward_report.held import Floats, Held, Mask
from tutelage.measure.intervals import bootstrap
from tutelage.records import Figure, Undefined
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


def plug_in(stated: Floats, observed: Floats) -> float:
    """Mean |stated − observed| over bins of equal size, weighted by size."""
    return float(sum(m.mean() * abs(stated[m].mean() - observed[m].mean()) for m in bins(stated, BINS)))


def calibration_error(
    logit: Floats, target: Floats, data: Held, *, rng: np.random.Generator, level: float, kept: Mask | None = None
) -> Figure:
    """ECE with a bootstrap interval over groups (over pairs where there is one group)."""
    m = np.ones(data.pairs, bool) if kept is None else kept
    if m.sum() < 2 * BINS:
        return Undefined(f"{int(m.sum())} pairs for {BINS} bins: too few")
    stated, observed = sides(logit[m], target[m])
    several = np.unique(data.group[m]).size > 1
    found = bootstrap(
        plug_in, stated, observed, clusters=data.group[m] if several else None, rng=rng, rounds=ROUNDS, level=level
    )
    if isinstance(found, Undefined):
        return found
    method = f"mean |stated − observed|, {BINS} bins of equal size; {found.method}"
    return replace(found, method=method, assumptions=(*found.assumptions, _FITTED))


def reliability(logit: Floats, target: Floats, data: Held, level: float) -> tuple[Bin, ...]:
    """Bins of the stated share of the preferred answer, each with the share observed."""
    stated, observed = sides(logit, target)
    return tuple(
        Bin(float(stated[m].mean()), data.mean(observed, m, level=level), int(m.sum())) for m in bins(stated, BINS)
    )


def _nats(logit: Floats, target: Floats, data: Held, level: float) -> Figure:
    from tutelage.measure.intervals import mean

    several = np.unique(data.group).size > 1
    loss = np.logaddexp(0, logit) - target * logit
    return mean(loss, clusters=data.group if several else None, level=level, unit="nats")
