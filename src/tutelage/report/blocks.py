"""What a page is made of: frozen values, so that a page can be built, compared and tested without HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tutelage.records import Figure

Tone = Literal["note", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class FigureCard:
    """One figure, large, with its interval, method and n beneath."""

    label: str
    figure: Figure
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A count or a word that is exact (rows in a file, a model's name): the only number without an interval."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class FigureTable:
    """Rows of figures and text under named columns; the first cell of a row names it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Figure | str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        wrong = next((i for i, row in enumerate(self.rows) if len(row) != len(self.columns)), None)
        if wrong is not None:
            raise ValueError(
                f"row {wrong} of {self.title!r} has {len(self.rows[wrong])} cells, not {len(self.columns)}"
            )


@dataclass(frozen=True, slots=True)
class Reference:
    """A line to hold figures against: a bound, a ceiling, no difference."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class IntervalChart:
    """Figures one under another on one scale. `unit="share"` prints per cent."""

    title: str
    rows: tuple[tuple[str, Figure], ...]
    reference: Reference | None = None
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A curve: y over x, in the order given; lo and hi are its band; None in y breaks the line.

    how  what a point is and its n, in words: "mean over 128 held-out pairs, 95 % bootstrap"
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]
    lo: tuple[float | None, ...] | None = None
    hi: tuple[float | None, ...] | None = None
    how: str = ""

    def __post_init__(self) -> None:
        if (self.lo is None) != (self.hi is None):
            raise ValueError(f"series {self.label!r} has one end of a band without the other")
        lengths = {len(part) for part in (self.x, self.y, self.lo, self.hi) if part is not None}
        if len(lengths) != 1:
            raise ValueError(f"series {self.label!r} has parts of {sorted(lengths)} points; they must agree")


@dataclass(frozen=True, slots=True)
class CurveChart:
    """Curves on one pair of axes. There is no second y axis: it can make any two curves meet."""

    title: str
    series: tuple[Series, ...]
    x_label: str
    y_label: str
    log_x: bool = False
    reference: Reference | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.log_x and any(x <= 0 for series in self.series for x in series.x):
            raise ValueError(f"{self.title!r} has a logarithmic x axis and an x that is not above 0")


@dataclass(frozen=True, slots=True)
class ReliabilityChart:
    """Predicted against observed, bin by bin: a calibrated judge lies on the diagonal. Both are shares."""

    title: str
    bins: tuple[tuple[float, Figure], ...]
    x_label: str = "predicted"
    y_label: str = "observed"
    note: str = ""


@dataclass(frozen=True, slots=True)
class BarChart:
    """Counts, one bar under another: how many items have one judgment, two, three. Counts are exact, not estimated."""

    title: str
    rows: tuple[tuple[str, int], ...]
    note: str = ""
    of: str = ""  # what is counted: "items"


@dataclass(frozen=True, slots=True)
class PairSample:
    """Two responses to one prompt as a judge saw them, and what was decided. All of it is hostile text."""

    prompt: str
    left: str
    right: str
    winner: Literal["left", "right", "tie", "neither", "unscored"]
    who: str
    why: str = ""
    left_label: str = "A"
    right_label: str = "B"
    heading: str = ""


@dataclass(frozen=True, slots=True)
class GateTable:
    """A gate decision as `tutelage gate --json` prints it."""

    decision: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage of a run."""

    name: str
    state: str
    seconds: float | None = None
    key: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class StageTable:
    """The stages of a run, in order."""

    rows: tuple[StageRow, ...]
    title: str = "Stages"


@dataclass(frozen=True, slots=True)
class Node:
    """A thing in a lineage and what it was made from."""

    label: str
    detail: str = ""
    digest: str = ""
    made_from: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class LineageTree:
    """From a checkpoint down to the judgments, judges and money behind it."""

    root: Node
    title: str = "Lineage"


@dataclass(frozen=True, slots=True)
class Prose:
    """Plain paragraphs, parted by an empty line."""

    text: str


@dataclass(frozen=True, slots=True)
class Callout:
    """Something the reader must not miss. The kind is said in words as well as colour."""

    kind: Tone
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """Blocks side by side on a wide screen, one under another on a phone."""

    blocks: tuple[Block, ...]


Block = (
    FigureCard
    | Fact
    | FigureTable
    | IntervalChart
    | CurveChart
    | ReliabilityChart
    | BarChart
    | PairSample
    | GateTable
    | StageTable
    | LineageTree
    | Prose
    | Callout
    | Beside
)


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of a page: what it shows, in one sentence, then the evidence."""

    title: str
    lead: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page. `status` is one word of the outcome: pass, fail, insufficient, or what state the run is in."""

    title: str
    subtitle: str
    status: str
    sections: tuple[Section, ...]
    footer: str = ""
