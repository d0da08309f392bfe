"""From a file to offered items, a piece at a time: what was understood, said in words, and rows that know their place.

Nothing here touches a table. Ids depend only on what the rows say, so that a file given twice changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from tutelage.errors import BadInput, TutelageError, Where
from tutelage.formats import importers
from tutelage.formats.columns import ROLES, ColumnMap
from tutelage.formats.corpus import Corpus
from tutelage.formats.entries import Entry, build, notes_on
from tutelage.formats.importers.flat import NEEDED
from tutelage.formats.preview import ends
from tutelage.formats.tables import SHAPES, Record, Table, content_of, load
from tutelage.records import Ids, Item, Json, Judge, Judgment, Response
from tutelage.store import canonical
from tutelage.web.work.loading import Offered

CHUNK, LOOKED = 2_000, 200
SPACE = UUID("5f0f3c1e-7c1a-5b0e-9a35-3d7f6b1f8a10")  # of names made from what an item says
FLOWING = {"judgments", "trl-preference", "hh-rlhf", "arena", "ultrafeedback", "items"}  # no row depends on another
ANSWERS = ("none", "gold", "judgments")


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be read.

    format   an importer's name; "" where it is found out
    columns  `ROLE=COLUMN` and so on, see `formats.columns`
    answers  what the file's answers count as: none, gold (known answers), judgments (made elsewhere)
    payload  what every item's payload holds where the file says nothing
    mark     the file's digest: ids depend on it
    """

    format: str = ""
    columns: tuple[str, ...] = ()
    answers: str = "none"
    payload: Json | None = None
    mark: str = ""

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Options:
        """As they lie in a job's row."""
        return cls(stored.get("format", ""), tuple(stored.get("columns", ())), stored.get("answers", "none"),
                   stored.get("payload"), stored.get("mark", ""))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """A judgment that the file holds, of an item by its name."""

    item: str
    judge: Judge
    judgment: Judgment


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of the file: `rows` is how many are through with them."""

    rows: int
    offered: tuple[Offered, ...]
    stated: tuple[Stated, ...]


def look(path: Path, kind: str, options: Options) -> dict[str, Any]:
    """What an import would do: format, columns as they were understood, examples. Raises BadInput with the place."""
    table = _head(path)
    importer, mapping = _importer(table, kind, options)
    corpus, _ = _corpus(importer, table, kind, mapping, options, path, 0)
    _plain(corpus)
    shown = [{"reading": e.reading, "texts": e.texts} for e in ends(corpus)] if corpus.judgments else _unjudged(corpus)
    return {
        "format": importer.name, "summary": importer.summary, "columns": list(table.columns)[:40],
        "mapping": _in_words(importer, table, mapping), "examples": shown, "notes": notes_on(corpus),
        "looked": len(table.records), "items": len(corpus.items), "judgments": len(corpus.judgments),
        "whole": importer.name not in FLOWING,
    }  # fmt: skip


def pieces(path: Path, kind: str, options: Options, skip: int = 0) -> Iterator[Piece]:
    """The file in pieces, those of the first `skip` rows left out. Raises BadInput with file, line and field."""
    head = _head(path)
    importer, mapping = _importer(head, kind, options)
    flows = importer.name in FLOWING and content_of_is_lined(path)
    if flows:
        rows = _reader(path)
        start = 0
        while chunk := list(islice(rows, CHUNK)):
            if start + len(chunk) > skip:
                table = Table(path, tuple(dict.fromkeys(c for r in chunk for c in r.values)), tuple(chunk))
                yield _piece(importer, table, kind, mapping, options, path, start, start + len(chunk))
            start += len(chunk)
        return
    table = load(path)
    whole = _piece(importer, table, kind, mapping, options, path, 0, len(table.records))
    by_item: dict[str, list[Stated]] = {}
    for one in whole.stated:
        by_item.setdefault(one.item, []).append(one)
    for at in range(0, len(whole.offered), CHUNK):
        some = whole.offered[at : at + CHUNK]
        through = min(len(table.records), (at + len(some)) * len(table.records) // max(1, len(whole.offered)))
        if through > skip:
            yield Piece(through, some, tuple(s for o in some for s in by_item.get(o.item.id, ())))


def content_of_is_lined(path: Path) -> bool:
    """Whether rows can be read one after another: lines of JSON or of a table."""
    return _shape(path) in ("JSONL", "text")


def count(path: Path) -> int:
    """About how many rows there are; 0 where only reading would tell."""
    if not content_of_is_lined(path):
        return 0
    with path.open("rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            return 0
        stream.seek(0)
        lines, last = 0, b"\n"
        for block in iter(lambda: stream.read(1 << 20), b""):
            lines, last = lines + block.count(b"\n"), block[-1:]
        return lines + (last != b"\n")


def _shape(path: Path) -> str:
    from tutelage.formats import tables

    head = tables._head(path)
    return next((name for name, (fits, _) in SHAPES.items() if fits(head)), "")


def _reader(path: Path) -> Iterator[Record]:
    return SHAPES[_shape(path)][1](path)


def _head(path: Path) -> Table:
    """The first rows; all of them where a file can only be read whole."""
    if not content_of_is_lined(path):
        content_of(path)  # says what is wrong with it, where something is
        table = load(path)
        return Table(path, table.columns, table.records[:LOOKED])
    records = tuple(islice(_reader(path), LOOKED))
    if not records:
        raise BadInput("There are no rows.", expected="at least one row", remedy="Check the file.",
                       where=Where(path.name))  # fmt: skip
    return Table(path, tuple(dict.fromkeys(c for r in records for c in r.values)), records)


def _importer(table: Table, kind: str, options: Options) -> tuple[Any, ColumnMap]:
    mapping = ColumnMap.parse(options.columns)
    if options.format:
        found = importers.get(options.format)
    else:
        known = kind in NEEDED or any(kind in i.kinds and i.sniff(table) > 0.2 for i in importers.importers().values())
        found = importers.detect(table, kind, mapped=mapping.states_content) if known else importers.get("items")
        if found.name == importers.FALLBACK and not _answered(table, kind, mapping):
            found = importers.get("items")
    importers.must_make(found, kind)
    return found, mapping


def _answered(table: Table, kind: str, mapping: ColumnMap) -> bool:
    """Whether a column holds answers."""
    role = NEEDED[kind][-1]
    return mapping.for_table(table, NEEDED[kind]).has(role)


def _piece(
    importer: Any, table: Table, kind: str, mapping: ColumnMap, options: Options, path: Path, start: int, end: int
) -> Piece:  # fmt: skip
    corpus, names = _corpus(importer, table, kind, mapping, options, path, start)
    _plain(corpus)
    responses = {r.id: r for r in corpus.responses}
    judges = {j.id: j for j in corpus.judges}
    by_item: dict[str, list[Judgment]] = {}
    for judgment in corpus.judgments:
        by_item.setdefault(judgment.item_id, []).append(judgment)
    offered, stated = [], []
    for item in corpus.items:
        given, name = by_item.get(item.id, []), names.get(item.id, item.id)
        gold = _gold(given) if options.answers == "gold" else None
        offered.append(Offered(replace(item, id=name), tuple(responses[r] for r in item.responses),
                               gold.answer if gold else None, (gold and gold.reason) or ""))  # fmt: skip
        if options.answers == "judgments":
            stated += [Stated(name, judges[j.judge_id], j) for j in given]
    return Piece(end, tuple(offered), tuple(stated))


def _gold(given: Sequence[Judgment]) -> Judgment | None:
    """The known answer: what the file says, where it does not contradict itself."""
    answers = {canonical(j.answer) for j in given}
    return given[0] if len(answers) == 1 else None


def _corpus(
    importer: Any, table: Table, kind: str, mapping: ColumnMap, options: Options, path: Path, start: int
) -> tuple[Corpus, dict[str, str]]:  # fmt: skip
    """The corpus of some rows, and the file's own names of its items by their ids."""
    names: dict[str, str] = {}

    def named() -> Iterator[Entry]:
        for entry in importer.entries(importers.Request(table, kind, mapping)):
            payload = {**(options.payload or {}), **entry.payload}
            made = str(uuid5(SPACE, entry.key or _content(entry, payload)))
            if entry.key:
                names[made] = entry.key[:120]
            yield replace(entry, key=made, payload=payload)

    try:
        return build(named(), kind, "import", _Ids(f"{options.mark}:{start}")), names
    except TutelageError as error:
        raise _clear(error) from None


class _Ids(Ids):
    """UUIDv7 of no time, from a seed: numpy would take five times as long for ten bytes."""

    def __init__(self, seed: str) -> None:
        self._bits = random.Random(seed).getrandbits  # noqa: S311  ids of a public file, which nobody must not guess

    def new(self) -> str:
        """The next id."""
        text = f"{0x7 << 76 | self._bits(12) << 64 | 0b10 << 62 | self._bits(62):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _content(entry: Entry, payload: Json) -> str:
    """A digest of what an item says: every text with its role, who wrote it, and what the kind needs beside."""
    said = [[(m.role, m.text) for m in entry.prompt], [[(m.role, m.text) for m in s.messages] for s in entry.responses],
            [s.author for s in entry.responses], payload]  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _clear(error: TutelageError) -> TutelageError:
    """With the file's name alone, never where it lies; and pictures said as what they are."""
    where = Where(Path(error.where.file).name if error.where.file else None, error.where.line, error.where.field)
    if "image" in error.seen or "image_url" in error.seen:
        return _pictures(where)
    remedy = error.remedy.partition(" Or keep such rows")[0]
    return type(error)(error.seen, expected=error.expected, remedy=remedy, where=where)


def _pictures(where: Where) -> BadInput:
    return BadInput("The row holds a picture or a file.", expected="text: the workbench shows text only, for now",
                    remedy="Leave such rows out, or describe what they show in words.", where=where)  # fmt: skip


def _plain(corpus: Corpus) -> None:
    """Raises BadInput where something is not text."""
    things: list[Item | Response] = [*corpus.items, *corpus.responses]
    for one in things:
        if any(m.attachments for m in one.messages):
            raise _pictures(Where(None, None, str(one.source) if one.source else None))


def _in_words(importer: Any, table: Table, mapping: ColumnMap) -> list[dict[str, str]]:
    """Which column is taken for what, and which constants stand for one."""
    if not importer.mapped:
        return []
    try:
        full = mapping.for_table(table, ROLES)
    except BadInput:
        full = mapping
    found = [{"role": role, "column": ", ".join(columns)} for role, columns in full.columns.items()]
    return found + [{"role": role, "constant": value} for role, value in full.constants.items()]


def _unjudged(corpus: Corpus) -> list[dict[str, Any]]:
    """The first items as people will see them, where nobody judged any."""
    said = {r.id: " ".join(m.text for m in r.messages)[:200] for r in corpus.responses}
    return [
        {"reading": "", "texts": {"prompt": " ".join(m.text for m in item.messages)[:200]}
         | {f"answer {n}": said[r] for n, r in enumerate(item.responses, 1)}}
        for item in corpus.items[:2]
    ]  # fmt: skip
