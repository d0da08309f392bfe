"""Figures in words: value, interval, and how it was found. What cannot be computed is said, never shown as 0."""

from __future__ import annotations

import math

from tutelage.records import Estimate, Figure, Rate, Undefined

THIN = "\u202f"  # narrow no-break space, between a number and its per cent sign
MOST_DIGITS = 4
_SHARE = {"share", "%", "proportion"}


def is_share(figure: Figure, unit: str = "") -> bool:
    """Whether a figure is shown in per cent: a Rate always, an Estimate when its unit (or the chart's) is a share."""
    if isinstance(figure, Rate) or unit in _SHARE:
        return True
    return isinstance(figure, Estimate) and figure.unit in _SHARE


def digits_for(lo: float, hi: float, *, least: int = 0) -> int:
    """Decimals that keep both ends of an interval apart and add no false precision; the same for all three numbers."""
    half = (hi - lo) / 2
    if half <= 0:
        return max(least, 2)
    return min(MOST_DIGITS, max(least, math.ceil(-math.log10(half / 2))))


def number(value: float, digits: int) -> str:
    """A number as print sets it: a true minus sign, thousands apart, no negative zero."""
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else "\u2212" + text[1:]
    return text


def _ends(figure: Estimate | Rate, unit: str) -> tuple[float, int, str]:
    """(factor, decimals, suffix) with which a figure and its ends are printed."""
    if is_share(figure, unit):
        return 100.0, digits_for(100 * figure.lo, 100 * figure.hi, least=1), f"{THIN}%"
    small = max(abs(figure.lo), abs(figure.hi)) < 10
    shown = unit or (figure.unit if isinstance(figure, Estimate) else "")
    return 1.0, digits_for(figure.lo, figure.hi, least=2 if small else 0), f"\u00a0{shown}" if shown else ""


def value_text(figure: Figure, unit: str = "") -> str:
    """`61.3 %`, `0.61`, or `undefined`."""
    if isinstance(figure, Undefined):
        return "undefined"
    factor, digits, suffix = _ends(figure, unit)
    return number(factor * figure.value, digits) + suffix


def interval_text(figure: Figure, unit: str = "") -> str:
    """`57.0 to 65.4 %`; a one-sided claim says `at least` or `at most`; an Undefined says why."""
    if isinstance(figure, Undefined):
        return figure.why
    factor, digits, suffix = _ends(figure, unit)
    lo, hi = number(factor * figure.lo, digits), number(factor * figure.hi, digits)
    side = figure.sided if isinstance(figure, Estimate) else "two"
    return {"two": f"{lo} to {hi}{suffix}", "lower": f"at least {lo}{suffix}", "upper": f"at most {hi}{suffix}"}[side]


def sample_text(figure: Figure) -> str:
    """`n 240`, with rows and unscored rows beside it where they differ."""
    if isinstance(figure, Undefined):
        return ""
    text = f"n {figure.n:,}"
    if isinstance(figure, Estimate) and figure.rows is not None and figure.rows != figure.n:
        text += f" ({figure.rows:,} rows)"
    if isinstance(figure, Rate):
        text += f" ({figure.k:,} of them)"
        if figure.unscored:
            text += f", {figure.unscored:,} unscored"
    return text


def method_text(figure: Figure) -> str:
    """`95 % interval, Wilson`: what the ends mean and where they come from."""
    if isinstance(figure, Undefined):
        return ""
    level = number(100 * figure.level, 0 if abs(100 * figure.level - round(100 * figure.level)) < 1e-9 else 1)
    side = "one-sided bound" if isinstance(figure, Estimate) and figure.sided != "two" else "interval"
    return f"{level}{THIN}% {side}, {figure.method}"


def assumptions_text(figure: Figure) -> str:
    """What must hold for the level to be kept; empty where nothing is assumed."""
    return "" if isinstance(figure, Undefined) else "; ".join(figure.assumptions)
