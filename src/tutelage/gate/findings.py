"""One criterion against one figure: on the good side, on the bad side, or not known yet and what would settle it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tutelage.gate.criteria import Criterion
from tutelage.measure import intervals
from tutelage.records import Estimate, Figure, Rate, Undefined

Outcome = Literal["pass", "fail", "insufficient"]
_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a criterion. `needed` says what would settle it; `needed_n` how many units, where that is it."""

    metric: str
    side: Literal["at_most", "at_least"]
    bound: float
    blocking: bool
    outcome: Outcome
    figure: Figure
    why: str
    needed: str = ""
    needed_n: int | None = None

    def __str__(self) -> str:
        sign = "≤" if self.side == "at_most" else "≥"
        advice = "" if self.blocking else " (advice)"
        text = f"{self.outcome:<12} {self.metric} {sign} {self.bound:g}{advice}: {self.figure}; {self.why}"
        return f"{text}. {self.needed}" if self.needed else text


def judge(criterion: Criterion, figures: Mapping[str, Figure]) -> Finding:
    """The finding on one criterion. Only a whole interval on the good side passes."""
    figure = figures.get(criterion.metric, Undefined("the evidence does not hold it"))
    if isinstance(figure, Undefined):
        return _finding(criterion, figure, "insufficient", "nothing is known", "Measure it on held-out prompts.")
    if figure.level < criterion.level:
        why = f"its interval is at {figure.level:.0%}, below {criterion.level:.0%}"
        return _finding(criterion, figure, "insufficient", why, f"Report it at {criterion.level:.0%}.")
    if figure.n < criterion.min_n:
        why = f"it rests on {figure.n} units"
        return _finding(
            criterion, figure, "insufficient", why, f"At least {criterion.min_n} are asked for.", criterion.min_n
        )
    unscored = figure.unscored if isinstance(figure, Rate) else 0
    if unscored > criterion.max_unscored * (figure.n + unscored):
        why = f"{unscored} of {figure.n + unscored} rows could not be graded"
        return _finding(criterion, figure, "insufficient", why, "Find out why, and grade them.")
    lo, hi = _claimed(figure)
    bad = lo > criterion.bound if criterion.side == "at_most" else hi < criterion.bound
    if bad:
        return _finding(criterion, figure, "fail", "the whole interval is on the bad side")
    good = hi <= criterion.bound if criterion.side == "at_most" else lo >= criterion.bound
    if good:
        return _finding(criterion, figure, "pass", "the whole interval is on the good side")
    return _straddles(criterion, figure)


def _claimed(figure: Rate | Estimate) -> tuple[float, float]:
    """The ends that the figure claims: a one-sided interval claims nothing beyond the other."""
    sided = figure.sided if isinstance(figure, Estimate) else "two"
    return (-math.inf if sided == "upper" else figure.lo), (math.inf if sided == "lower" else figure.hi)


def _straddles(criterion: Criterion, figure: Rate | Estimate) -> Finding:
    n = n_to_settle(figure, criterion.bound)
    on_good = figure.value < criterion.bound if criterion.side == "at_most" else figure.value > criterion.bound
    if n is None:
        needed = "The value lies on the bound: no number of rows would settle it."
    else:
        likely = "pass" if on_good else "fail"
        needed = f"About {n} units would settle it (as {likely}, if the value stays at {figure.value:.3g})."
    return _finding(criterion, figure, "insufficient", "its interval holds the bound", needed, n)


def n_to_settle(figure: Rate | Estimate, bound: float) -> int | None:
    """About how many units would put the interval on one side of the bound if the value stayed; None if none would.

    Exact binomial for a Rate (no hits of 59 stay below 5 % at one-sided 95 %, 72 at two-sided 95 %); for an
    Estimate the half width shrinks as 1/√n.
    """
    gap = abs(figure.value - bound)
    if gap == 0:
        return None
    if isinstance(figure, Estimate):
        half = figure.hi - figure.value if figure.value < bound else figure.value - figure.lo
        grown = figure.n * (half / gap) ** 2
        return math.ceil(grown) if grown <= _MOST else None

    def settled(n: int) -> bool:
        lo, hi = intervals.clopper_pearson(figure.value * n, n, figure.level)
        return hi <= bound if figure.value < bound else lo >= bound

    low, high = figure.n, max(2 * figure.n, 2)
    while not settled(high):
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settled(middle) else (middle, high)
    return high


def _finding(
    c: Criterion, figure: Figure, outcome: Outcome, why: str, needed: str = "", needed_n: int | None = None
) -> Finding:
    return Finding(c.metric, c.side, c.bound, c.blocking, outcome, figure, why, needed, needed_n)
