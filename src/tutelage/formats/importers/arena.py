"""Arena votes: two named models, their conversations, and who won."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from tutelage.errors import TutelageError
from tutelage.formats.columns import BESIDE
from tutelage.formats.entries import Entry, Said
from tutelage.formats.importers.protocol import Request, beside, messages, vote
from tutelage.formats.tables import Record, Table
from tutelage.records import Json, Message

WINNERS: dict[str, Json] = {
    "model_a": {"type": "prefer", "winner": "first"},
    "model_b": {"type": "prefer", "winner": "second"},
    "tie": {"type": "tie"},
    "tie (bothbad)": {"type": "both_bad"},
    "both_bad": {"type": "both_bad"},
}
ONE_HOT = {"winner_model_a": "model_a", "winner_model_b": "model_b", "winner_tie": "tie"}


class Arena:
    """Chatbot Arena's own columns, or those of its Kaggle edition (one column for each outcome)."""

    name = "arena"
    summary = "arena votes: model_a, model_b, winner"
    mapped = False
    kinds = ("comparison",)

    def sniff(self, table: Table) -> float:
        """0.95 where the models, a winner and both conversations are there."""
        columns = set(table.columns)
        texts = {"conversation_a", "conversation_b"} <= columns or {"response_a", "response_b"} <= columns
        won = "winner" in columns or set(ONE_HOT) <= columns
        return 0.95 if {"model_a", "model_b"} <= columns and texts and won else 0.0

    def entries(self, request: Request) -> Iterator[Entry]:
        """One comparison a row, with the models as the responses' authors."""
        columns = request.columns.for_table(request.table, (*BESIDE,))
        for record in request.table.records:
            prompt, first, second = _sides(record)
            payload, extra = beside(record, columns)
            answer, column = _answer(record)
            yield Entry(
                record.place,
                prompt,
                (vote(record, columns, answer, column),),
                (Said(first, record.optional_text("model_a")), Said(second, record.optional_text("model_b"))),
                payload,
                columns.text(record, "item") or record.optional_text("question_id"),
                extra,
            )


def _sides(record: Record) -> tuple[tuple[Message, ...], tuple[Message, ...], tuple[Message, ...]]:
    if "conversation_a" not in record.values:
        first, second = (messages(record, side, "assistant") for side in ("response_a", "response_b"))
        return messages(record, "prompt", "user"), first, second
    a, b = messages(record, "conversation_a", "user"), messages(record, "conversation_b", "user")
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))))
    # the prompt ends with the last shared turn of the user: two models may both answer "Hello!"
    while shared and a[shared - 1].role != "user":
        shared -= 1
    shared = min(shared, len(a) - 1, len(b) - 1)
    if shared < 1:
        raise record.fault("conversation_b", "It does not begin as `conversation_a`.", "one prompt", "Correct the row.")
    return a[:shared], a[shared:], b[shared:]


def _answer(record: Record) -> tuple[Json | TutelageError, str]:
    if "winner" in record.values:
        seen = record.values["winner"]
        known = WINNERS.get(seen) if isinstance(seen, str) else None
        expected = "one of " + ", ".join(WINNERS)
        return known or record.fault("winner", f"The winner is {seen!r}.", expected, "Correct it."), "winner"
    named = [name for column, name in ONE_HOT.items() if record.values.get(column) in (1, "1", True)]
    if len(named) != 1:
        seen = f"{len(named)} of the three outcomes are 1."
        return record.fault("winner_model_a", seen, "exactly one", "Correct the row."), "winner_model_a"
    return WINNERS[named[0]], "winner_model_a"


IMPORTERS = (Arena(),)
