"""`replay:FILE`: verdicts that were given before, looked up by the texts they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tutelage import records
from tutelage.judges.protocol import Duel, Messages, Opinion, Preferred, Side, Tied, agreed, turned
from tutelage.records import Anonymous, Message, Unscored, jsonl, text_of


@dataclass(frozen=True, slots=True)
class Stored:
    """One line of the file: a pair and which side was better."""

    prompt: tuple[Message, ...]
    first: tuple[Message, ...]
    second: tuple[Message, ...]
    value: Literal["first", "second", "tie"]
    confidence: float = 1.0
    schema: Literal["stored/1"] = "stored/1"

    def opinion(self) -> Opinion:
        """The line as an opinion."""
        sides: dict[str, Side] = {"first": "first", "second": "second"}
        return Preferred(sides[self.value], self.confidence) if self.value in sides else Tied()


def load(kind: str, argument: str) -> ReplayJudge:  # noqa: ARG001  the table calls every loader so
    """The judge of a file of `Stored` lines. Raises BadInput with file, line and field."""
    path = Path(argument)
    return ReplayJudge(jsonl.read(path, Stored), source=path.name)


class ReplayJudge:
    """Gives a stored opinion again; a pair that is not stored is `Unscored("abstained")`."""

    order_free = True  # a pair is stored under both orders

    def __init__(self, stored: Iterable[Stored], *, source: str) -> None:
        self.record: records.Judge = Anonymous(id=f"anonymous:{source}", source=source)
        self._known: dict[tuple[str, str, str], Opinion] = {}
        for line in stored:
            duel = Duel(line.prompt, line.first, line.second)
            for key, opinion in ((_key(duel), line.opinion()), (_key(duel.swapped()), turned(line.opinion()))):
                known = self._known.get(key)
                self._known[key] = opinion if known is None else agreed(known, opinion)

    def compare(self, prompt: Messages, first: Messages, second: Messages) -> Opinion:
        """See `Judge.compare`."""
        unknown = Unscored("abstained", "no stored verdict about this pair")
        return self._known.get(_key(Duel(prompt, first, second)), unknown)

    def compare_all(self, duels: Sequence[Duel]) -> list[Opinion]:
        """See `Judge.compare_all`."""
        return [self.compare(*d) for d in duels]


def _key(duel: Duel) -> tuple[str, str, str]:
    return text_of(duel.prompt), text_of(duel.first), text_of(duel.second)
