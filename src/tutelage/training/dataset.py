"""Rows from what people have: rows, a directory with `train.jsonl`, an imported corpus, or a file to import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from tutelage.curation import checked
from tutelage.errors import BadInput, Where
from tutelage.records import DemonstrationRow, LabelledRow, RankedRow, Row, jsonl

R = TypeVar("R", DemonstrationRow, RankedRow, LabelledRow)


def read_rows(place: Path, kind: str = "comparison") -> list[Row]:
    """Every row of a data set. Raises BadInput naming file, line and field.

    kind  what a file that holds no rows of ours is read as: any format `tutelage import` detects
    Rows with `origins.jsonl` beside them must keep to the guard against collapse (`tutelage.curation.checked`).
    """
    if place.is_file():
        return _guarded(place) if _holds_rows(place) else _imported(place, kind)
    for name in ("train.jsonl", "train.jsonl.gz"):
        if (place / name).is_file():
            return _guarded(place / name)
    if (place / "items.jsonl").is_file():
        from tutelage.formats import Corpus, rows

        return rows(Corpus.read(place))
    raise BadInput(
        "There are no rows here.",
        expected="a JSONL file of rows, or a directory with train.jsonl or items.jsonl",
        remedy="Make one with `tutelage import`.",
        where=Where(str(place)),
    )


def _guarded(place: Path) -> list[Row]:
    rows: list[Row] = list(jsonl.read(place, Row))
    checked(place.parent, rows)
    return rows


def _holds_rows(place: Path) -> bool:
    if not place.name.endswith((".jsonl", ".jsonl.gz")):
        return False
    first = next((value for _, value in jsonl.objects(place)), None)
    return isinstance(first, dict) and (first.get("schema") == "row/1" or {"contributions", "group"} <= first.keys())


def _imported(place: Path, kind: str) -> list[Row]:
    from tutelage.formats import import_file, rows

    return rows(import_file(place, kind).corpus)


def of_type(rows: Sequence[Row], kind: type[R], place: Path, what: str) -> list[R]:
    """The rows of one type. Raises BadInput where there is none."""
    found = [row for row in rows if isinstance(row, kind)]
    if not found:
        types = sorted({row.type for row in rows})
        raise BadInput(
            f"None of the {len(rows)} rows is {what}; there are: {', '.join(types) or 'none'}.",
            expected=what,
            remedy="sft learns from demonstrations; reward and dpo learn from rankings and comparisons.",
            where=Where(str(place)),
        )
    return found
