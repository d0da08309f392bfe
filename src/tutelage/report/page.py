"""From blocks to one self-contained HTML file: offline, no script, strict content policy, all text escaped."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count, groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tutelage.errors import BadInput
from tutelage.records import Estimate, Rate, Undefined, decode
from tutelage.report import blocks as b
from tutelage.report import charts, words

TONES: dict[str, b.Tone] = {
    "pass": "good", "done": "good", "fail": "bad", "blocked": "bad", "insufficient": "warn", "waiting": "warn",
    "supported": "good", "not supported": "warn", "alarm": "bad", "untested": "warn",
    "good": "good", "bad": "bad", "warn": "warn", "unscored": "warn", "undefined": "warn",
}  # fmt: skip
GLYPHS: dict[b.Tone, str] = {"good": "✓", "bad": "✕", "warn": "?", "note": "•"}


def write(page: b.Page, path: Path | str) -> Path:
    """Write a page as one HTML file, whole or not at all; returns its path."""
    target = Path(path)
    if target.is_dir():
        raise BadInput(f"{target} is a directory.", expected="a file name for the page", remedy="Add `report.html`.")
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(target.name + ".tmp")
    half.write_text(render(page), encoding="utf-8")
    os.replace(half, target)  # noqa: PTH105 - Path.replace is the same call; os.replace says that it is atomic
    return target


def render(page: b.Page) -> str:
    """A page as HTML. Byte-equal for equal pages; nothing in it runs or loads anything."""
    css = stylesheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    painter = _Painter()
    sections = [
        {"id": f"s{i}-{slug(s.title)}", "title": s.title, "lead": s.lead, "body": painter.all(s.blocks)}
        for i, s in enumerate(page.sections, 1)
    ]
    template = _environment().get_template("page.html")
    return template.render(page=page, sections=sections, css=Markup(css), css_hash=digest)  # noqa: S704 - our own file


@cache
def stylesheet() -> str:
    """Our one style sheet, as it is put into every page."""
    return (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def slug(title: str) -> str:
    """A title as a fragment id: letters, digits and hyphens only."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section"


def tone(word: str) -> b.Tone:
    """How an outcome is coloured; unknown words are neutral."""
    return TONES.get(word.lower(), "note")


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("tutelage.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        value_text=words.value_text,
        interval_text=words.interval_text,
        method_text=words.method_text,
        sample_text=words.sample_text,
        assumptions_text=words.assumptions_text,
        number=words.number,
        swatch=charts.swatch,
        tone=tone,
        glyph=lambda word: GLYPHS[tone(word)],
    )
    environment.filters["paragraphs"] = lambda text: [p for p in re.split(r"\n\s*\n", text) if p.strip()]
    environment.filters["method_of"] = words.method_text
    environment.filters["word_count"] = lambda text: len(text.split())
    environment.tests["figure"] = lambda value: isinstance(value, Estimate | Rate | Undefined)
    environment.tests["undefined_figure"] = lambda value: isinstance(value, Undefined)
    return environment


@dataclass
class _Painter:
    """Turns blocks into markup; hands out ids, so that no two pictures of a page share one."""

    def __post_init__(self) -> None:
        self.ids = count(1)
        self.macros: Any = _environment().get_template("blocks.html").module

    def all(self, blocks: Iterable[b.Block]) -> Markup:
        """Blocks in order; neighbouring figure cards and facts share one grid."""
        out = []
        for small, run in groupby(blocks, key=lambda block: isinstance(block, b.FigureCard | b.Fact)):
            painted = Markup("\n").join(self.one(block) for block in run)
            out.append(self.macros.grid(painted) if small else painted)
        return Markup("\n").join(out)

    def one(self, block: b.Block) -> Markup:
        """One block."""
        return _PAINT[type(block)](self, block)

    def chart(self, block: Any) -> Markup:
        """A chart in its two sizes, with its key and the table of its numbers."""
        draw, ident = charts.DRAW[type(block)], f"c{next(self.ids)}"
        wide, narrow = draw(block, charts.WIDE, ident + "w"), draw(block, charts.NARROW, ident + "n")
        macro = {
            b.IntervalChart: self.macros.interval_chart,
            b.CurveChart: self.macros.curve_chart,
            b.ReliabilityChart: self.macros.reliability_chart,
            b.BarChart: self.macros.bar_chart,
        }[type(block)]
        unit = "share" if isinstance(block, b.IntervalChart) and charts.shares(block) else getattr(block, "unit", "")
        painted: Markup = macro(block, wide, narrow, unit)
        return painted

    def beside(self, block: b.Beside) -> Markup:
        """Blocks in columns."""
        painted: Markup = self.macros.beside([self.one(inner) for inner in block.blocks])
        return painted

    def gate(self, block: b.GateTable) -> Markup:
        """A gate decision, its figures read back into figures."""
        painted: Markup = self.macros.gate_table(gate_rows(block.decision))
        return painted


def gate_rows(decision: Mapping[str, Any]) -> dict[str, Any]:
    """A gate decision with its encoded figures decoded, and each absent part empty: what the template shows."""
    keys = ("findings", "capabilities", "matters", "dissent")
    parts: dict[str, Any] = {key: [_decoded(row) for row in decision.get(key) or ()] for key in keys}
    parts["findings"] = [_finding(row) for row in parts["findings"]]
    about = {key: decision[key] for key in ("model", "criteria", "at", "expires") if decision.get(key)}
    return {"outcome": decision.get("outcome", "undefined"), "about": about, **parts}


def _finding(row: Mapping[str, Any]) -> dict[str, Any]:
    """A finding with its bound in one cell (`≤ 0.05, blocking`) instead of three."""
    if not {"metric", "side", "bound"} <= row.keys():
        return dict(row)
    sign = "≤" if row["side"] == "at_most" else "≥"
    weight = "blocking" if row.get("blocking", True) else "advice"
    rest = ("outcome", "figure", "why", "needed")
    required = f"{sign} {row['bound']:g}, {weight}"
    return {"criterion": row["metric"], "required": required, **{key: row.get(key, "") for key in rest}}


def _decoded(row: Any) -> Any:
    """A row with `figure` and other encoded figures inside it turned back into values."""
    if isinstance(row, Mapping):
        schema = str(row.get("schema", ""))
        figure = _FIGURES.get(schema)
        return decode(figure, dict(row)) if figure else {key: _decoded(value) for key, value in row.items()}
    return row


_FIGURES: dict[str, type] = {"estimate/1": Estimate, "rate/1": Rate, "undefined/1": Undefined}


def _by_macro(name: str) -> Callable[[_Painter, Any], Markup]:
    return lambda painter, block: getattr(painter.macros, name)(block)


_PAINT: dict[type, Callable[[_Painter, Any], Markup]] = {
    b.FigureCard: _by_macro("figure_card"),
    b.Fact: _by_macro("fact"),
    b.FigureTable: _by_macro("figure_table"),
    b.IntervalChart: _Painter.chart,
    b.CurveChart: _Painter.chart,
    b.ReliabilityChart: _Painter.chart,
    b.BarChart: _Painter.chart,
    b.PairSample: _by_macro("pair_sample"),
    b.GateTable: _Painter.gate,
    b.StageTable: _by_macro("stage_table"),
    b.LineageTree: _by_macro("lineage_tree"),
    b.Prose: _by_macro("prose"),
    b.Callout: _by_macro("callout"),
    b.Beside: _Painter.beside,
}
