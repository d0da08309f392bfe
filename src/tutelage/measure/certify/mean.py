"""What people would say of the batch on average, with a judge's help and without trusting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tutelage.errors import BadInput, Insufficient
from tutelage.measure.betting import at_least_e_value, betting_sequence, fixed_n_interval, poisson_interval
from tutelage.measure.certify.agreement import RECORDED, UNIFORM
from tutelage.measure.certify.domains import findings
from tutelage.measure.certify.ppi import FEW_VALUES, explained, ppi_interval, stratified_interval
from tutelage.measure.certify.result import DomainFinding, Saving
from tutelage.measure.certify.slices import Mask, Slice
from tutelage.measure.exact import (
    Floats,
    Sided,
    Stratum,
    count_interval,
    sum_interval,
)
from tutelage.records import Estimate, Figure, Undefined

GAIN_FLOOR = 1.2  # a judge that saves less than one label in six is not worth its paperwork

TRUTHS = {"false": 0.0, "true": 1.0, "no": 0.0, "yes": 1.0}


@dataclass(frozen=True, slots=True)
class Ask:
    """How an interval is wanted."""

    level: float = 0.95
    sided: Sided = "two"
    seed: int = 0
    method: str = "auto"  # auto, exact (finite-sample), ppi++ (asymptotic)
    anytime: bool = False


def label_values(s: Slice, values: Mapping[str, float] | None) -> Floats | None:
    """(labels,) what each label counts as: `values`, else the labels where all are numbers or truths; else None."""
    if values is None and s.names is None:
        return s.levels
    if values is None and all(x.lower() in TRUTHS for x in s.labels):
        values = {x: TRUTHS[x.lower()] for x in s.labels}
    if values is not None:
        missing = [x for x in s.labels if x not in values]
        if missing:
            raise BadInput(f"No value is given for {missing[0]!r}.", expected="a number for every label that occurs",
                           remedy="Add it to `values`.")  # fmt: skip
        return np.array([float(values[x]) for x in s.labels])
    try:
        numbers = np.array([float(x) for x in s.labels])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def mean(s: Slice, numbers: Floats, support: Floats, ask: Ask) -> Estimate:
    """Mean human value over the batch.

    numbers  (labels,) what each label counts as;  support  sorted values that a person could give, extremes included
    Two possible values drawn at one rate: exact, post-stratified by verdict. Otherwise (stratified) PPI++ inside its
    validity region, labelled asymptotic; outside it, or where `method="exact"`, a finite-sample bound.
    Raises Insufficient where `method="ppi++"` is asked for outside that region.
    """
    drawn = s.drawn
    y, f_all = numbers[s.human[drawn]], numbers[s.ai]
    bounds = (float(support[0]), float(support[-1]))
    one_rate = s.one_rate
    if ask.anytime:
        return _ever(s, numbers, bounds, ask)
    two_values = len(support) <= 2 and not s.own_rates
    if two_values and one_rate and ask.method == "auto":
        return _two_values(s, numbers, support, ask)
    if ask.method != "exact":
        found = _normal(s, y, f_all, one_rate, ask)
        if isinstance(found, Estimate):
            return _within(found, bounds, s)
        if ask.method == "ppi++":
            raise Insufficient(f"PPI++ refuses: {found.why}.", expected="a slice inside its validity region",
                               remedy="Use method `exact`, or label more items.")  # fmt: skip
    if two_values:
        return _two_values(s, numbers, support, ask)
    if not one_rate:
        return _unequal(s, numbers, bounds, ask)
    proxy = (f_all[drawn], float(f_all.mean()))
    lo, hi = fixed_n_interval(y, bounds, population=len(s.ai), level=ask.level, sided=ask.sided, proxy=proxy,
                              seed=ask.seed)  # fmt: skip
    value = min(max(float(y.mean() - f_all[drawn].mean() + f_all.mean()), lo), hi)
    return Estimate(value, lo, hi, "betting, assisted by the judge (finite-sample)", int(drawn.sum()),
                    ask.level, ask.sided, rows=len(s.ai),
                    assumptions=(_drawn_how(s), f"values lie in {list(bounds)}"), seed=ask.seed)  # fmt: skip


def _normal(s: Slice, y: Floats, f_all: Floats, one_rate: bool, ask: Ask) -> Estimate | Undefined:
    """The asymptotic interval for this draw, or why there is none."""
    drawn = s.drawn
    if one_rate:
        return ppi_interval(y, f_all[drawn], f_all, level=ask.level, sided=ask.sided)
    if s.own_rates:
        return Undefined("items had many different chances")
    values, verdict = np.unique(f_all, return_inverse=True)
    cells = s.rate_code * len(values) + verdict if len(values) <= FEW_VALUES else s.rate_code
    cell = np.unique(cells, return_inverse=True)[1]
    return stratified_interval(y, f_all[drawn], cell[drawn], f_all, cell, level=ask.level, sided=ask.sided)


def share_of(s: Slice, label: int, ask: Ask) -> Estimate:
    """The share of the batch that people give this label: ties and every other class are classes of their own."""
    numbers = np.zeros(s.label_count)
    numbers[label] = 1.0
    both = np.array([0.0, 1.0])
    return _unequal(s, numbers, (0.0, 1.0), ask) if s.own_rates else _two_values(s, numbers, both, ask)


def _drawn_how(s: Slice) -> str:
    return UNIFORM if s.declared_uniform else RECORDED


def _within(found: Estimate, bounds: tuple[float, float], s: Slice) -> Estimate:
    low, high = bounds
    lo = max(found.lo, low) if found.sided != "upper" else low
    hi = min(found.hi, high) if found.sided != "lower" else high
    return Estimate(min(max(found.value, lo), hi), lo, hi, found.method, found.n, found.level, found.sided,
                    rows=len(s.ai), assumptions=(_drawn_how(s), *found.assumptions[1:]))  # fmt: skip


def _verdict_strata(s: Slice, high_human: Mask, high_ai: Mask) -> list[Stratum]:
    """Strata of verdict x inclusion probability; marked: the person gave the higher value. Empty ones left out."""
    sides = [s.strata(high_human, high_ai == side) for side in (False, True) if (high_ai == side).any()]
    return [stratum for side in sides for stratum in side]


def _two_values(s: Slice, numbers: Floats, levels: Floats, ask: Ask) -> Estimate:
    low, high = (float(levels[0]), float(levels[-1]))
    N, drawn = len(s.ai), s.drawn
    upper_human = drawn & (numbers[np.where(drawn, s.human, 0)] == high)
    strata = _verdict_strata(s, upper_human, numbers[s.ai] == high)
    if len(strata) == 1:
        part = strata[0]
        lo, hi = count_interval(part.marked, part.drawn, part.size, level=ask.level, sided=ask.sided)
        method = "exact hypergeometric"
    else:
        signs, guess = [1] * len(strata), [0.1] * len(strata)
        lo, hi = sum_interval(strata, signs, guess, level=ask.level, sided=ask.sided)
        rates = "" if len(strata) == 2 else " and sampling rate"
        method = f"exact, post-stratified by verdict{rates}"
    value = sum(p.size * (p.marked + 0.5 * (p.drawn == 0)) / max(p.drawn, 1) for p in strata)
    value = min(max(value, lo), hi)
    scale = (high - low) / N
    return Estimate(low + scale * value, low + scale * lo, low + scale * hi, method, int(drawn.sum()), ask.level,
                    ask.sided, rows=N, assumptions=(_drawn_how(s),))  # fmt: skip


def _unequal(s: Slice, numbers: Floats, bounds: tuple[float, float], ask: Ask) -> Estimate:
    drawn, N = s.drawn, len(s.ai)
    reach = bounds[1] - bounds[0]
    gap = numbers[s.human[drawn]] - numbers[s.ai[drawn]]
    lo, hi = poisson_interval(gap, s.rate[drawn], (-reach, reach), N, level=ask.level, sided=ask.sided)
    base = float(numbers[s.ai].mean())
    lo, hi = max(base + lo, bounds[0]), min(base + hi, bounds[1])
    value = min(max(base + float((gap / s.rate[drawn]).sum()) / N, lo), hi)
    return Estimate(value, lo, hi, "betting, unequal probabilities (Poisson draw)", int(drawn.sum()), ask.level,
                    ask.sided, rows=N, assumptions=(RECORDED, "items drawn independently of one another"))  # fmt: skip


def _ever(s: Slice, numbers: Floats, bounds: tuple[float, float], ask: Ask) -> Estimate:
    if s.order is None or not s.one_rate:
        raise BadInput(
            "A sequence valid at any time needs the order of the labels and one inclusion probability.",
            expected="`order`, and pi equal for all items",
            remedy="Give `order` (--order C), or leave out --sequential.",
        )  # fmt: skip
    rows = np.flatnonzero(s.drawn)
    rows = rows[np.argsort(s.order[rows])]
    gap = numbers[s.human[rows]] - numbers[s.ai[rows]]
    reach = bounds[1] - bounds[0]
    level = ask.level if ask.sided == "two" else 1 - 2 * (1 - ask.level)
    lo, hi = betting_sequence(gap, (-reach, reach), population=len(s.ai), level=level)
    base = float(numbers[s.ai].mean())
    low = max(base + float(lo[-1]), bounds[0]) if ask.sided != "upper" else bounds[0]
    high = min(base + float(hi[-1]), bounds[1]) if ask.sided != "lower" else bounds[1]
    low, high = min(low, bounds[1]), max(high, bounds[0])
    value = min(max(base + float(gap.mean()), low), high)
    return Estimate(value, low, high, "betting sequence on human minus judge, valid at any time", len(rows), ask.level,
                    ask.sided, rows=len(s.ai), assumptions=(_drawn_how(s),))  # fmt: skip


def saving(s: Slice, numbers: Floats, bounds: tuple[float, float], found: Estimate, ask: Ask) -> Saving | None:
    """What the judge saved for the mean, beside what any method could; None unless the slice has one rate."""
    if not s.one_rate or ask.anytime or found.hi <= found.lo:
        return None
    drawn, N = s.drawn, len(s.ai)
    y, f_all = numbers[s.human[drawn]], numbers[s.ai]
    limit = 1 / (1 - explained(y, f_all[drawn], f_all))
    alone = _without_judge(y, bounds, N, found, ask)
    achieved = ((alone[1] - alone[0]) / (found.hi - found.lo)) ** 2
    return Saving(limit, float(achieved), bool(limit >= GAIN_FLOOR and achieved >= GAIN_FLOOR))


def _without_judge(y: Floats, bounds: tuple[float, float], N: int, found: Estimate, ask: Ask) -> tuple[float, float]:
    """The same kind of interval from the human labels alone."""
    levels = np.unique(y)
    if found.method.startswith("exact"):
        lo, hi = count_interval(int((y == levels[-1]).sum()) if len(levels) > 1 else len(y), len(y), N,
                                level=ask.level)  # fmt: skip
        span = levels[-1] - levels[0] if len(levels) > 1 else 1.0
        return span * lo / N, span * hi / N
    if found.method.startswith("PPI"):
        reach = (found.hi - found.lo) / 2
        plain = ppi_interval(y, np.zeros_like(y) + 1e9, np.full(N, 1e9), level=ask.level)
        return (plain.lo, plain.hi) if isinstance(plain, Estimate) else (-reach, reach)
    return fixed_n_interval(y, bounds, population=N, level=ask.level, seed=ask.seed)


def by_domain(s: Slice, numbers: Floats, support: Floats, ask: Ask, require: float | None) -> tuple[DomainFinding, ...]:
    """The mean in each domain; with `require`, in which it is at least that, by e-BH over finite-sample e-values."""
    if len(s.domains) < 2:
        return ()
    figures: list[Figure] = []
    e = []
    bounds = (float(support[0]), float(support[-1]))
    for d in range(len(s.domains)):
        part = s.where(s.domain == d)
        drawn = part.drawn
        if not drawn.any():
            figures.append(Undefined("no label in this domain"))
            e.append(1.0)
            continue
        figures.append(mean(part, numbers, support, ask if ask.method != "ppi++" else replace(ask, method="auto")))
        if require is None or not part.one_rate:
            e.append(1.0)  # labels at several rates give a figure, not a test per domain
            continue
        f_all = numbers[part.ai]
        e.append(at_least_e_value(numbers[part.human[drawn]], bounds, require, population=len(f_all), seed=ask.seed,
                                  proxy=(f_all[drawn], float(f_all.mean())),
                                  goal=len(s.domains) / (1 - ask.level)))  # fmt: skip
    return findings(s.domains, figures, e if require is not None and not ask.anytime else None, 1 - ask.level)


def undefined_mean(s: Slice) -> Undefined:
    """Labels that are names have no mean."""
    return Undefined(f"labels such as {s.labels[0]!r} are not numbers; shares are given, or pass `values`")
