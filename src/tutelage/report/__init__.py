"""Pages and SVG charts that fold all of the below: `write(Page(…), "report.html")`.

A page is a value made of blocks; `render` turns it into one HTML file that needs no network, no script and no server.
"""

from tutelage.report.blocks import (
    BarChart,
    Beside,
    Block,
    Callout,
    CurveChart,
    Fact,
    FigureCard,
    FigureTable,
    GateTable,
    IntervalChart,
    LineageTree,
    Node,
    Page,
    PairSample,
    Prose,
    Reference,
    ReliabilityChart,
    Section,
    Series,
    StageRow,
    StageTable,
)
from tutelage.report.judgments import Judged, judgments
from tutelage.report.page import render, write

__all__ = [
    "BarChart", "Beside", "Block", "Callout", "CurveChart", "Fact", "FigureCard", "FigureTable", "GateTable",
    "IntervalChart", "Judged", "LineageTree", "Node", "Page", "PairSample", "Prose", "Reference", "ReliabilityChart",
    "Section", "Series", "StageRow", "StageTable", "judgments", "render", "write",
]  # fmt: skip
