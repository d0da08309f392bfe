"""Charts as SVG, drawn on the server: no script, two sizes (wide and narrow), every number also in a table beneath."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup

from tutelage.records import Estimate, Figure, Rate, Undefined
from tutelage.report.blocks import BarChart, CurveChart, IntervalChart, ReliabilityChart, Series
from tutelage.report.svg import Scale, drawing, line, linear, logarithmic, marker, tag, text, tick_texts
from tutelage.report.words import interval_text, is_share, number, value_text

WIDE, NARROW = 960.0, 360.0


def shares(chart: IntervalChart) -> bool:
    """Whether an interval chart's axis is in per cent: its unit says so, or any of its figures is a share."""
    return any(is_share(figure, chart.unit) for _, figure in chart.rows)


def clear_of(figure: Figure, reference: float) -> bool:
    """Whether the whole claimed interval lies on one side of the reference."""
    if isinstance(figure, Undefined):
        return False
    sided = figure.sided if isinstance(figure, Estimate) else "two"
    return (sided != "upper" and figure.lo > reference) or (sided != "lower" and figure.hi < reference)


def interval_chart(chart: IntervalChart, width: float, ident: str) -> Markup:
    """One line a figure: point, interval, and both as numbers at the right (above, when narrow)."""
    wide = width >= WIDE
    left, right, row, top = (250.0, width - 278.0, 40.0, 26.0) if wide else (6.0, width - 14.0, 54.0, 26.0)
    unit = "share" if shares(chart) else chart.unit
    known = [f for _, f in chart.rows if not isinstance(f, Undefined)]
    values = [v for f in known for v in (f.lo, f.hi)] + ([chart.reference.value] if chart.reference else [])
    x, ticks = linear(values or [0.0, 1.0], left, right, steps=6 if wide else 4)
    bottom = top + row * len(chart.rows) + 4
    marks = _ground(x, ticks, top - 8, bottom, tick_texts(ticks, share=unit == "share"))
    if chart.reference:
        at = x(chart.reference.value)
        marks.append(line(at, top - 8, at, bottom, "ref"))
        marks.append(_beside(at, top - 14, chart.reference.label, width, "reflabel"))
    for i, (label, figure) in enumerate(chart.rows):
        y = top + row * i + (row / 2 if wide else 36.0)
        marks += _row_words(label, figure, unit, y, width, wide=wide)
        if not isinstance(figure, Undefined):
            state = "open" if chart.reference and not clear_of(figure, chart.reference.value) else "clear"
            marks += _whisker(figure, x, y, state)
    spoken = "; ".join(f"{label}: {value_text(f, unit)}, {interval_text(f, unit)}" for label, f in chart.rows)
    beside = f" Reference line: {chart.reference.label}." if chart.reference else ""
    return drawing(width, bottom + 26, chart.title, spoken + "." + beside, ident, *marks)


def _whisker(figure: Estimate | Rate, x: Scale, y: float, state: str) -> list[Markup]:
    """The interval and its point. A one-sided claim is drawn on its claimed side only, with a bar at the bound."""
    sided = figure.sided if isinstance(figure, Estimate) else "two"
    lo = x(figure.value if sided == "upper" else figure.lo)
    hi = x(figure.value if sided == "lower" else figure.hi)
    marks = [line(lo, y, hi, y, f"whisker {state}")]
    if sided != "two":
        end = lo if sided == "lower" else hi
        marks.append(line(end, y - 6, end, y + 6, f"whisker {state}"))
    return [*marks, marker(0, x(figure.value), y, f"dot {state}", 5.5)]


def _row_words(label: str, figure: Figure, unit: str, y: float, width: float, *, wide: bool) -> list[Markup]:
    value = value_text(figure, unit).split("\u00a0")[0]  # the unit stands once, behind the ends of the interval
    ends = "see below for why" if isinstance(figure, Undefined) else interval_text(figure, unit)
    sample = "" if isinstance(figure, Undefined) else f"n {figure.n:,}"
    if not wide:
        line_one = f"{value} · {ends}" if sample else value
        return [text(6, y - 14, clip(label, 26), "label"), text(width - 6, y - 14, line_one, "value", "end")]
    lines = textwrap.wrap(label, 34, max_lines=2, placeholder=" …") or [""]
    down = y + 4.5 - 8 * (len(lines) - 1)
    words = [text(0, down + 16 * i, part, "label") for i, part in enumerate(lines)]
    words.append(text(width - 248, y + 4.5, value, "value"))
    words.append(text(width - 152, y + 4.5, ends, "ends"))
    if sample:
        words.append(text(width - 152, y + 18.5, sample, "fine"))
    return words


def curve_chart(chart: CurveChart, width: float, ident: str) -> Markup:
    """Curves with their bands; each series has its own dash and point mark, named in the key above."""
    height, left, right, top, bottom = _frame(width)
    xs = [x for s in chart.series for x in s.x]
    ys = [y for s in chart.series for part in (s.y, s.lo, s.hi) if part for y in part if y is not None]
    ys += [chart.reference.value] if chart.reference else []
    steps = 8 if width >= WIDE else 4
    x, xticks = logarithmic(xs or [1.0], left, right) if chart.log_x else linear(xs or [0.0], left, right, steps=steps)
    y, yticks = linear(ys or [0.0, 1.0], bottom, top, steps=6)
    xtexts = [f"{t:g}" for t in xticks] if chart.log_x else tick_texts(xticks)
    marks = _axes(chart.x_label, chart.y_label, x, y, xticks, yticks, xtexts, tick_texts(yticks))
    if chart.reference:
        marks.append(line(left, y(chart.reference.value), right, y(chart.reference.value), "ref"))
        marks.append(text(right, y(chart.reference.value) - 6, chart.reference.label, "reflabel", "end"))
    for i, series in enumerate(chart.series):
        marks += _curve(series, i, x, y)
    spoken = "; ".join(_spoken(s) for s in chart.series)
    axes = f"{chart.y_label} over {chart.x_label}{' (logarithmic)' if chart.log_x else ''}: "
    return drawing(width, height, chart.title, axes + spoken + ".", ident, *marks)


def _curve(series: Series, index: int, x: Scale, y: Scale) -> list[Markup]:
    marks: list[Markup] = []
    colour = f"s{index % 4}"
    if series.lo is not None and series.hi is not None:
        ends = [(a, lo, hi) for a, lo, hi in zip(series.x, series.lo, series.hi, strict=True)]
        for run in _runs((a, (lo, hi)) if lo is not None and hi is not None else None for a, lo, hi in ends):
            there = [f"{x(a):.2f},{y(hi):.2f}" for a, (_, hi) in run]
            back = [f"{x(a):.2f},{y(lo):.2f}" for a, (lo, _) in reversed(run)]
            marks.append(tag("polygon", points=" ".join(there + back), class_=f"band {colour}"))
    points = [(a, b) if b is not None else None for a, b in zip(series.x, series.y, strict=True)]
    marks += [
        tag("polyline", points=" ".join(f"{x(a):.2f},{y(b):.2f}" for a, b in curve), class_=f"curve {colour}")
        for curve in _runs(points)
    ]
    shown = [p for p in points if p is not None]
    every = max(1, -(-len(shown) // 12))  # about a dozen marks a curve: enough to tell them apart, not a rosary
    marks += [marker(index, x(a), y(b), f"mark {colour}") for a, b in shown[::-1][::every]]
    return marks


def _runs(points: Iterable[tuple[float, Any] | None]) -> list[list[tuple[float, Any]]]:
    """Consecutive known points, broken where one is missing."""
    runs: list[list[tuple[float, Any]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _spoken(series: Series) -> str:
    known = [(a, b) for a, b in zip(series.x, series.y, strict=True) if b is not None]
    if not known:
        return f"{series.label}: no points"
    (x0, y0), (x1, y1) = known[0], known[-1]
    return f"{series.label}: from {number(y0, 3)} at {x0:g} to {number(y1, 3)} at {x1:g}"


def reliability_chart(chart: ReliabilityChart, width: float, ident: str) -> Markup:
    """Observed share over predicted share with intervals; the diagonal is perfect calibration."""
    width = min(width, 400.0)
    left, right, top, bottom = 52.0, width - 24.0, 26.0, width - 50.0
    x, y = Scale(0.0, 1.0, left, right), Scale(0.0, 1.0, bottom, top)
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    marks = _axes(chart.x_label, chart.y_label, x, y, ticks, ticks, *(2 * [tick_texts(ticks, share=True)]))
    marks.append(line(x(0), y(0), x(1), y(1), "ref"))
    for predicted, figure in chart.bins:
        if isinstance(figure, Undefined):
            continue
        state = "clear" if figure.lo <= predicted <= figure.hi else "open"
        marks.append(line(x(predicted), y(figure.lo), x(predicted), y(figure.hi), f"whisker {state}"))
        marks.append(marker(0, x(predicted), y(figure.value), f"dot {state}", 5.0))
    spoken = "; ".join(f"{number(100 * p, 0)} % predicted: {value_text(f, 'share')} observed" for p, f in chart.bins)
    return drawing(width, width, chart.title, spoken + ".", ident, *marks)


def bar_chart(chart: BarChart, width: float, ident: str) -> Markup:
    """One bar a row from zero, its label at the left and its count at its end."""
    row, top, left = 26.0, 6.0, 150.0 if width >= WIDE else 100.0
    most = max((count for _, count in chart.rows), default=0)
    total = sum(count for _, count in chart.rows)
    x = Scale(0.0, float(max(1, most)), left, width - 110.0)
    marks = [line(left, top, left, top + row * len(chart.rows), "grid")]
    for i, (label, count) in enumerate(chart.rows):
        y = top + row * i
        marks.append(text(left - 8, y + 17, clip(label, 22 if width >= WIDE else 13), "label", "end"))
        long = max(1.5 if count else 0.0, x(float(count)) - left)
        marks.append(tag("rect", x=left, y=y + 5, width=long, height=row - 10, class_="bar-mark"))
        share = f" · {number(100 * count / total, 0)} %" if total else ""
        marks.append(text(left + long + 7, y + 17, f"{count:,}{share}", "value"))
    spoken = "; ".join(f"{label}: {count:,}" for label, count in chart.rows)
    return drawing(
        width, top + row * len(chart.rows) + 6, chart.title, f"{spoken} {chart.of}".strip() + ".", ident, *marks
    )


def swatch(index: int) -> Markup:
    """A series' sample for the key: its dash and its mark. It is decoration: the name stands beside it."""
    marks = (line(1, 8, 33, 8, f"curve s{index % 4}"), marker(index, 17, 8, f"mark s{index % 4}"))
    return tag("svg", *marks, viewBox="0 0 34 16", class_="swatch", aria_hidden="true")


def clip(label: str, most: int) -> str:
    """A label cut to `most` characters with an ellipsis; the table beneath has it whole."""
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"


def _frame(width: float) -> tuple[float, float, float, float, float]:
    """(height, left, right, top, bottom) of the plot."""
    height = 330.0 if width >= WIDE else 270.0
    return height, 58.0, width - 22.0, 30.0, height - 44.0


def _beside(x: float, y: float, words: str, width: float, class_: str) -> Markup:
    """Text centred on x, kept inside the picture."""
    half = 3.4 * len(words)
    return text(min(max(x, half + 2), width - half - 2), y, words, class_, "middle")


def _ground(x: Scale, ticks: list[float], top: float, bottom: float, labels: list[str]) -> list[Markup]:
    marks = [line(x(t), top, x(t), bottom, "grid") for t in ticks]
    return marks + [text(x(t), bottom + 18, words, "tick", "middle") for t, words in zip(ticks, labels, strict=True)]


def _axes(
    x_label: str,
    y_label: str,
    x: Scale,
    y: Scale,
    xticks: list[float],
    yticks: list[float],
    xtexts: list[str],
    ytexts: list[str],
) -> list[Markup]:
    """Quiet horizontal rules, tick words, and the axes' names where they are read first."""
    marks = [line(x.start, y(t), x.end, y(t), "grid") for t in yticks]
    marks += [text(x.start - 8, y(t) + 4, w, "tick", "end") for t, w in zip(yticks, ytexts, strict=True)]
    marks += [text(x(t), y.start + 18, w, "tick", "middle") for t, w in zip(xticks, xtexts, strict=True)]
    marks.append(text(0, y.end - 16, y_label, "axis"))
    marks.append(text(x.end, y.start + 37, x_label, "axis", "end"))
    return marks


DRAW: dict[type, Callable[[Any, float, str], Markup]] = {
    IntervalChart: interval_chart,
    CurveChart: curve_chart,
    ReliabilityChart: reliability_chart,
    BarChart: bar_chart,
}

__all__ = ["DRAW", "NARROW", "WIDE", "clear_of", "shares", "swatch"]
