"""`tutelage measure FILE`: what the judgments of a file can and cannot support, on one screen or one page."""

from __future__ import annotations

import dataclasses
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.cli.measure import columns, duels, show
from tutelage.errors import BadInput

if TYPE_CHECKING:
    from tutelage.cli.measure.columns import Ballot, Sheet
    from tutelage.report.judgments import Judged
    from tutelage.report.taken import Taken

WIDTH = 100
BESIDE = {"ai": ("ai", "ai_label", "llm", "model_label"), "human": ("human", "human_label", "person", "people")}


def page(*, file: Path, html: Path | None, as_json: bool) -> None:
    """Read FILE, or a directory written by import; print the summary or every figure; write the page where asked.

    BadInput where it cannot be read.
    """
    from tutelage.report.judgments import judged
    from tutelage.report.taken import take

    if html is not None and html.resolve() == file.resolve():
        raise BadInput("--html is the file that is measured.", expected="another file", remedy="Name another.")
    sheet = None if file.is_dir() else columns.read_sheet(file)
    found = judged(take(file) if sheet is None else _taken(sheet))
    if html is not None:
        found.write(html)
    if as_json:
        console.emit(
            found.figures() | {"read": sheet.read if sheet else {}, "page": None if html is None else str(html)}
        )
        return
    _show(found)
    show.notes(found.taken.notes)
    if html is not None:
        console.note(f"The page: {html}")


def _taken(sheet: Sheet) -> Taken:
    """The judgments of a sheet: columns of an AI judge beside people, comparisons, or one judgment a row."""
    from tutelage.report.taken import take

    beside = {what: _called(sheet, names) for what, names in BESIDE.items()}
    taken: Taken | None = None
    if all(beside.values()):
        more = {what: _called(sheet, (what,)) for what in ("confidence", "pi")}
        asked = {what: name for what, name in {**beside, **more}.items() if name is not None}
        sheet.read.update(asked)
        arrays: dict[str, Any] = {what: sheet.names(name) for what, name in asked.items() if what in BESIDE}
        arrays |= {what: sheet.numbers(name) for what, name in asked.items() if what not in BESIDE}
        taken = take(None, **arrays)
    elif all(_called(sheet, columns.USUAL[what]) for what in ("left", "right")):
        taken = _compared(sheet)
    taken = taken or _of_ballot(columns.ballot(sheet, None, None, None, "last", judges_needed=False), sheet)
    return dataclasses.replace(taken, source=sheet.frame.path.name, notes=(*sheet.notes, *taken.notes))


def _called(sheet: Sheet, names: tuple[str, ...]) -> str | None:
    by_lower = {name.lower(): name for name in reversed(sheet.frame.columns)}
    return next((by_lower[name] for name in names if name in by_lower), None)


def _compared(sheet: Sheet) -> Taken | None:
    """Comparisons, and the votes that they are; None where nothing says who won."""
    from tutelage.report.taken import take

    if _called(sheet, columns.USUAL["winner"]) is None:
        return None
    found = duels.read(sheet, None, None, None, None, _called(sheet, ("prompt_id", "prompt")))
    arrays = {"left": found.left, "right": found.right, "winner": [_won(x) for x in found.outcome.tolist()],
              "judge": found.judge, "prompt": found.prompt}  # fmt: skip
    return take(None, **arrays)


def _won(outcome: float) -> str:
    return {1.0: "left", 0.0: "right"}.get(outcome, "tie")


def _of_ballot(votes: Ballot, sheet: Sheet) -> Taken:
    """The same judgments in the report's terms, with gold where the file has a column of it."""
    from tutelage.cli.measure.settle import read_gold
    from tutelage.report.taken import Taken

    values, numbers, gold = votes.values, votes.numbers, None
    answer = sheet.maybe("gold", None)
    if answer is not None:
        known = read_gold(sheet, votes, answer)
        gold = known.code if (known.code >= 0).any() else None
        if len(known.values) != len(values):
            import numpy as np

            values, numbers = np.array([*known.values, None], dtype=object)[:-1], None
    named = bool(len(votes.judges))
    judges = votes.judges if named else _rows(votes.n)
    return Taken(votes.item, votes.judge, votes.value, votes.items, judges, values, numbers, gold, named)


def _rows(n: int) -> Any:
    import numpy as np

    return np.array([*(f"row {k + 1}" for k in range(n)), None], dtype=object)[:-1]


def _show(found: Judged) -> None:
    """The summary: what there is, the figures to look at first, one sentence a verdict."""
    t, s = found.taken, found.study
    judges = f" by {t.judges.size:,} judges" if t.judges_named else ""
    console.say(f"{t.n:,} judgments of {t.items.size:,} items{judges}, {t.values.size:,} different values")
    rows = [("alpha", s.agreement["alpha"]), ("raw agreement", s.agreement["raw"]),
            ("items settled", s.consensus["sharp"]), ("right on gold", s.consensus["accuracy_on_gold"])]  # fmt: skip
    console.say()
    show.table(rows)
    console.say()
    for verdict in sorted(found.verdicts, key=lambda v: not v.holds):
        mark = click.style("+", fg="green") if verdict.holds else click.style("-", fg="yellow")
        text = textwrap.fill(verdict.sentence, WIDTH, initial_indent="", subsequent_indent="  ")
        console.say(f"{mark} {text}")
