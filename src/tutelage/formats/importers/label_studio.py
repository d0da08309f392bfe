"""Label Studio's JSON export: tasks with annotations, whose results are of the control's type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tutelage.errors import BadInput, TutelageError
from tutelage.formats.columns import BESIDE, ColumnMap
from tutelage.formats.entries import Entry, Said, Vote
from tutelage.formats.importers.protocol import Request
from tutelage.formats.tables import Place, Record, Table
from tutelage.formats.texts import conversation
from tutelage.records import AiJudge, Json, Judge, Message, Person

Result = Mapping[str, Any]
TYPES: dict[str, tuple[str, ...]] = {
    "comparison": ("pairwise",),
    "rating": ("rating", "number"),
    "classification": ("choices", "taxonomy"),
    "demonstration": ("textarea",),
}
SIDES = {"left": "first", "right": "second"}
ROLES_OF: dict[str, tuple[str, ...]] = {
    "comparison": ("prompt", "first", "second"),
    "rating": ("prompt", "response"),
    "classification": ("prompt", "response"),
    "demonstration": ("prompt",),
}
OPTIONAL = {"classification": ("response",)}


class LabelStudio:
    """`data` holds the texts (map them by their names there), `annotations` the answers, one person each."""

    name = "label-studio"
    summary = "Label Studio JSON: pairwise, rating, number, choices, taxonomy, textarea"
    mapped = True
    kinds = tuple(TYPES)

    def sniff(self, table: Table) -> float:
        """0.95 for tasks with data and annotations."""
        first = table.first
        return 0.95 if isinstance(first.get("data"), Mapping) and isinstance(first.get("annotations"), list) else 0.0

    def entries(self, request: Request) -> Iterator[Entry]:
        """One entry a task, one vote an annotation. A skipped task is a judge who could not rate."""
        inner = [_data(record) for record in request.table.records]
        names = dict.fromkeys(column for record in inner for column in record.values)
        data = Table(request.table.path, tuple(names), tuple(inner))
        columns = request.columns.for_table(data, (*ROLES_OF[request.kind], *BESIDE))
        rubric = _payload(request, columns)
        for record, texts in zip(request.table.records, inner, strict=True):
            votes = tuple(_votes(record, request.kind, rubric))
            prompt, said = _texts(texts, columns, request.kind)
            split = columns.text(texts, "split")
            payload = {**rubric, **({} if split is None else {"split": split})}
            extra = {r: columns.text(texts, r) for r in ("group", "language", "domain", "licence")}
            stated = {k: v for k, v in extra.items() if v is not None}
            yield Entry(record.place, prompt, votes, said, payload, record.optional_text("id"), stated)


def _data(record: Record) -> Record:
    data = record.value("data")
    if not isinstance(data, Mapping):
        raise record.fault("data", "It is not an object.", "the task's data", "Correct the task.")
    return Record(data, record.place)


def _texts(texts: Record, columns: ColumnMap, kind: str) -> tuple[tuple[Message, ...], tuple[Said, ...]]:
    found: list[tuple[Message, ...]] = []
    for role in ROLES_OF[kind]:
        column = columns.column(role)
        if column is None and role in OPTIONAL.get(kind, ()):
            continue
        if column is None:
            names = ", ".join(texts.values)
            remedy = f"Say which with --map {role}=NAME."
            raise texts.fault("data", f"Nothing in the task's data is the {role}.", f"one of {names}", remedy)
        try:
            found.append(conversation(texts.value(column), "user" if role == "prompt" else "assistant"))
        except TutelageError as error:
            raise error if error.where.file else texts.place.here(error, f"data.{column}") from None
    return found[0], tuple(Said(messages) for messages in found[1:])


def _annotations(record: Record) -> Iterator[tuple[int, Mapping[str, Any]]]:
    listed = record.value("annotations")
    if not isinstance(listed, list) or not all(isinstance(a, Mapping) for a in listed):
        raise record.fault("annotations", "It is not a list of annotations.", "a list", "Correct the task.")
    yield from enumerate(listed)


def _results(annotation: Mapping[str, Any], kind: str) -> list[Result]:
    listed = annotation.get("result")
    found = listed if isinstance(listed, list) else []
    return [r for r in found if isinstance(r, Mapping) and r.get("type") in TYPES[kind]]


def _votes(record: Record, kind: str, rubric: Json) -> Iterator[Vote]:
    for n, annotation in _annotations(record):
        column = f"annotations[{n}]"
        made = _answer(record.place, annotation, kind, column, rubric)
        extra = {"active_s": annotation.get("lead_time"), "reason": _reason(annotation, kind)}
        stated = {k: v for k, v in extra.items() if isinstance(v, (int, float, str))}
        yield Vote(made, record.place, column, _person(annotation.get("completed_by")), extra=stated)
    for n, guess in _predictions(record, kind):  # what a model said beforehand is a model's judgment
        name, column = str(guess.get("model_version") or "label-studio"), f"predictions[{n}]"
        made = _answer(record.place, guess, kind, column, rubric)
        yield Vote(made, record.place, column, AiJudge(f"ai:{name}", name))


def _predictions(record: Record, kind: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    listed = record.values.get("predictions")
    for n, guess in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(guess, Mapping) and _results(guess, kind):
            yield n, guess


def _answer(place: Place, annotation: Mapping[str, Any], kind: str, column: str, rubric: Json) -> Json | TutelageError:
    if annotation.get("was_cancelled"):
        return {"type": "cannot_rate", "why": "skipped"}
    results = _results(annotation, kind)
    if not results:
        seen = "The annotation holds no " + " or ".join(TYPES[kind]) + "."
        return place.fault(seen, f"a result for a {kind}", "Correct the task.", column)
    try:
        return ANSWERS[kind](results, rubric)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        return place.fault(f"The result cannot be read: {error!r}.", "a Label Studio result", "Correct it.", column)


def _person(who: Any) -> Judge | None:
    """The annotator's number; an address of theirs is left behind."""
    number = who.get("id") if isinstance(who, Mapping) else who
    return None if number is None else Person(str(number))


def _reason(annotation: Mapping[str, Any], kind: str) -> str | None:
    if kind == "demonstration":
        return None
    listed = annotation.get("result") or []
    texts = [r["value"].get("text") for r in listed if isinstance(r, Mapping) and r.get("type") == "textarea"]
    lines = [line for text in texts for line in (text if isinstance(text, list) else [text])]
    return "\n".join(lines) or None


def _payload(request: Request, columns: ColumnMap) -> Json:
    """What all items of the file share: the rubric's criteria, or the labels that occur."""
    if request.kind not in ("rating", "classification"):
        return {}
    results = [
        result
        for record in request.table.records
        for _, annotation in (*_annotations(record), *_predictions(record, request.kind))
        for result in _results(annotation, request.kind)
    ]
    if request.kind == "rating":
        worst, best = _scale(columns.constants.get("scale", "1..5"))
        names = dict.fromkeys(str(r.get("from_name")) for r in results)
        return {"criteria": [{"name": name, "worst": worst, "best": best, "step": None} for name in names]}
    given = [_labels(r) for r in results]
    scores = {label: float(text) for label, text in columns.meanings.get("score", {}).items()}
    options: dict[str, Any] = {"labels": sorted({label for labels in given for label in labels} | set(scores))}
    if any(len(labels) != 1 for labels in given):
        options["several"] = True
    return {**options, **({"scores": scores} if scores else {})}


def _scale(text: str) -> tuple[float, float]:
    try:
        worst, best = (float(end) for end in text.split(".."))
    except ValueError:
        remedy = "Write it as --map scale=@1..5, the worst end first."
        raise BadInput(f"Saw the scale {text!r}.", expected="WORST..BEST", remedy=remedy) from None
    return worst, best


def _labels(result: Result) -> list[str]:
    value = result["value"]
    chosen = value.get("choices")
    return chosen if chosen is not None else [" / ".join(path) for path in value["taxonomy"]]


def _compared(results: list[Result], _rubric: Json) -> Json:
    return {"type": "prefer", "winner": SIDES[results[0]["value"]["selected"]]}


def _rated(results: list[Result], rubric: Json) -> Json:
    given = {str(r.get("from_name")): r["value"].get("rating", r["value"].get("number")) for r in results}
    return {"type": "rating", "scores": {c["name"]: given.get(c["name"]) for c in rubric["criteria"]}}


def _classified(results: list[Result], _rubric: Json) -> Json:
    return {"type": "classification", "labels": list(dict.fromkeys(x for r in results for x in _labels(r)))}


def _demonstrated(results: list[Result], _rubric: Json) -> Json:
    text = results[0]["value"]["text"]
    said = "\n".join(text) if isinstance(text, list) else text
    return {"type": "demonstration", "response": [{"role": "assistant", "text": said}]}


ANSWERS: dict[str, Callable[[list[Result], Json], Json]] = {
    "comparison": _compared,
    "rating": _rated,
    "classification": _classified,
    "demonstration": _demonstrated,
}
IMPORTERS = (LabelStudio(),)
