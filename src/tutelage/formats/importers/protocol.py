"""What an importer is, and the parts that importers of flat rows share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tutelage.errors import TutelageError
from tutelage.formats.columns import ColumnMap
from tutelage.formats.entries import JUDGES, Entry, Vote
from tutelage.formats.tables import Record, Table
from tutelage.formats.texts import conversation
from tutelage.records import Json, Message, Role, decode


@dataclass(frozen=True, slots=True)
class Request:
    """What is wanted of a table: items of a kind, by this map."""

    table: Table
    kind: str
    columns: ColumnMap


class Importer(Protocol):
    """One format.

    name, summary  for `--format` and the preview
    mapped         whether a column map says where its texts are; other formats say it themselves
    """

    name: str
    summary: str
    mapped: bool

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of item it can make."""
        ...

    def sniff(self, table: Table) -> float:
        """How sure it is, in [0, 1], that the table is in its format; from column names and the first row."""
        ...

    def entries(self, request: Request) -> Iterator[Entry]:
        """The table's rows as entries. Raises BadInput with file, line and field."""
        ...


def messages(record: Record, column: str, role: Role) -> tuple[Message, ...]:
    """A cell as messages."""
    try:
        return conversation(record.value(column), role)
    except TutelageError as error:
        raise error if error.where.file else record.at(column).here(error, column) from None


def vote(record: Record, columns: ColumnMap, answer: Json | TutelageError, column: str | None = None) -> Vote:
    """A vote with everything that the row says beside the answer."""
    kind = columns.text(record, "judge_type") or "person"
    if kind not in JUDGES:
        raise record.fault(columns.column("judge_type"), f"Saw {kind!r}.", "one of " + ", ".join(JUDGES), "Correct it.")
    name = columns.text(record, "judge")
    extra: dict[str, Any] = {
        "reason": columns.text(record, "reason"),
        "guideline_version": columns.text(record, "guideline_version"),
        "active_s": columns.number(record, "active_s"),
        "inclusion_probability": columns.number(record, "inclusion_probability"),
        "at": _time(record, columns),
    }
    return Vote(
        answer,
        record.at(column),
        column,
        judge=None if name is None else JUDGES[kind](name),
        id=columns.text(record, "judgment"),
        extra={k: v for k, v in extra.items() if v is not None},
    )


def beside(record: Record, columns: ColumnMap) -> tuple[Json, dict[str, Any]]:
    """(payload, further fields of the item) that the row states: its side of a split; group, language …"""
    split = columns.text(record, "split")
    extra = {role: columns.text(record, role) for role in ("group", "language", "domain", "licence")}
    return ({} if split is None else {"split": split}), {k: v for k, v in extra.items() if v is not None}


def _time(record: Record, columns: ColumnMap) -> datetime | None:
    """The time of the judgment, where the row gives one with its zone; other spellings are not guessed at."""
    column = columns.column("at")
    value = record.values.get(column or "")
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else None
    if not isinstance(value, str):
        return None
    try:
        when: datetime = decode(datetime, value)
    except TutelageError:
        return None
    return when
