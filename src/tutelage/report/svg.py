"""The few marks our charts are drawn with: text is escaped, and the page's policy bars style attributes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


def tag(name: str, *children: str | Markup, **attributes: str | float | None) -> Markup:
    """One element. A trailing underscore is dropped and inner ones become hyphens: `class_`, `text_anchor`."""
    parts = [Markup("<"), escape(name)]
    for key, value in attributes.items():
        if value is not None:
            shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
            parts += [Markup(" "), escape(key.rstrip("_").replace("_", "-")), Markup('="'), escape(shown), Markup('"')]
    parts += [Markup(">"), *(escape(child) for child in children), Markup("</"), escape(name), Markup(">")]
    return Markup("").join(parts)


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> Markup:
    """A line of text with its baseline at y."""
    return tag("text", words, x=float(x), y=float(y), class_=class_ or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight stroke."""
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def marker(shape: int, x: float, y: float, class_: str, size: float = 4.0) -> Markup:
    """A point mark; series differ by shape before colour: circle, square, diamond, triangle."""
    corners: Sequence[tuple[float, float]] = (
        (),
        ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        ((0, -1.35), (1.35, 0), (0, 1.35), (-1.35, 0)),
        ((0, -1.3), (1.2, 1), (-1.2, 1)),
    )[shape % 4]
    if not corners:
        return tag("circle", cx=float(x), cy=float(y), r=float(size), class_=class_)
    points = " ".join(f"{x + size * dx:.2f},{y + size * dy:.2f}" for dx, dy in corners)
    return tag("polygon", points=points, class_=class_)


def drawing(width: float, height: float, title: str, description: str, ident: str, *marks: Markup) -> Markup:
    """The whole picture, named and described for those who do not see it."""
    return tag(
        "svg",
        tag("title", title, id=f"{ident}-t"),
        tag("desc", description, id=f"{ident}-d"),
        *marks,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_labelledby=f"{ident}-t {ident}-d",
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """Data to pixels, linear or logarithmic."""

    lo: float
    hi: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        a, b, v = (math.log(x) for x in (self.lo, self.hi, value)) if self.log else (self.lo, self.hi, value)
        return self.start + (self.end - self.start) * (v - a) / (b - a)


def nice_step(span: float, steps: int) -> float:
    """The smallest of 1, 2, 2.5, 5 × a power of ten that covers `span` in at most about `steps` steps."""
    raw = span / max(1, steps)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)


def linear(values: Sequence[float], start: float, end: float, *, steps: int = 5) -> tuple[Scale, list[float]]:
    """A scale whose ends are round numbers around all values, and its ticks."""
    lo, hi = min(values), max(values)
    if hi - lo < 1e-9 * max(1.0, abs(lo), abs(hi)):
        pad = 0.5 * (abs(hi) if abs(hi) > 1e-6 else 1.0)
        lo, hi = lo - pad, hi + pad
    step = nice_step(hi - lo, steps)
    first, last = math.floor(lo / step + 1e-9), math.ceil(hi / step - 1e-9)
    ticks = [round(i * step, 12) for i in range(first, last + 1)]
    return Scale(ticks[0], ticks[-1], start, end), ticks


def logarithmic(values: Sequence[float], start: float, end: float) -> tuple[Scale, list[float]]:
    """A logarithmic scale and its ticks: the values themselves when few, else powers of ten (or of two)."""
    lo, hi = min(values), max(values)
    if lo == hi:
        lo, hi = lo / 2, hi * 2
    distinct = sorted(set(values))
    if len(distinct) <= 8:
        return Scale(lo, hi, start, end, log=True), distinct
    base = 10.0 if hi / lo >= 100 else 2.0
    powers = range(math.ceil(math.log(lo, base) - 1e-9), math.floor(math.log(hi, base) + 1e-9) + 1)
    return Scale(lo, hi, start, end, log=True), [base**p for p in powers] or [lo, hi]


def tick_texts(ticks: Sequence[float], *, share: bool = False) -> list[str]:
    """Tick labels with equal decimals, as few as keep them apart."""
    shown = [100 * t for t in ticks] if share else list(ticks)
    digits = next((d for d in range(5) if all(abs(round(t, d) - t) < 1e-9 * max(1.0, abs(t)) for t in shown)), 4)
    return [f"{t:,.{digits}f}".replace("-", "\u2212") + ("\u202f%" if share else "") for t in shown]
