"""Argilla's records as JSON: `fields`, `responses` of people, `suggestions` of models; the older flat shape as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tutelage.errors import TutelageError
from tutelage.formats.columns import BESIDE
from tutelage.formats.entries import Entry, Said, Vote
from tutelage.formats.importers.label_studio import ROLES_OF
from tutelage.formats.importers.protocol import Request
from tutelage.formats.tables import Record, Table
from tutelage.formats.texts import conversation
from tutelage.records import AiJudge, Json, Message, Person

SIDES = {"first": 0, "second": 1, "response_1": 0, "response_2": 1, "response-1": 0, "response-2": 1, "a": 0, "b": 1,
         "chosen": 0, "rejected": 1, "1": 0, "2": 1}  # fmt: skip
TIES = ("tie", "same", "equal", "both")
SUBMITTED = ("submitted", None)  # drafts and discarded responses are not judgments


class Argilla:
    """One question of a record is the answer: map it with `question=@NAME` where there are several."""

    name = "argilla"
    summary = "Argilla records: fields, responses, suggestions"
    mapped = True
    kinds = ("comparison", "rating", "classification", "demonstration")

    def sniff(self, table: Table) -> float:
        """0.9 for records with fields and responses."""
        first = table.first
        return 0.9 if isinstance(first.get("fields"), Mapping) and "responses" in first else 0.0

    def entries(self, request: Request) -> Iterator[Entry]:
        """One entry a record, one vote a submitted response; a suggestion is its model's."""
        inner = [Record(_fields(record), record.place) for record in request.table.records]
        names = dict.fromkeys(column for record in inner for column in record.values)
        data = Table(request.table.path, tuple(names), tuple(inner))
        columns = request.columns.for_table(data, (*ROLES_OF[request.kind], *BESIDE))
        asked = [list(_answers(record)) for record in request.table.records]
        labels = sorted({x for given in asked for _, value, _ in given for x in _listed(value)})
        for record, texts, given in zip(request.table.records, inner, asked, strict=True):
            said: list[tuple[Message, ...]] = []
            for role in ROLES_OF[request.kind]:
                column = columns.column(role)
                if column is None and (request.kind, role) == ("classification", "response"):
                    continue
                if column is None:
                    raise texts.fault("fields", f"None of the fields is the {role}.", f"one of {', '.join(names)}",
                                      f"Say which: {role}=FIELD.")  # fmt: skip
                try:
                    said.append(conversation(texts.value(column), "user" if role == "prompt" else "assistant"))
                except TutelageError as error:
                    raise error if error.where.file else texts.place.here(error, f"fields.{column}") from None
            votes = tuple(_vote(record, request.kind, labels, *one) for one in given)
            payload = _payload(request.kind, labels, asked)
            yield Entry(record.place, said[0], votes, tuple(Said(m) for m in said[1:]), payload,
                        record.optional_text("external_id") or record.optional_text("id"))  # fmt: skip


def _fields(record: Record) -> Mapping[str, Any]:
    found = record.value("fields")
    if not isinstance(found, Mapping):
        raise record.fault("fields", "It is not an object.", "the record's fields", "Correct the record.")
    return found


def _answers(record: Record) -> Iterator[tuple[str, Any, Any]]:
    """(field, value, who): of each person the first question that has a value; of each model likewise."""
    responses = record.values.get("responses") or {}
    if isinstance(responses, Mapping):  # {question: [{"value", "user_id", "status"}]}
        seen: set[str] = set()
        for question, listed in responses.items():
            for n, one in enumerate(listed if isinstance(listed, list) else ()):
                who = str(one.get("user_id") or n)
                if one.get("status") in SUBMITTED and one.get("value") is not None and who not in seen:
                    seen.add(who)
                    yield f"responses.{question}[{n}]", one["value"], Person(who) if one.get("user_id") else None
    else:  # [{"values": {question: {"value"}}, "user_id", "status"}]
        for n, one in enumerate(responses):
            values = [v.get("value") for v in (one.get("values") or {}).values() if isinstance(v, Mapping)]
            if one.get("status") in SUBMITTED and values:
                yield f"responses[{n}]", values[0], Person(str(one["user_id"])) if one.get("user_id") else None
    suggestions = record.values.get("suggestions") or {}
    named = suggestions.values() if isinstance(suggestions, Mapping) else suggestions
    for n, one in enumerate(named):
        if isinstance(one, Mapping) and one.get("value") is not None:
            agent = str(one.get("agent") or "argilla-suggestion")
            yield f"suggestions[{n}]", one["value"], AiJudge(f"ai:{agent}", agent)


def _listed(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _payload(kind: str, labels: list[str], asked: list[list[tuple[str, Any, Any]]]) -> Json:
    values = [value for given in asked for _, value, _ in given]
    if kind == "classification":
        several = any(isinstance(v, list) and len(v) != 1 for v in values)
        return {"labels": labels, **({"several": True} if several else {})}
    if kind == "rating":
        numbers = [float(v) for v in values if isinstance(v, int | float)]
        worst, best = min([1.0, *numbers]), max([5.0, *numbers])
        return {"criteria": [{"name": "rating", "worst": worst, "best": best, "step": 1}]}
    return {}


def _vote(record: Record, kind: str, labels: list[str], field: str, value: Any, who: Any) -> Vote:  # noqa: ARG001  one shape
    made = READ[kind](value)
    if made is None:
        made = record.fault(field, f"Saw {value!r}.", f"an answer of a {kind}", "Correct the record, or map it.")
    return Vote(made, record.place, field, judge=who)


def _compared(value: Any) -> Json | None:
    if isinstance(value, list) and value and isinstance(value[0], Mapping):  # a ranking question
        ranks = sorted((int(v.get("rank", 0)), n) for n, v in enumerate(value))
        tied = len(ranks) > 1 and ranks[0][0] == ranks[1][0]
        value = "tie" if tied else str(value[ranks[0][1]].get("value"))
    word = str(value).strip().lower()
    if word in TIES:
        return {"type": "tie"}
    return {"type": "prefer", "winner": ("first", "second")[SIDES[word]]} if word in SIDES else None


def _rated(value: Any) -> Json | None:
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    return {"type": "rating", "scores": {"rating": float(value)}} if fine else None


def _written(value: Any) -> Json | None:
    said = [{"role": "assistant", "text": value}]
    return {"type": "demonstration", "response": said} if isinstance(value, str) else None


READ: dict[str, Any] = {
    "comparison": _compared,
    "rating": _rated,
    "classification": lambda value: {"type": "classification", "labels": _listed(value)},
    "demonstration": _written,
}
IMPORTERS = (Argilla(),)
