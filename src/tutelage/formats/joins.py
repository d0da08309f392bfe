"""Rows that stand in two files: pairs here and votes there, or names here and texts there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tutelage.errors import BadInput, Where
from tutelage.formats.tables import Place, Record, Table, load


@dataclass(frozen=True, slots=True)
class Join:
    """Add the columns of the rows of `path` whose column `theirs` equals our column `ours`."""

    path: Path
    ours: str
    theirs: str

    @classmethod
    def parse(cls, text: str) -> Join:
        """From `FILE:KEY`, or `FILE:OURS=THEIRS` where the columns have different names."""
        file, colon, keys = text.rpartition(":")
        ours, _, theirs = keys.partition("=")
        if not (colon and file and ours):
            raise BadInput(
                f"Saw {text!r}.",
                expected="FILE:KEY or FILE:OURS=THEIRS",
                remedy="Correct --join.",
                where=Where(field="--join"),
            )
        return cls(Path(file), ours, theirs or ours)


def join(table: Table, spec: Join) -> Table:
    """One row for each pair of rows that belong together; our rows without a partner stay as they are.

    A joined column keeps its name where the key has one name in both files and the name is free. It is called
    `ours.name` where the key has two names (so that one file can be joined twice), and `stem.name` where it is taken.
    """
    right = load(spec.path)
    _must_have(table, spec.ours)
    _must_have(right, spec.theirs)
    names = {c: _name(c, table, spec) for c in right.columns if c != spec.theirs}
    partners: dict[str, list[Record]] = {}
    for record in right.records:
        partners.setdefault(_key(record, spec.theirs), []).append(record)
    met: set[str] = set()
    out: list[Record] = []
    for record in table.records:
        key = _key(record, spec.ours)
        met.add(key)
        out += [_merged(record, other, names) for other in partners.get(key, [])] or [record]
    lonely = tuple(r for key, records in partners.items() if key not in met for r in records)
    unmatched = dict(table.unmatched)
    if lonely:
        unmatched |= dict.fromkeys(names.values(), lonely)
    return Table(table.path, (*table.columns, *names.values()), tuple(out), unmatched)


def _key(record: Record, column: str) -> str:
    key = record.optional_text(column)
    if key is None:
        raise record.fault(column, "The key is empty.", "a key to join on", "Fill it in.")
    return key


def _name(column: str, table: Table, spec: Join) -> str:
    if spec.ours != spec.theirs:
        return f"{spec.ours}.{column}"
    return f"{spec.path.stem}.{column}" if column in table.columns else column


def _merged(ours: Record, theirs: Record, names: dict[str, str]) -> Record:
    values = {**ours.values, **{names[c]: v for c, v in theirs.values.items() if c in names}}
    places: dict[str, Place] = dict.fromkeys(names.values(), theirs.place)
    return Record(values, ours.place, {**ours.others, **places})


def _must_have(table: Table, column: str) -> None:
    if column not in table.columns:
        raise BadInput(
            f"There is no column `{column}`.",
            expected="one of " + ", ".join(table.columns),
            remedy="Correct --join.",
            where=Where(str(table.path), None, column),
        )
