"""A chart of the report's own drawing as one SVG file that stands alone, its key beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tutelage.records import Estimate, Figure
from tutelage.report.blocks import CurveChart, Reference, Series
from tutelage.report.charts import curve_chart, swatch
from tutelage.report.page import stylesheet

WIDTH = 760


@dataclass(frozen=True)
class Line:
    """A named curve: (x, figure) in order."""

    name: str
    points: Sequence[tuple[float, Figure]]


@dataclass(frozen=True)
class Panel:
    """Curves of one scale. Two scales are two panels, one above the other: a second y axis can make any curves meet."""

    y: str
    lines: Sequence[Line]


def chart(place: Path, title: str, lines: Sequence[Line], *, x: str, y: str, rule: float | None = None) -> None:
    """Write the SVG of one panel."""
    panels(place, title, [Panel(y, lines)], x=x, rule=rule)


def panels(place: Path, title: str, every: Sequence[Panel], *, x: str, rule: float | None = None) -> None:
    """Write the SVG of panels over one x, and one key beneath; `rule` is a line across the first."""
    reference = Reference(rule, f"{rule:g}") if rule is not None else None
    pictures, top, names = [], 0.0, [line.name for panel in every for line in panel.lines]
    before: tuple[Series, ...] = ()  # marks go on from panel to panel
    for number, panel in enumerate(every):
        last = number == len(every) - 1
        series = (*before, *map(_series, panel.lines))
        named = title if len(every) == 1 else f"{title} ({panel.y})"
        picture = CurveChart(named, series, x if last else "", panel.y, reference=None if number else reference)
        drawn = str(curve_chart(picture, WIDTH, f"{place.stem}-{number}")).replace(": no points; ", "")
        height = float(drawn.split(f'viewBox="0 0 {WIDTH} ')[1].split('"')[0])
        pictures.append(drawn.replace("<svg", f'<svg y="{top:g}" width="{WIDTH}" height="{height:g}"', 1))
        top += height - (0 if last else 14)  # no name of x beneath: the next panel may come closer
        before = tuple(Series("", (), ()) for _ in series)
    key = "".join(
        f'<g transform="translate({12 + 185 * (i % 4)} {top + 14})">'
        + str(swatch(i)).replace("<svg", '<svg width="34" height="16"', 1)
        + f'<text x="42" y="12">{name}</text></g>'
        for i, name in enumerate(names)
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {top + 44:g}">'
    style = f"<style><![CDATA[{stylesheet()} svg{{font:13px sans-serif}}]]></style>"
    place.write_text(head + style + "".join(pictures) + key + "</svg>\n", encoding="utf-8")


def _series(line: Line) -> Series:
    known = [(x, f) for x, f in line.points if isinstance(f, Estimate)]
    return Series(
        line.name, tuple(x for x, _ in known), tuple(f.value for _, f in known),
        tuple(f.lo for _, f in known), tuple(f.hi for _, f in known), "mean over seeds, 95 % t interval",
    )  # fmt: skip
