"""Our own exchange format: one judgment a row, whole, for every kind there is (`tutelage export --to judgments`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tutelage import kinds
from tutelage.errors import TutelageError
from tutelage.formats.corpus import Corpus
from tutelage.formats.entries import Entry, Said, Vote
from tutelage.formats.importers.protocol import Request
from tutelage.formats.tables import Record, Table
from tutelage.records import Anonymous, Item, Json, Judge, Judgment, Message, decode, encode

ITEM = ("group", "language", "domain", "licence")
JUDGMENT = (
    "reason", "guideline_version", "supersedes", "inclusion_probability", "drawn_in", "active_s", "wall_s", "at",
    "conditions",
)  # fmt: skip
NEEDED = {"kind", "item", "prompt", "responses", "payload", "answer"}


@dataclass(frozen=True, slots=True)
class Whole:
    """One row: an item with its texts and one judgment of it, or none where `answer` is null."""

    kind: str
    item: str
    prompt: tuple[Message, ...]
    responses: tuple[Said, ...]
    payload: Json
    answer: Json | None
    judgment: str | None = None
    judge: Judge | None = None
    about: Json | None = None  # further fields of the item
    beside: Json | None = None  # further fields of the judgment


class Judgments:
    """Nothing is mapped and nothing is guessed: the columns are the fields of our records."""

    name = "judgments"
    summary = "judgments as `tutelage export --to judgments` writes them"
    mapped = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind: a new one needs no importer of its own."""
        return tuple(kinds.names())

    def sniff(self, table: Table) -> float:
        """1 where its columns are there."""
        return float(set(table.columns) >= NEEDED)

    def entries(self, request: Request) -> Iterator[Entry]:
        """One entry a row."""
        for record in request.table.records:
            row = _whole(record)
            if row.kind != request.kind:
                raise record.fault("kind", f"The kind is {row.kind!r}.", f"--kind {row.kind}", "Correct --kind.")
            votes = () if row.answer is None else (_vote(record, row, row.answer),)
            yield Entry(record.place, row.prompt, votes, row.responses, row.payload, row.item, row.about or {})


def judgment_rows(corpus: Corpus) -> list[dict[str, Any]]:
    """Every judgment of a corpus as one row; an item that nobody judged is one row without an answer."""
    responses = {r.id: Said(r.messages, r.author) for r in corpus.responses}
    judges = {j.id: j for j in corpus.judges}
    by_item: dict[str, list[Judgment | None]] = {}
    for judgment in corpus.judgments:
        by_item.setdefault(judgment.item_id, []).append(judgment)
    return [
        encode(_row(item, tuple(responses[name] for name in item.responses), judgment, judges))
        for item in corpus.items
        for judgment in (by_item.get(item.id) or [None])
    ]


def _row(item: Item, said: tuple[Said, ...], judgment: Judgment | None, judges: dict[str, Judge]) -> Whole:
    about = {f: getattr(item, f) for f in ITEM if getattr(item, f) is not None}
    if judgment is None:
        return Whole(item.kind, item.id, item.messages, said, item.payload, None, about=about)
    beside = {f: encode(getattr(judgment, f)) for f in JUDGMENT if getattr(judgment, f) not in (None, {})}
    judge = judges[judgment.judge_id]
    return Whole(
        item.kind,
        item.id,
        item.messages,
        said,
        item.payload,
        judgment.answer,
        judgment.id,
        None if isinstance(judge, Anonymous) else judge,
        about,
        beside,
    )


def _whole(record: Record) -> Whole:
    values = {column: _unpacked(value) for column, value in record.values.items()}
    try:
        row: Whole = decode(Whole, values)
    except TutelageError as error:
        raise record.place.here(error) from None
    return row


def _unpacked(value: Any) -> Any:
    """Nested values stand in Parquet as JSON text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            return value
    return value


def _vote(record: Record, row: Whole, answer: Json) -> Vote:
    blank = Judgment("", "", "", {})
    given = {**encode(blank), **(row.beside or {})}
    try:
        judgment: Judgment = decode(Judgment, given)
    except TutelageError as error:
        raise record.place.here(error, "beside") from None
    extra = {name: getattr(judgment, name) for name in row.beside or {}}
    return Vote(answer, record.place, "answer", row.judge, row.judgment, extra)


IMPORTERS = (Judgments(),)
