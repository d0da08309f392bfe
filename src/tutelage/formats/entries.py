"""What every importer makes of its rows, and how that becomes a corpus."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from tutelage import kinds
from tutelage.errors import BadInput, TutelageError
from tutelage.formats.corpus import Corpus
from tutelage.formats.tables import Place
from tutelage.records import (
    AiJudge,
    Anonymous,
    Ids,
    Item,
    Json,
    Judge,
    Judgment,
    Message,
    Person,
    Response,
    Simulated,
    Source,
    jsonl,
)


@dataclass(frozen=True, slots=True)
class Said:
    """A response as an importer found it."""

    messages: tuple[Message, ...]
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """One judgment as an importer found it. An answer that is an error could not be read.

    column  where it stood, for errors
    judge   None where the file names nobody: it becomes `anonymous:<source>`, whom no figure counts as people
    extra   further fields of a Judgment: reason, active_s, at …
    """

    answer: Json | TutelageError
    place: Place
    column: str | None = None
    judge: Judge | None = None
    id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, or part of one: what was asked, and what was answered.

    key    the file's own name for the item; entries with one key are one item
    extra  further fields of an Item: group, language, domain, licence
    """

    place: Place
    prompt: tuple[Message, ...]
    votes: tuple[Vote, ...]
    responses: tuple[Said, ...] = ()
    payload: Json = field(default_factory=dict)
    key: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


JUDGES: dict[str, Callable[[str], Judge]] = {
    "person": Person,
    "ai": lambda name: AiJudge(f"ai:{name}", name),
    "simulated": lambda name: Simulated(f"simulated:{name}", "imported"),
}


def ids_for(paths: Sequence[Path]) -> Ids:
    """A source of ids that depends only on the files: their bytes, and the newest one's time of change."""
    hasher = hashlib.sha256()
    for path in paths:
        hasher.update(path.read_bytes())
    newest = max(path.stat().st_mtime for path in paths)
    rng = np.random.default_rng(int.from_bytes(hasher.digest(), "big"))
    return Ids(datetime.fromtimestamp(newest, UTC), rng)


def build(entries: Iterable[Entry], kind: str, source: str, ids: Ids, *, keep_unusable: bool = False) -> Corpus:
    """The corpus of some entries, complete and checked.

    keep_unusable  keep an answer that cannot be read as "cannot rate", with what it was in `why`; otherwise
                   it is an error that names its row. A judgment is never dropped.
    """
    builder = _Builder(kind, source, ids, keep_unusable)
    for entry in entries:
        builder.add(entry)
    return builder.corpus()


class _Builder:
    def __init__(self, kind: str, source: str, ids: Ids, keep_unusable: bool) -> None:
        self._name, self._kind = kind, kinds.get(kind)
        self._source, self._ids, self._keep = source, ids, keep_unusable
        self._items: dict[Hashable, tuple[Item, Hashable, Place]] = {}
        self._responses: dict[tuple[tuple[Message, ...], Said, int], Response] = {}
        self._by_id: dict[str, Response] = {}
        self._judges: dict[str, Judge] = {}
        self._judgments: dict[str, tuple[Judgment, Place]] = {}

    def add(self, entry: Entry) -> None:
        item = self._item(entry)
        for vote in entry.votes:
            self._judgment(item, vote)

    def corpus(self) -> Corpus:
        items = [item for item, _, _ in self._items.values()]
        places = {
            "items": [place for _, _, place in self._items.values()],
            "judgments": [place for _, place in self._judgments.values()],
        }
        corpus = Corpus(
            tuple(items),
            tuple(self._responses.values()),
            tuple(j for j, _ in self._judgments.values()),
            tuple(self._judges.values()),
        )
        corpus.check(lambda part, n: places[part][n].where(), answers=False)
        return corpus

    def _item(self, entry: Entry) -> Item:
        content = (entry.prompt, entry.responses, jsonl.dumps(entry.payload))
        key = entry.key or content
        if key in self._items:
            item, known, first = self._items[key]
            if known != content:
                raise entry.place.fault(
                    f"The id {entry.key!r} stands here and at {first.where()}, with other contents.",
                    "one id for one item",
                    "Give them different ids, or remove one.",
                )
            return item
        responses = tuple(
            self._response(said, entry.responses[:n].count(said), entry) for n, said in enumerate(entry.responses)
        )
        item = Item(
            entry.key if entry.key and _is_uuid(entry.key) else self._ids.new(),
            self._name,
            entry.prompt,
            responses=responses,
            payload=entry.payload,
            source=self._where_from(entry.key, entry.place),
            **entry.extra,
        )
        try:
            self._kind.check_item(item, self._by_id)
        except TutelageError as error:
            raise entry.place.here(error) from None
        self._items[key] = item, content, entry.place
        return item

    def _response(self, said: Said, copy: int, entry: Entry) -> str:
        """The id of a response; the same words by the same author to the same prompt are one response."""
        known = self._responses.get((entry.prompt, said, copy))
        if known is None:
            licence, language = entry.extra.get("licence"), entry.extra.get("language")
            source = Source(self._source, str(entry.place.line or entry.place.number))
            known = Response(
                self._ids.new(), said.messages, author=said.author, source=source, licence=licence, language=language
            )
            self._responses[entry.prompt, said, copy] = self._by_id[known.id] = known
        return known.id

    def _judgment(self, item: Item, vote: Vote) -> None:
        judge = vote.judge or Anonymous(f"anonymous:{self._source}", self._source)
        self._judges.setdefault(judge.id, judge)
        name = vote.id if vote.id and _is_uuid(vote.id) else self._ids.new()
        if vote.id in self._judgments:
            first = self._judgments[vote.id][1].where()
            raise vote.place.fault(
                f"The judgment id {vote.id!r} stands here and at {first}.", "every id once", "Remove or rename one."
            )
        source = self._where_from(vote.id, vote.place)
        judgment = Judgment(name, item.id, judge.id, self._answer(item, vote), source=source, **vote.extra)
        self._judgments[vote.id or name] = judgment, vote.place

    def _answer(self, item: Item, vote: Vote) -> Json:
        try:
            if isinstance(vote.answer, TutelageError):
                raise vote.answer
            if vote.answer.get("type") != "withdrawn":
                self._kind.parse_answer(item, vote.answer)
        except TutelageError as error:
            if self._keep:
                return {"type": "cannot_rate", "why": f"not usable on import: {error.seen}"}
            raise _with_remedy(error if error.where.file else vote.place.here(error, vote.column)) from None
        return vote.answer

    def _where_from(self, key: str | None, place: Place) -> Source:
        return Source(self._source, key if key and not _is_uuid(key) else str(place.line or place.number))


def _with_remedy(error: TutelageError) -> TutelageError:
    remedy = f"{error.remedy} Or keep such rows as cannot_rate with --keep-unusable."
    return BadInput(error.seen, expected=error.expected, remedy=remedy, where=error.where)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def notes_on(corpus: Corpus) -> list[str]:
    """What a reader of the preview should know: empty and equal responses, unknown judges, unusable rows."""
    words = {r.id: tuple(m.text.strip() for m in r.messages) for r in corpus.responses}
    empty = sum(not any(said) for said in words.values())
    equal = sum(len({words[name] for name in i.responses}) < len(i.responses) for i in corpus.items)
    nobody = {j.id for j in corpus.judges if isinstance(j, Anonymous)}
    answers = Counter(j.answer.get("type") for j in corpus.judgments)
    nameless = sum(j.judge_id in nobody for j in corpus.judgments)
    found = {
        "responses are empty": empty,
        "items hold two responses that read the same": equal,
        "judgments have no known judge: they never count as independent people": nameless,
        "judgments say cannot_rate": answers["cannot_rate"],
    }
    return [f"{n} {what}" for what, n in found.items() if n]
