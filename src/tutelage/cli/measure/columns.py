"""The columns of a file of judgments, read for arithmetic: which are meant, what is missing, what comes twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from tutelage.errors import BadInput, Where

if TYPE_CHECKING:
    import polars as pl

    from tutelage.formats.frames import Frame, Names
    from tutelage.measure.arrays import Codes, Floats

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Repeats = Literal["last", "first", "refuse", "all"]
BLANK = ("null", "nan", "<na>")  # how tables spell an empty cell as text

# what people call these columns, the likeliest first
USUAL = {
    "item": ("item", "item_id", "task", "task_id", "example", "example_id", "pair_id", "unit", "question_id", "id",
             "question", "statement", "document", "doc", "doc_id", "text_id", "sample", "sample_id", "essay", "image",
             "image_id", "sentence", "instance", "record", "claim", "case", "prompt_id", "uid"),
    "judge": ("judge", "rater", "worker", "annotator", "voter", "contributor", "user", "coder", "labeler", "labeller",
              "judge_id", "rater_id", "worker_id", "annotator_id", "user_id", "labeler_id", "reviewer", "reviewer_id",
              "assessor", "grader", "crowdworker", "participant", "respondent", "person", "expert_id", "who", "by"),
    "value": ("value", "label", "rating", "vote", "answer", "score", "winner", "annotation", "grade", "severity",
              "judgment", "judgement", "verdict", "class", "category", "response", "choice", "decision", "stars", "v",
              "y"),
    "left": ("left", "model_a", "model_x", "a", "item_a", "response_a", "first"),
    "right": ("right", "model_b", "model_y", "b", "item_b", "response_b", "second"),
    "winner": ("winner", "preference", "preferred", "outcome", "choice", "label", "vote", "value"),
    "gold": ("gold", "gold_label", "truth", "expert_gold", "expert"),
}  # fmt: skip


@dataclass
class Sheet:
    """A file whose columns are asked for by meaning. `read` and `notes` remember what was taken for what."""

    frame: Frame
    read: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def find(self, what: str, given: str | None) -> str:
        """The column given, or the one usually called so; BadInput lists the columns there are."""
        found = self.maybe(what, given)
        if found is None:
            listed = ", ".join(f"`{name}`" for name in self.frame.columns[:20])
            raise BadInput(
                f"No column is named for the {what}, and none is called {', '.join(USUAL[what][:4])} ….",
                expected=f"one of {listed}", remedy=f"Give --{what} and a column.",
                where=Where(str(self.frame.path), field=f"--{what}"),
            )  # fmt: skip
        return found

    def maybe(self, what: str, given: str | None) -> str | None:
        """As `find`, but None where nothing is given and nothing usual is there."""
        if given is not None:
            column = given
        else:
            by_lower = {name.lower(): name for name in reversed(self.frame.columns)}
            free = [by_lower[u] for u in USUAL[what] if u in by_lower and by_lower[u] not in self.read.values()]
            if not free:
                return None
            column = free[0]
            self.notes.append(f"column `{column}` was taken for the {what}; --{what} names another")
        self.read[what] = column
        return column

    def parts(self, column: str) -> list[str]:
        """The columns that together make one name: `doc,system` where no column is called that."""
        split = [name.strip() for name in column.split(",")]
        return [column] if column in self.frame.columns or len(split) == 1 else split

    def names(self, column: str) -> Names:
        """(n,) texts, None where empty; several columns are joined."""
        import numpy as np

        parts = [self._clean(name).names(name) for name in self.parts(column)]
        if len(parts) == 1:
            return parts[0]
        rows = zip(*(part.tolist() for part in parts), strict=True)
        return np.array([None if None in row else " / ".join(row) for row in rows] + [None], dtype=object)[:-1]

    def numbers(self, column: str) -> Floats | None:
        """(n,) numbers, NaN where empty; None where the column holds other texts, or ids as "007"."""
        import polars as pl

        if len(self.parts(column)) > 1:
            return None
        frame = self._clean(column)
        if not frame.is_numeric(column):
            return None
        series = frame.table.get_column(column)
        if series.dtype == pl.String and series.str.contains(r"^\s*-?0\d").any():
            return None
        return frame.numbers(column)

    def _clean(self, column: str) -> Frame:
        """The frame with the word NULL as an empty cell of this column; a note says so."""
        frame, note = blanked(self.frame, column)
        if note:
            self.say(note)
        return frame

    def say(self, note: str) -> None:
        """Remember a note, once."""
        if note not in self.notes:
            self.notes.append(note)


def blanked(frame: Frame, column: str) -> tuple[Frame, str]:
    """(the frame with cells of this column that say NULL or NaN empty, what was done in words or ""); BadInput where
    there is no such column."""
    import polars as pl

    from tutelage.formats.frames import Frame

    if column not in frame.columns:
        frame.is_numeric(column)  # raises, and lists the columns there are
    series = frame.table.get_column(column)
    if series.dtype in (pl.Null, pl.Enum) or series.dtype == pl.Categorical:
        series = series.cast(pl.String)
    if series.dtype != pl.String:
        return frame, ""
    empty = series.str.strip_chars().str.to_lowercase().is_in(BLANK)
    said = (
        f"{int(empty.sum()):,} cells of `{column}` say {series.filter(empty)[0]}: read as empty" if empty.any() else ""
    )
    return Frame(frame.path, frame.table.with_columns(series.set(empty, None).alias(column))), said


@dataclass(frozen=True)
class Ballot:
    """Judgments as codes, complete rows only, each judge once an item.

    item, judge, value     (n,) codes; where the file names no judges, each row is a judge of its own
    items, judges, values  what they are called; values in order: of numbers where all are numbers, else of spelling
    numbers                (V,) the values as numbers, or None
    row                    (n,) rows of the file
    again                  rows by a judge who had judged the item already: codes (item × judge, value), for consistency
    """

    item: Codes
    judge: Codes
    value: Codes
    items: Names
    judges: Names
    values: Names
    numbers: Floats | None
    row: Codes
    again: tuple[Codes, Codes]

    @property
    def n(self) -> int:
        """Judgments counted."""
        return self.item.size

    def ordered(self, order: Sequence[str]) -> Ballot:
        """The same with values in this order, from least to most; BadInput on a value that is not in it."""
        import dataclasses

        import numpy as np

        place = {name: k for k, name in enumerate(order)}
        missing = [name for name in self.values.tolist() if name not in place]
        if missing or len(place) < len(order):
            raise BadInput(
                f"`--order` lacks the value {missing[0]!r}." if missing else "`--order` names a value twice.",
                expected="every value once, from least to most", remedy=f"The values are {listed(self.values)}.",
                where=Where(field="--order"),
            )  # fmt: skip
        rank = np.array([place[name] for name in self.values.tolist()], dtype=np.int64)
        values = np.array([*order, None], dtype=object)[:-1]
        numbers = None
        if self.numbers is not None:
            numbers = np.array([float(name) for name in order])
        pick = (lambda code: rank[code]) if rank.size else (lambda code: code)
        return dataclasses.replace(
            self, value=pick(self.value), values=values, numbers=numbers, again=(self.again[0], pick(self.again[1]))
        )


def listed(names: Any, most: int = 8) -> str:
    """A few names for a message."""
    shown = [str(name) for name in list(names)[:most]]
    return ", ".join(shown) + (f", … ({len(names):,} in all)" if len(names) > most else "")


def number_remedy(names: Any, otherwise: str) -> str:
    """What to do where numbers were expected and names came: mostly a decimal comma, or a word for "missing"."""
    texts = [str(name) for name in names]
    comma = [t for t in texts if re.fullmatch(r"-?\d+,\d+", t)]
    if comma:
        return f"Write numbers with a point: {comma[0].replace(',', '.')} instead of {comma[0]}."
    odd = [t for t in texts if not re.fullmatch(r"-?\d+(\.\d+)?", t)]
    if len(odd) < len(texts):
        return f"Leave the cell empty instead of {listed(odd, 3)}; or {otherwise[0].lower()}{otherwise[1:]}"
    return otherwise


def spelled_order(text: str | None, numeric: bool) -> list[str] | None:
    """`--order low,mid,high` as names; numbers are spelled as everywhere: 1.0 is 1."""
    if text is None:
        return None
    names = [part.strip() for part in text.split(",") if part.strip()]
    return [number_name(name) for name in names] if numeric else names


def number_name(text: str) -> str:
    """A label as the files here write it: `1` for "1", "1.0" and "+1"; other texts as they are."""
    try:
        value = float(text)
    except ValueError:
        return text
    return str(int(value)) if value.is_integer() else repr(value)


def read_sheet(file: Path) -> Sheet:
    """A file as a sheet. Raises BadInput where it cannot be read."""
    from tutelage.formats.frames import read_frame

    return Sheet(read_frame(file))


def ballot(
    sheet: Sheet, item: str | None, judge: str | None, value: str | None, repeats: Repeats, *, judges_needed: bool
) -> Ballot:
    """The judgments of a sheet; what was left out, and why, is in its notes."""
    import numpy as np

    from tutelage.measure.ratings import once

    what = sheet.find("item", item)
    who = (sheet.find if judges_needed else sheet.maybe)("judge", judge)
    said = sheet.find("value", value)
    names, judged = sheet.names(what), sheet.names(who) if who else None
    numbers = sheet.numbers(said)
    values: Any = sheet.names(said) if numbers is None else numbers
    whole = there(names) & there(values) & (True if judged is None else there(judged))
    say_missing(sheet, {what: names, said: values} | ({who: judged} if who else {}), whole)
    row = np.flatnonzero(whole)
    i, items = _coded(names[row])
    v, value_names = _coded(values[row])
    nobody = (np.arange(row.size), np.empty(0, dtype=object))
    j, judges = _coded(judged[row]) if judged is not None else nobody
    again = (i[:0], v[:0])
    if judged is not None:
        keep = once(i, j, "last" if repeats == "all" else repeats)
        if keep.size < row.size:
            counted = "all of them count" if repeats == "all" else f"the {repeats} counts"
            sheet.say(f"{row.size - keep.size:,} rows repeat a judge on an item: {counted} (--repeats)")
            again = _repeated(i * judges.size + j, v)
            if repeats != "all":
                i, j, v, row = i[keep], j[keep], v[keep], row[keep]
    if numbers is not None:
        value_numbers: Floats | None = value_names.astype(np.float64)
        value_names = np.array([*(number_name(repr(x)) for x in value_names.tolist()), None], dtype=object)[:-1]
    else:
        value_numbers = None
    return Ballot(i, j, v, items, judges, value_names, value_numbers, row, again)


def _repeated(key: Codes, value: Codes) -> tuple[Codes, Codes]:
    import numpy as np

    _, place, times = np.unique(key, return_inverse=True, return_counts=True)
    rows = times[place] > 1
    return key[rows], value[rows]


def there(column: Any) -> Any:
    """(n,) whether the cell holds anything."""
    import numpy as np

    if column.dtype.kind == "f":
        return ~np.isnan(column)
    return column != np.array(None)


def _coded(column: Any) -> tuple[Codes, Any]:
    from tutelage.measure.arrays import codes

    return codes(column, "column")


def say_missing(sheet: Sheet, columns: dict[str, Any], whole: Any) -> None:
    """Note how many rows have an empty cell, and where."""
    import numpy as np

    lost = int(whole.size - np.count_nonzero(whole))
    if lost:
        where = ", ".join(
            f"{int((~there(values)).sum()):,} in `{name}`" for name, values in columns.items() if (~there(values)).any()
        )
        sheet.say(f"{lost:,} of {whole.size:,} rows have an empty cell ({where}) and were left out")


def judge_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--item, --judge and --value, as every question about labels asks for them."""
    for option in (
        click.option("--value", metavar="C", help="Column of what was judged."),
        click.option("--judge", metavar="C", help="Column of who judged."),
        click.option("--item", metavar="C", help="Column of what was judged about; a,b joins two."),
    ):
        function = option(function)
    return function


def repeats_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--repeats: what counts where a judge judged an item twice."""
    choice = click.Choice(["last", "first", "all", "refuse"])
    text = "A judge twice on an item: last (default), first, all, refuse."
    return click.option("--repeats", type=choice, default="last", metavar="R", help=text)(function)


def table_of(sheet: Sheet, column: str) -> pl.DataFrame:
    """The column, or the columns that together make one name, as they stand in the file."""
    return sheet.frame.table.select(sheet.parts(column))
