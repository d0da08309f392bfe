"""From votes to settled items in one call: the method, each item's answer, how likely it is right, and how we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from tutelage.errors import BadInput, Where
from tutelage.measure.arrays import Codes, Floats, confidence
from tutelage.measure.calibration import expected_calibration_error, temperature, tempered
from tutelage.measure.consensus.choose import METHODS, Choice, choose
from tutelage.measure.consensus.uncertainty import resamples
from tutelage.measure.consensus.votes import Consensus, Names, Votes, gold_codes
from tutelage.measure.intervals import win_rate
from tutelage.records.figures import Figure, Undefined

ENOUGH_TO_CALIBRATE = 30  # gold items
FOLDS = 5


@dataclass(frozen=True)
class Settled:
    """What the votes amount to, item by item.

    method       the method used;  why  in words;  choice  how it was chosen, None where it was named
    consensus    its fit, gold clamped
    code         (I,) most probable value, into `values`; −1 where two tie
    probability  (I,) that it is right: averaged over resamples of judges, tempered on gold where there are 30 items
    lo, hi       (I,) between which that probability lies over resamples of judges
    accuracy     on gold that the fit did not see; where the method was chosen on gold, each item left out of the choice
    ece_before   calibration error on gold of the method's own probabilities, which take the judges as known
    ece_after    of the ones given here, the temperature fitted on other folds of the gold
    temperature  above 1: the method was over-sharp; None without gold enough to tell
    """

    method: str
    why: str
    choice: Choice | None
    consensus: Consensus
    items: Names
    values: Names
    code: Codes
    probability: Floats
    lo: Floats
    hi: Floats
    accuracy: Figure
    ece_before: Figure
    ece_after: Figure
    temperature: float | None
    seed: int


def settle(
    v: Votes,
    *,
    gold: Mapping[Any, Any] | None = None,
    method: str = "auto",
    rng: np.random.Generator | int,
    rounds: int = 100,
    level: float = 0.95,
) -> Settled | Undefined:
    """Settle every item of a table of votes.

    gold    item → known value: chooses, teaches and calibrates; a gold item keeps its answer
    method  a name of METHODS, or "auto": `choose`
    rounds  resamples of judges, about five rounds of EM each
    Undefined where there is nothing to settle. Raises BadInput for a method that does not exist.
    """
    if method != "auto" and method not in METHODS:
        raise BadInput(
            f"There is no method {method!r}.", expected=", ".join(["auto", *METHODS]), remedy="Name one of them.",
            where=Where(field="method"),
        )  # fmt: skip
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)
    known = gold_codes(v, gold) if gold else np.full(v.items.size, -1, np.int64)
    choice = choose(v, gold=gold, rng=seed, level=level) if method == "auto" else None
    name, why = (choice.method, choice.claim) if choice else (method, "asked for")
    fit = choice.consensus if choice else METHODS[name](v, gold)
    blind = METHODS[name](v, None) if (known >= 0).any() else fit
    if isinstance(fit, Undefined) or isinstance(blind, Undefined):
        return fit if isinstance(fit, Undefined) else Undefined(str(getattr(blind, "why", "")))
    p, spread = _resampled(v, fit, gold, seed, rounds)
    rows = known >= 0
    unseen = _resampled(v, blind, None, seed, rounds)[0][rows] if rows.any() else p[:0]
    t = temperature(unseen, known[rows]) if rows.sum() >= ENOUGH_TO_CALIBRATE else None
    code, at = fit.code, np.arange(v.items.size)
    kept = np.where(code < 0, fit.posterior.argmax(1), code)
    q = p if t is None else np.where(rows[:, None], p, tempered(p, t))
    probability = q[at, kept]
    accuracy, before, after = _on_gold(blind, unseen, known, t, seed, level)
    lo, hi = _between(probability, spread[at, kept], level)
    return Settled(
        name, why, choice, replace(fit, posterior=q), v.items, v.values, code, probability, lo, hi,
        choice.accuracy if choice and choice.by == "gold" else accuracy, before, after, t, seed,
    )  # fmt: skip


def _resampled(
    v: Votes, fit: Consensus, gold: Mapping[Any, Any] | None, seed: int, rounds: int
) -> tuple[Floats, Floats]:
    """Mean and standard deviation (I, K) of the posterior over resamples of judges."""
    total, square = np.zeros_like(fit.posterior), np.zeros_like(fit.posterior)
    for p in resamples(v, fit, rng=seed, gold=gold, rounds=rounds):
        total += p
        square += p * p
    mean = total / rounds
    return mean / mean.sum(1, keepdims=True), np.sqrt(np.maximum(square / rounds - mean * mean, 0.0))


def _between(p: Floats, spread: Floats, level: float) -> tuple[Floats, Floats]:
    """(I,), (I,) quantiles of the Beta distribution with this mean and spread: a probability never leaves [0, 1]."""
    tail = (1 - confidence(level)) / 2
    inside = np.clip(p, 1e-9, 1 - 1e-9)
    size = np.maximum(inside * (1 - inside) / np.maximum(spread, 1e-6) ** 2 - 1, 1e-3)
    lo, hi = (special.betaincinv(inside * size, (1 - inside) * size, q) for q in (tail, 1 - tail))
    sure = spread < 1e-6
    return np.where(sure, p, np.minimum(lo, p)), np.where(sure, p, np.maximum(hi, p))


def _on_gold(
    blind: Consensus, unseen: Floats, known: Codes, t: float | None, seed: int, level: float
) -> tuple[Figure, Figure, Figure]:
    """Accuracy, calibration error of the fit's own probabilities, and of those given; gold that neither saw."""
    rows = known >= 0
    if not rows.any():
        return Undefined("no gold"), Undefined("no gold"), Undefined("no gold")
    truth, own = known[rows], blind.posterior[rows]
    given = unseen.copy()
    if t is not None:
        fold = np.random.default_rng(seed).permutation(truth.size) % FOLDS
        for f in range(FOLDS):
            given[fold == f] = tempered(unseen[fold == f], temperature(unseen[fold != f], truth[fold != f]))
    right = blind.right(known)[rows]
    answer = own.argmax(1)
    stated = given[np.arange(truth.size), answer]
    bins = max(2, min(10, truth.size // 15))
    before, after = (
        expected_calibration_error(x, right, rng=seed, level=level, bins=bins) for x in (own.max(1), stated)
    )
    return win_rate(right, level=level), before, after
