"""A plan as a page to hand on: the answer, the ways beside one another, and every assumption with its source."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from tutelage.cli.plan.show import amount, band

if TYPE_CHECKING:
    from tutelage.planning import Plan
    from tutelage.records import Estimate
    from tutelage.report import Page, Section


def write(p: Plan, path: Path) -> None:
    """Write it as one HTML file, whole or not at all."""
    from tutelage import report

    report.write(_page(p), path)


def _page(p: Plan) -> Page:
    from tutelage.report import Page

    return Page(f"Plan: {p.name}", p.needed.question, "blocked" if p.blocked else "done",
                (_answer(p), _ways(p), _layers(p), _assumptions(p)))  # fmt: skip


def _whole(e: Estimate, p: Plan) -> Estimate:
    """In whole currency: people read a page."""
    unit = 10**p.minor_digits
    return dataclasses.replace(e, value=e.value / unit, lo=e.lo / unit, hi=e.hi / unit, unit=p.currency)


def _answer(p: Plan) -> Section:
    from tutelage.report import Callout, Fact, FigureCard, Section

    return Section(
        "The answer", f"{p.items:,} items; {p.needed.note}.",
        (
            *(Callout("warn", line, title="Next") for line in p.advice),
            FigureCard("Cost", _whole(p.cost, p)), FigureCard("Calendar", p.weeks, f"held up by {p.bottleneck}"),
            Fact("Where", p.channel.channel, "; ".join((p.channel.why, *p.channel.overrides))),
        ),
    )  # fmt: skip


def _ways(p: Plan) -> Section:
    from tutelage.report import FigureTable, IntervalChart, Section

    return Section(
        "Ways to do it, and what drives the cost", "Bands are P10 to P90. One assumption at a time, others as likely.",
        (
            IntervalChart("Cost", tuple((w.name, _whole(w.cost, p)) for w in p.alternatives), unit=p.currency),
            FigureTable("Notes", ("Way", "Cost", "Note"),
                        tuple((w.name, band(w.cost, p), w.note) for w in p.alternatives)),
            FigureTable(
                "What drives the cost", ("Assumption", "least", "most", "basis"),
                tuple((d.name, amount(d.low, p), amount(d.high, p), d.basis) for d in p.drivers),
            ),
        ),
    )  # fmt: skip


def _layers(p: Plan) -> Section:
    from tutelage.report import FigureTable, Section

    rows = tuple(
        (row.name, f"{row.judgments:,}", f"{row.hours:,.0f}", "" if row.people is None else f"{row.people:,}",
         f"{amount(row.cost, p)} {p.currency}")
        for row in p.layers
    )  # fmt: skip
    people = tuple(
        (r.layer, r.language, f"{r.people:,}", f"{r.there:,}", "" if r.write_to is None else r.write_to)
        for r in p.recruit
    )
    return Section("Who", "In the likely case.", (
        FigureTable("Layers", ("Layer", "Judgments", "Hours", "People", "Cost"), rows),
        FigureTable("To recruit", ("Layer", "Language", "At work", "There", "Experts to write to"), people),
    ))  # fmt: skip


def _assumptions(p: Plan) -> Section:
    from tutelage.report import FigureTable, Section

    rows = tuple(
        (str(a["name"]), f"{a['low']:.4g} – {a['likely']:.4g} – {a['high']:.4g}", str(a["unit"]), str(a["basis"]))
        for a in p.assumptions
    )
    return Section("What it assumes", f"Seed {p.seed}, {p.cost.n:,} draws.",
                   (FigureTable("Assumptions", ("Name", "Least – likely – most", "Unit", "Basis"), rows),))  # fmt: skip
