"""`tutelage measure FILE`: what the judgments of a file can and cannot support, on one screen or one page."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.cli.measure import columns, duels, show
from tutelage.errors import BadInput
from tutelage.report.effort import effort
from tutelage.report.taken import USUAL, Taken, take
from tutelage.report.wide import tall

if TYPE_CHECKING:
    from tutelage.cli.measure.columns import Ballot, Sheet
    from tutelage.report.judgments import Judged

WIDTH = 100
BESIDE = ("ai", "human")
Given = Mapping[str, str]  # columns that were named, by meaning


def page(*, file: Path, html: Path | None, as_json: bool, **named: str | None) -> None:
    """Read FILE, or a directory written by import; print the summary or every figure; write the page where asked.

    named  columns by meaning: item, judge, value, gold, left, right, winner, prompt, ai, human, confidence, pi,
           seconds, reason; None: the one usually called so. BadInput where the file cannot be read.
    """
    from tutelage.report.judgments import judged

    if html is not None and html.resolve() == file.resolve():
        raise BadInput("--html is the file that is measured.", expected="another file", remedy="Name another.")
    given = {what: column for what, column in named.items() if column is not None}
    if file.is_dir() and given:
        raise BadInput("--" + next(iter(given)) + " names a column, and a directory of import has its own.",
                       expected="no names of columns", remedy="Leave it out.")  # fmt: skip
    sheet = None if file.is_dir() else columns.read_sheet(file)
    found = judged(take(file) if sheet is None else _taken(sheet, given))
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


def _taken(sheet: Sheet, given: Given) -> Taken:
    """The judgments of a sheet: an AI judge beside people, comparisons, a column a judge, or one judgment a row."""
    found = _beside(sheet, given) or _compared(sheet, given) or _listed(sheet, given)
    seconds, reason = (_column(sheet, given, what) for what in ("seconds", "reason"))
    spent = effort(sheet.numbers(seconds) if seconds else None, sheet.names(reason) if reason else None)
    sheet.read.update({what: name for what, name in (("seconds", seconds), ("reason", reason)) if name})
    notes = (*sheet.notes, *found.notes)
    return dataclasses.replace(found, source=sheet.frame.path.name, notes=notes, effort=spent)


def _column(sheet: Sheet, given: Given, what: str) -> str | None:
    """The column given for it, or the one usually called so."""
    return given.get(what) or _called(sheet, USUAL[what])


def _called(sheet: Sheet, names: tuple[str, ...]) -> str | None:
    by_lower = {name.lower(): name for name in reversed(sheet.frame.columns)}
    return next((by_lower[name] for name in names if name in by_lower), None)


def _beside(sheet: Sheet, given: Given) -> Taken | None:
    """An AI judge's column beside people's; None where there is not both, or a value is asked for."""
    both = {what: _column(sheet, given, what) for what in BESIDE}
    if "value" in given or None in both.values():
        return None
    more = {what: _column(sheet, given, what) for what in ("confidence", "pi")}
    asked = {what: name for what, name in {**both, **more}.items() if name is not None}
    sheet.read.update(asked)
    arrays: dict[str, Any] = {
        what: sheet.names(name) if what in BESIDE else sheet.numbers(name) for what, name in asked.items()
    }
    return take(None, **arrays)


def _compared(sheet: Sheet, given: Given) -> Taken | None:
    """Comparisons, and the votes that they are; None where nothing says who was compared and who won."""
    three = ("left", "right", "winner")
    if "value" in given or not all(given.get(what) or _called(sheet, columns.USUAL[what]) for what in three):
        return None
    named = given.get("prompt") or given.get("item")
    about = named or _called(sheet, USUAL["prompt"]) or _repeated(sheet)
    if about and not named:
        sheet.say(f"column `{about}` was taken for what the comparison is about; --prompt names another")
    left, right, winner = (given.get(what) for what in three)
    found = duels.read(sheet, left, right, winner, given.get("judge"), about)
    arrays = {"left": found.left, "right": found.right, "winner": [_won(x) for x in found.outcome.tolist()],
              "judge": found.judge, "prompt": found.prompt}  # fmt: skip
    return take(None, **arrays)


def _repeated(sheet: Sheet) -> str | None:
    """The usual column of items, if some item comes twice: a number for each row does not say what was compared."""
    name = _called(sheet, columns.USUAL["item"])
    table = sheet.frame.table
    return name if name is not None and table[name].n_unique() < table.height else None


def _listed(sheet: Sheet, given: Given) -> Taken:
    """One judgment a row, or one column a judge where no column is called a judge or a value."""
    from tutelage.formats.frames import Frame

    item, judge, value = (given.get(what) for what in ("item", "judge", "value"))
    wide = None
    if not (item or judge or value) and not any(_called(sheet, columns.USUAL[what]) for what in ("judge", "value")):
        wide = tall(sheet.frame.table, item=columns.USUAL["item"], gold=columns.USUAL["gold"])
    if wide is None:
        return _of_ballot(
            columns.ballot(sheet, item, judge, value, "last", judges_needed=False), sheet, given.get("gold")
        )
    rows = columns.Sheet(Frame(sheet.frame.path, wide[0]), sheet.read)
    found = _of_ballot(columns.ballot(rows, "item", "judge", "value", "last", judges_needed=False), rows, None)
    return dataclasses.replace(found, notes=(wide[1], *rows.notes))


def _won(outcome: float) -> str:
    return {1.0: "left", 0.0: "right"}.get(outcome, "tie")


def _of_ballot(votes: Ballot, sheet: Sheet, known: str | None) -> Taken:
    """The same judgments in the report's terms, with gold where the file has a column of it."""
    from tutelage.cli.measure.settle import read_gold

    values, numbers, gold = votes.values, votes.numbers, None
    answer = sheet.maybe("gold", known)
    if answer is not None:
        right = read_gold(sheet, votes, answer)
        gold = right.code if (right.code >= 0).any() else None
        if len(right.values) != len(values):
            import numpy as np

            values, numbers = np.array([*right.values, None], dtype=object)[:-1], None
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
