"""Shares of answers, over rows that may be clustered and may include some that could not be judged."""

from __future__ import annotations

from collections.abc import Sequence

from tutelage.measure import intervals
from tutelage.records import Estimate, Figure, Rate, Undefined


def share(flags: Sequence[bool | None], groups: Sequence[str], *, level: float = 0.95) -> Figure:
    """The share of True among rows that could be judged (None could not).

    One row a group gives an exact Rate with the unscored beside it. Several rows a group give an Estimate over
    groups; where some are unscored its interval covers whatever they might have been, and says so.
    """
    judged = [(f, g) for f, g in zip(flags, groups, strict=True) if f is not None]
    unscored = len(flags) - len(judged)
    if len(set(groups)) == len(groups):
        return intervals.rate(sum(f for f, _ in judged), len(judged), unscored=unscored, level=level)
    if not judged:
        return Undefined(f"no scored rows ({unscored} unscored)")
    found = _clustered([float(f) for f, _ in judged], [g for _, g in judged], level)
    if unscored == 0 or isinstance(found, Undefined):
        return found
    least, most = (_clustered([float(x if f is None else f) for f in flags], groups, level) for x in (0, 1))
    if isinstance(least, Undefined) or isinstance(most, Undefined):
        return Undefined("too few groups")
    either = f"{unscored} unscored rows may have gone either way: the interval covers both"
    return Estimate(
        found.value, min(found.lo, least.lo), max(found.hi, most.hi), found.method, found.n, level=level,
        rows=found.rows, assumptions=(*found.assumptions, either),
    )  # fmt: skip


def average(
    values: Sequence[float], groups: Sequence[str], *, level: float = 0.95, bounds: tuple[float, float] | None = None
) -> Estimate | Undefined:
    """The mean with a t interval over groups; where all values are equal, the interval that `bounds` allow.

    For figures whose spread is small beside their bounds, which would make the bounded interval far too wide.
    """
    found = intervals.mean(values, clusters=list(groups), level=level)
    if isinstance(found, Estimate) or bounds is None or len(set(groups)) < 2:
        return found
    return intervals.mean(values, clusters=list(groups), level=level, bounds=bounds)


def _clustered(values: Sequence[float], groups: Sequence[str], level: float) -> Estimate | Undefined:
    return intervals.win_rate(values, clusters=list(groups), level=level)


def units(figure: Figure) -> int:
    """The independent units a figure rests on; 0 where it is undefined."""
    return figure.n if isinstance(figure, (Rate, Estimate)) else 0
