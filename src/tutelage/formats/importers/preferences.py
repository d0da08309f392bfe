"""hh-rlhf and TRL preference rows: one answer was chosen, the other rejected."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from tutelage.formats.columns import BESIDE
from tutelage.formats.entries import Entry, Said
from tutelage.formats.importers.protocol import Request, beside, messages, vote
from tutelage.formats.tables import Record, Table
from tutelage.formats.texts import is_transcript
from tutelage.records import Json, Message

CHOSEN: Json = {"type": "prefer", "winner": "first"}
Conversation = tuple[Message, ...]


class Preferences:
    """`chosen` and `rejected`, with the prompt beside them or as their common beginning."""

    name = "trl-preference"
    summary = "TRL preference rows: prompt, chosen, rejected"
    mapped = False
    kinds: tuple[str, ...] = ("comparison",)

    def sniff(self, table: Table) -> float:
        """0.9 where there are both columns."""
        return 0.9 if {"chosen", "rejected"} <= set(table.columns) else 0.0

    def entries(self, request: Request) -> Iterator[Entry]:
        """One comparison a row; the chosen answer is stored first, and its judgment says so."""
        columns = request.columns.for_table(request.table, BESIDE)
        for record in request.table.records:
            prompt, chosen, rejected = self._sides(record)
            _must_differ(record, chosen, rejected)
            payload, extra = beside(record, columns)
            yield Entry(
                record.place,
                prompt,
                (vote(record, columns, CHOSEN, "chosen"),),
                (Said(chosen), Said(rejected)),
                payload,
                columns.text(record, "item"),
                extra,
            )

    def _sides(self, record: Record) -> tuple[Conversation, Conversation, Conversation]:
        chosen, rejected = messages(record, "chosen", "assistant"), messages(record, "rejected", "assistant")
        if record.values.get("prompt") not in (None, ""):
            prompt = messages(record, "prompt", "user")
            return prompt, _after(prompt, chosen), _after(prompt, rejected)
        shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(chosen, rejected, strict=False))))
        # equal sides are shared to the end: the last turn is still the answer
        shared = min(shared, len(chosen) - 1, len(rejected) - 1)
        if shared < 1:
            seen = "The two conversations have no common beginning."
            raise record.fault("chosen", seen, "the prompt, in a column or as their first turns", "Add a prompt.")
        return chosen[:shared], chosen[shared:], rejected[shared:]


class Transcripts(Preferences):
    """hh-rlhf: both sides are whole Human/Assistant transcripts."""

    name = "hh-rlhf"
    summary = "hh-rlhf pairs: chosen and rejected transcripts"
    mapped = False

    def sniff(self, table: Table) -> float:
        """0.95 where both sides begin with "Human:"."""
        sides = [table.first.get("chosen"), table.first.get("rejected")]
        return 0.95 if all(is_transcript(side) for side in sides) else 0.0


def _after(prompt: Conversation, side: Conversation) -> Conversation:
    """What follows the prompt, where a side repeats it (as binarised UltraFeedback does)."""
    repeats = len(side) > len(prompt) and side[: len(prompt)] == prompt
    return side[len(prompt) :] if repeats else side


def _must_differ(record: Record, chosen: Conversation, rejected: Conversation) -> None:
    if chosen == rejected:
        raise record.fault(
            "rejected",
            "It is the same as `chosen`, word for word.",
            "two different answers",
            "Remove the row: no answer can be better than itself.",
        )


IMPORTERS = (Preferences(), Transcripts())
