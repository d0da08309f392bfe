"""Items that nobody has judged yet: a prompt and its responses a row, in columns of any name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tutelage import kinds
from tutelage.errors import TutelageError
from tutelage.formats.columns import BESIDE, ColumnMap
from tutelage.formats.entries import Entry, Said
from tutelage.formats.importers.protocol import Request, beside, messages
from tutelage.formats.tables import Record, Table
from tutelage.formats.texts import conversation
from tutelage.records import Json, Message, decode, jsonl

SINGLE = (("first", "first_author"), ("second", "second_author"), ("response", "author"))


class Items:
    """`prompt`, and what there is of `first`, `second`, `response` or a list `responses`; `payload` as JSON."""

    name = "items"
    summary = "items to be judged: prompt and responses, without answers"
    mapped = True

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind: whether an item is complete is the kind's to say."""
        return tuple(kinds.names())

    def sniff(self, table: Table) -> float:  # noqa: ARG002  the protocol's argument
        """0.05: only where nothing else fits."""
        return 0.05

    def entries(self, request: Request) -> Iterator[Entry]:
        """One entry a row, without votes."""
        roles = ("prompt", "responses", *(role for role, _ in SINGLE), *BESIDE)
        columns = request.columns.for_table(request.table, roles)
        prompt = columns.column("prompt")
        for record in request.table.records:
            if prompt is None:
                listed = ", ".join(request.table.columns)
                raise record.fault(None, "No column is the prompt.", f"one of {listed}",
                                   "Say which: prompt=COLUMN.")  # fmt: skip
            asked = messages(record, prompt, "user")
            system = columns.text(record, "system")
            stated, extra = beside(record, columns)
            yield Entry(record.place, _system(system, asked), (), tuple(_said(record, columns)),
                        {**_payload(record), **stated}, columns.text(record, "item"), extra)  # fmt: skip


def _system(system: str | None, asked: tuple[Message, ...]) -> tuple[Message, ...]:
    return (Message("system", system), *asked) if system else asked


def _said(record: Record, columns: ColumnMap) -> Iterator[Said]:
    for role, author in SINGLE:
        column = columns.column(role)
        if column is not None and record.values.get(column) not in (None, ""):
            yield Said(messages(record, column, "assistant"), columns.text(record, author))
    column = columns.column("responses")
    if column is None or record.values.get(column) in (None, ""):
        return
    listed = record.value(column)
    if isinstance(listed, str):
        listed = decode(list, jsonl.parse(listed.encode(), Path(record.place.file)))
    if not isinstance(listed, list):
        raise record.fault(column, f"Saw {listed!r}.", "a list of responses", "Correct the value.")
    for n, one in enumerate(listed):
        try:
            yield Said(conversation(one, "assistant"))
        except TutelageError as error:
            raise record.place.here(error, f"{column}[{n}]") from None


def _payload(record: Record) -> Json:
    seen = record.values.get("payload")
    if seen in (None, ""):
        return {}
    value = jsonl.parse(seen.encode(), Path(record.place.file)) if isinstance(seen, str) else record.value("payload")
    if not isinstance(value, Mapping):
        raise record.fault("payload", f"Saw {value!r}.", "an object", "Correct the value.")
    return dict(value)


IMPORTERS = (Items(),)
