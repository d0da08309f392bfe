"""`replay:FILE`: verdicts that were given before, looked up by the texts they are about, or by their item's id.

FILE  lines of `Stored`, by texts; or a table with a column of ids and one of verdicts, for batches whose pairs have
      ids. `FILE#JUDGE` takes one judge of a table that holds several.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tutelage import records
from tutelage.errors import BadInput, Where
from tutelage.formats.frames import Frame, read_frame
from tutelage.formats.tables import content_of
from tutelage.judges.protocol import Duel, Judge, Messages, Opinion, Preferred, Side, Tied, agreed, turned
from tutelage.records import AiJudge, Anonymous, Message, Unscored, jsonl, text_of

SAID: dict[str, Opinion] = {
    **dict.fromkeys(("first", "left", "a", "1", "model_a", "x"), Preferred("first")),
    **dict.fromkeys(("second", "right", "b", "2", "model_b", "y"), Preferred("second")),
    **dict.fromkeys(("tie", "tied", "equal", "0", "same", "draw"), Tied()),
}
ITEM = ("item", "item_id", "pair_id", "pair", "id", "task")
VERDICT = ("verdict", "winner", "ai", "value", "label", "preferred", "vote")
JUDGE = ("judge", "judge_id", "model", "annotator")


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


def load(kind: str, argument: str) -> Judge:  # noqa: ARG001  the table calls every loader so
    """The judge of a file. Raises BadInput with file, line and field."""
    path, picked = Path(argument), None
    if not path.exists() and "#" in argument:
        name, _, picked = argument.rpartition("#")
        path = Path(name)
    if path.is_file() and picked is None and _holds_texts(path):
        return ReplayJudge(jsonl.read(path, Stored), source=path.name)
    return by_item(read_frame(path), picked)


def _holds_texts(path: Path) -> bool:
    """Whether the first line is a `Stored`: it has the texts. A file without lines holds no verdicts of either kind."""
    if not path.read_bytes().strip():
        return True
    shape, data = content_of(path)
    return shape == "JSONL" and {"first", "second"} <= set(jsonl.parse(data.split(b"\n", 1)[0], path, 1))


def by_item(frame: Frame, picked: str | None) -> ItemReplay:
    """The verdicts of one judge of a table, by the ids of items. Raises BadInput."""
    ids, said = frame.every_name(frame.one_of(ITEM)), frame.names(frame.one_of(VERDICT))
    who = next((c for c in JUDGE if c in frame.columns), None)
    source = frame.path.name
    keep = np.ones(len(frame), dtype=bool)
    if who is not None:
        judges = frame.every_name(who)
        named = sorted(set(judges.tolist()))
        if picked not in named and (picked is not None or len(named) > 1):
            raise BadInput(
                f"The file holds the judges {', '.join(named[:10])}.",
                expected="one of them",
                remedy=f"Write replay:{frame.path}#{named[0]}.",
                where=Where(str(frame.path), None, who),
            )
        keep, source = judges == (picked or named[0]), picked or named[0]
    found: dict[str, Opinion] = {}
    for row in np.flatnonzero(keep).tolist():
        opinion = _opinion(said[row], frame, row)
        found[ids[row]] = agreed(found[ids[row]], opinion) if ids[row] in found else opinion
    return ItemReplay(found, source=source)


def _opinion(word: str | None, frame: Frame, row: int) -> Opinion:
    if word is None:
        return Unscored("abstained", "the stored verdict is empty")
    known = SAID.get(word.lower())
    if known is None:
        raise BadInput(
            f"Row {row + 1} holds {word!r}.",
            expected="first, second or tie (or left, right; a, b; 1, 2)",
            remedy="Rename the verdicts.",
            where=Where(str(frame.path), None, frame.one_of(VERDICT)),
        )
    return known


class ItemReplay:
    """Gives the stored opinion about an item; the sides are as the item states them, never as they are shown."""

    order_free = True

    def __init__(self, found: Mapping[str, Opinion], *, source: str) -> None:
        self.record: records.Judge = AiJudge(id=f"ai:{source}", model=source, family=source)
        self._found = found

    def compare(self, prompt: Messages, first: Messages, second: Messages) -> Opinion:
        """See `Judge.compare`; without an item's id nothing is known."""
        return self.compare_all([Duel(prompt, first, second)])[0]

    def compare_all(self, duels: Sequence[Duel]) -> list[Opinion]:
        """See `Judge.compare_all`."""
        unknown = Unscored("abstained", "no stored verdict about this item")
        return [self._found.get(d.item, unknown) for d in duels]


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
        return [self.compare(d.prompt, d.first, d.second) for d in duels]


def _key(duel: Duel) -> tuple[str, str, str]:
    return text_of(duel.prompt), text_of(duel.first), text_of(duel.second)
