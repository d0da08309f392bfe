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


def chart(place: Path, title: str, lines: Sequence[Line], *, x: str, y: str, rule: float | None = None) -> None:
    """Write the SVG."""
    reference = Reference(rule, f"{rule:g}") if rule is not None else None
    picture = CurveChart(title, tuple(_series(line) for line in lines), x, y, reference=reference)
    svg = str(curve_chart(picture, WIDTH, place.stem))
    start, end = svg.index(">") + 1, svg.rindex("</svg>")
    height = float(svg.split(f'viewBox="0 0 {WIDTH} ')[1].split('"')[0])
    key = "".join(
        f'<g transform="translate({12 + 185 * (i % 4)} {height + 14})">'
        + str(swatch(i)).replace("<svg", '<svg width="34" height="16"', 1)
        + f'<text x="42" y="12">{line.name}</text></g>'
        for i, line in enumerate(lines)
    )
    head = svg[:start].replace(
        f'viewBox="0 0 {WIDTH} {height:g}"',
        f'xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {WIDTH} {height + 44:g}"',
    )
    style = f"<style><![CDATA[{stylesheet()} svg{{font:13px sans-serif}}]]></style>"
    place.write_text(head + style + svg[start:end] + key + "</svg>\n", encoding="utf-8")


def _series(line: Line) -> Series:
    known = [(x, f) for x, f in line.points if isinstance(f, Estimate)]
    return Series(
        line.name, tuple(x for x, _ in known), tuple(f.value for _, f in known),
        tuple(f.lo for _, f in known), tuple(f.hi for _, f in known), "mean over seeds, 95 % t interval",
    )  # fmt: skip
