"""TRL prompt-completion, language-modelling and unpaired-preference rows."""

from __future__ import annotations

from collections.abc import Iterator

from tutelage.errors import TutelageError
from tutelage.formats.columns import BESIDE
from tutelage.formats.entries import Entry, Said
from tutelage.formats.importers.protocol import Request, beside, messages, vote
from tutelage.formats.tables import Record, Table
from tutelage.records import Json, Message

GOOD_OR_BAD: Json = {"labels": ["good", "bad"], "scores": {"good": 1.0, "bad": 0.0}}


class PromptCompletion:
    """`prompt` and `completion`, or `messages` whose last turn is the answer."""

    name = "trl-prompt-completion"
    summary = "TRL prompt-completion rows, or messages"
    mapped = False
    kinds = ("demonstration",)

    def sniff(self, table: Table) -> float:
        """0.8 for prompt and completion or for messages."""
        return 0.8 if {"prompt", "completion"} <= set(table.columns) or "messages" in table.columns else 0.0

    def entries(self, request: Request) -> Iterator[Entry]:
        """One demonstration a row."""
        columns = request.columns.for_table(request.table, BESIDE)
        for record in request.table.records:
            prompt, response = _asked_and_answered(record)
            written = [{"role": m.role, "text": m.text} for m in response]
            answer: Json = {"type": "demonstration", "response": written}
            payload, extra = beside(record, columns)
            made = vote(record, columns, answer, "completion")
            yield Entry(record.place, prompt, (made,), (), payload, columns.text(record, "item"), extra)


class Unpaired:
    """`prompt`, `completion` and a `label` that is true for a good completion."""

    name = "trl-unpaired"
    summary = "TRL unpaired preference rows: prompt, completion, label true or false"
    mapped = False
    kinds = ("classification",)

    def sniff(self, table: Table) -> float:
        """0.9 where the label is true or false."""
        return 0.9 if "completion" in table.columns and isinstance(table.first.get("label"), bool) else 0.0

    def entries(self, request: Request) -> Iterator[Entry]:
        """One classification into good and bad a row."""
        columns = request.columns.for_table(request.table, BESIDE)
        for record in request.table.records:
            payload, extra = beside(record, columns)
            prompt, response = _asked_and_answered(record)
            yield Entry(
                record.place,
                prompt,
                (vote(record, columns, _good_or_bad(record), "label"),),
                (Said(response),),
                {**GOOD_OR_BAD, **payload},
                columns.text(record, "item"),
                extra,
            )


def _asked_and_answered(record: Record) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    if "messages" in record.values:
        turns = messages(record, "messages", "user")
        if len(turns) < 2 or turns[-1].role != "assistant":
            seen = f"The conversation has {len(turns)} turns."
            raise record.fault("messages", seen, "a prompt and the assistant's turn after it", "Correct the row.")
        return turns[:-1], turns[-1:]
    return messages(record, "prompt", "user"), messages(record, "completion", "assistant")


def _good_or_bad(record: Record) -> Json | TutelageError:
    label = record.values.get("label")
    if not isinstance(label, bool):
        return record.fault("label", f"Saw {label!r}.", "true or false", "Correct the value.")
    return {"type": "classification", "labels": ["good" if label else "bad"]}


IMPORTERS = (PromptCompletion(), Unpaired())
