"""A judge that must be asked, at a price: what it said is kept before it is used, and nothing is asked twice."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tutelage import records
from tutelage.judges.protocol import Duel, Messages, Opinion
from tutelage.records import Json, Unscored, jsonl, text_of
from tutelage.store import locked
from tutelage.store.files import home

SPENT = "the budget is spent"
Progress = Callable[[int, int], None]  # (asked, to ask)


class Mind(Protocol):
    """What is asked. Its record and its `key` say who it is: model, revision, rubric and wording."""

    @property
    def record(self) -> records.Judge:
        """Who judges."""
        ...

    @property
    def key(self) -> str:
        """Digest of everything that could change its replies."""
        ...

    def ask(self, duels: Sequence[Duel]) -> Iterator[tuple[int, Json]]:
        """(place, reply) as replies arrive, in any order. Raises Failed where asking on is of no use."""
        ...

    def read(self, duel: Duel, reply: Json) -> Opinion:
        """What a reply means."""
        ...


@dataclass
class Purse:
    """How many calls may still be made; None: as many as needed. `spent` and `known` count what happened."""

    calls: int | None = None
    spent: int = 0
    known: int = 0

    def take(self, wanted: int) -> int:
        """How many of the calls wanted may be made."""
        return wanted if self.calls is None else max(0, min(wanted, self.calls - self.spent))


@dataclass
class AskingJudge:
    """A mind with a memory and a purse. Beyond the purse: Unscored("blocked", SPENT), which is not remembered."""

    mind: Mind
    purse: Purse = field(default_factory=Purse)
    memory: Path | None = None
    progress: Progress | None = None
    order_free: bool = False

    @property
    def record(self) -> records.Judge:
        """Who judges."""
        return self.mind.record

    def compare(self, prompt: Messages, first: Messages, second: Messages) -> Opinion:
        """See `Judge.compare`."""
        return self.compare_all([Duel(prompt, first, second)])[0]

    def compare_all(self, duels: Sequence[Duel]) -> list[Opinion]:
        """See `Judge.compare_all`. Equal pairs are asked once; a reply is on the disk before the next is used."""
        keys = [content_key(d) for d in duels]
        with Memory(self._path()) as memory:
            waiting = {k: d for k, d in zip(keys, duels, strict=True) if k not in memory.replies}
            self.purse.known += len(set(keys)) - len(waiting)
            open_ = list(waiting.items())[: self.purse.take(len(waiting))]
            for asked, (place, reply) in enumerate(self.mind.ask([d for _, d in open_]), 1):
                self.purse.spent += 1
                memory.keep(open_[place][0], reply)
                if self.progress:
                    self.progress(asked, len(open_))
            replies = memory.replies
        blocked = Unscored("blocked", SPENT)
        return [self.mind.read(d, replies[k]) if k in replies else blocked for k, d in zip(keys, duels, strict=True)]

    def _path(self) -> Path:
        name = self.mind.key.removeprefix("sha256:")
        return (self.memory or home() / "judged") / f"{name}.jsonl"


def content_key(duel: Duel) -> str:
    """SHA-256 of what a judge is shown, in this order."""
    shown = json.dumps([text_of(duel.prompt), text_of(duel.first), text_of(duel.second)], ensure_ascii=False)
    return hashlib.sha256(shown.encode()).hexdigest()


class Memory:
    """Replies by key, in a file that only grows; a line cut short by a crash is dropped. One process at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Memory:
        self._lock = locked(self._path.with_suffix(".lock"))
        self._lock.__enter__()
        self.replies: dict[str, Json] = {}
        if self._path.is_file():
            self._mend()
            for _, line in jsonl.objects(self._path):
                self.replies[line["key"]] = line["reply"]
        self._file = self._path.open("ab")
        return self

    def _mend(self) -> None:
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self._path, whole)

    def keep(self, key: str, reply: Json) -> None:
        """On the disk, then known."""
        self._file.write(jsonl.dumps({"key": key, "reply": reply}).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.replies[key] = reply

    def __exit__(self, *error: object) -> None:
        self._file.close()
        self._lock.__exit__(None, None, None)
