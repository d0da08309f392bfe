"""How often the judge says what a person says, over the whole batch."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from tutelage.errors import BadInput
from tutelage.measure.betting import poisson_interval
from tutelage.measure.certify.domains import at_most_over_rates, findings
from tutelage.measure.certify.result import DomainFinding
from tutelage.measure.certify.slices import Slice
from tutelage.measure.exact import (
    Sided,
    Stratum,
    count_interval,
    critical_count,
    sum_interval,
)
from tutelage.measure.sequential import mixture_sequence
from tutelage.records import Estimate, Undefined

UNIFORM = "uniform slice of this batch (declared, not recorded)"
RECORDED = "slice drawn with the recorded probabilities"


def wrong_interval(strata: list[Stratum], *, level: float, sided: Sided) -> tuple[int, int, str]:
    """(fewest, most, method) wrong verdicts in a batch whose labels were drawn at one or more rates."""
    if len(strata) == 1:
        part = strata[0]
        return *count_interval(part.marked, part.drawn, part.size, level=level, sided=sided), "exact hypergeometric"
    found = sum_interval(strata, [1] * len(strata), [0.1] * len(strata), level=level, sided=sided)
    return *found, f"exact, {len(strata)} sampling rates"


def agreement(s: Slice, *, level: float, sided: Sided = "two", anytime: bool = False) -> Estimate:
    """The share of the batch on which the judge agrees with a person: exact at any n, whatever the judge.

    anytime  valid after every label together (mixture sequence); needs `order` and one inclusion probability
    Agreement is with *one* person's label: people's own noise is inside it (see `Noise`).
    """
    side = _flipped(sided)  # a lower bound on agreement is an upper bound on errors
    N, n = len(s.ai), int(s.drawn.sum())
    own = s.own_rates
    strata = [] if own else s.strata(s.wrong)
    taken = [p for p in strata if p.drawn]
    if own:
        weight = 1 / s.rate[s.drawn]
        wrong = float(weight @ s.wrong[s.drawn] / weight.sum())
    else:
        wrong = sum(p.size * p.marked / p.drawn for p in taken) / sum(p.size for p in taken)
    if anytime:
        low, high, method = _ever(s, level, side)
    elif own:
        d = s.drawn
        lo, hi = poisson_interval(s.wrong[d].astype(float), s.rate[d], (0.0, 1.0), N, level=level, sided=side)
        low, high, method = lo * N, hi * N, "betting, unequal probabilities (Poisson draw)"
    else:
        low, high, method = wrong_interval(strata, level=level, sided=side)
    value = min(max(wrong, low / N), high / N)
    return Estimate(
        1 - value, 1 - high / N, 1 - low / N, method, n, level, sided, rows=N,
        assumptions=(UNIFORM if s.declared_uniform else RECORDED, "agreement with one person's label"),
    )  # fmt: skip


def _flipped(sided: Sided) -> Sided:
    sides: dict[Sided, Sided] = {"two": "two", "upper": "lower", "lower": "upper"}
    return sides[sided]


def _ever(s: Slice, level: float, sided: Sided) -> tuple[float, float, str]:
    if s.order is None or not s.one_rate:
        raise BadInput(
            "A sequence valid at any time needs the order of the labels and one inclusion probability.",
            expected="`order`, and pi equal for all items",
            remedy="Give `order` (--order C), or leave out --sequential.",
        )  # fmt: skip
    rows = np.flatnonzero(s.drawn)
    marks = s.wrong[rows][np.argsort(s.order[rows])]
    lo, hi = mixture_sequence(marks, population=len(s.ai), level=level, sided=sided)
    return float(lo[-1]) * len(s.ai), float(hi[-1]) * len(s.ai), "beta-binomial mixture, valid at any time"


def by_domain(s: Slice, *, level: float, require: float | None, anytime: bool = False) -> tuple[DomainFinding, ...]:
    """Agreement in each domain; with `require`, which domains meet it, false discoveries held at 1 - level (e-BH).

    anytime  figures that hold however often one looks, and no decisions: the test per domain is for one look
    """
    if len(s.domains) < 2:
        return ()
    parts = [s.where(s.domain == d) for d in range(len(s.domains))]
    figures = [
        agreement(p, level=level, anytime=anytime) if p.drawn.any() else Undefined("no label in this domain")
        for p in parts
    ]
    e = [_domain_e_value(p, 1 - require) for p in parts] if require is not None and not anytime else None
    return findings(s.domains, figures, e, 1 - level)


def _domain_e_value(part: Slice, allowed: float) -> float:
    if part.own_rates:
        return 1.0  # no evidence either way: chances of their own give a figure, not a test per domain
    return at_most_over_rates(part.strata(part.wrong), allowed)


def slice_to_settle(wrong: float, require: float, N: int, level: float) -> int | None:
    """How many uniform labels would decide `agreement >= require` either way, at the error rate seen so far.

    Four chances in five, one-sided exact test; None if even the whole batch would not.
    """
    allowed = int(np.floor((1 - require) * N + 1e-9))
    if N == 0 or abs(wrong - (1 - require)) * N < 1:
        return None

    def decides(n: int) -> bool:
        if wrong < 1 - require:
            return bool(binom.cdf(critical_count(n, N, allowed + 1, 1 - level), n, wrong) >= 0.8)
        correct = critical_count(n, N, N - allowed, 1 - level)
        return bool(binom.cdf(correct, n, 1 - wrong) >= 0.8)

    sizes = np.unique(np.geomspace(10, N, 120).astype(int))
    low, high = 0, len(sizes) - 1  # the whole batch always decides
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(int(sizes[middle])) else (middle + 1, high)
    return int(sizes[low])
