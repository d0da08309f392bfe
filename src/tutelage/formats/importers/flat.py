"""CSV, TSV, Parquet and JSONL of any column names: the column map says which column is what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tutelage.errors import BadInput, TutelageError, Where
from tutelage.formats.columns import BESIDE, ColumnMap
from tutelage.formats.entries import JUDGES, Entry, Said, Vote
from tutelage.formats.importers.protocol import Request, beside, messages, vote
from tutelage.formats.tables import Record, Table
from tutelage.formats.texts import conversation
from tutelage.records import Json, Message

NEEDED: dict[str, tuple[str, ...]] = {
    "comparison": ("prompt", "first", "second", "winner"),
    "rating": ("prompt", "response", "score"),
    "classification": ("prompt", "label"),
    "ranking": ("prompt", "responses", "ranks"),
    "demonstration": ("prompt", "response"),
}
OPTIONAL = {"comparison": ("strength",), "classification": ("response",), "demonstration": ("reasoning",)}


class Columns:
    """Rows whose columns are mapped, or have names that speak for themselves."""

    name = "columns"
    summary = "rows with a column map"
    mapped = True
    kinds = tuple(NEEDED)

    def sniff(self, table: Table) -> float:  # noqa: ARG002  the protocol's argument
        """0.1: anything can be mapped, and every format of its own is a better guess."""
        return 0.1

    def entries(self, request: Request) -> Iterator[Entry]:
        """One entry a row."""
        needed = NEEDED[request.kind]
        columns = request.columns.for_table(request.table, (*needed, *OPTIONAL.get(request.kind, ()), *BESIDE))
        for role in needed:
            if not columns.has(role):
                raise _unmapped(request.table, role)
        _no_lost_votes(request.table, columns, needed[-1])
        yield from READERS[request.kind](request.table, columns)


def _unmapped(table: Table, role: str) -> BadInput:
    lines = table.records[0].place.line is not None
    return BadInput(
        f"No column is the {role}.",
        expected=f"one of {', '.join(table.columns)} as the {role}",
        remedy=f"Say which with --map {role}=COLUMN.",
        where=Where(str(table.path), 1 if lines else None, role),
    )


def _no_lost_votes(table: Table, columns: ColumnMap, role: str) -> None:
    """A joined row of judgments that belongs to no row of ours would be dropped in silence."""
    for column in columns.columns.get(role, ()):
        for record in table.unmatched.get(column, ()):
            seen = f"This row belongs to no row of {table.path.name}."
            raise record.place.fault(seen, "judgments of known items", "Add the item, or remove the judgment.")


def _prompt(record: Record, columns: ColumnMap) -> tuple[Message, ...]:
    """The prompt: one column as it is, or several as paragraphs of one user turn."""
    named = columns.columns.get("prompt", ())
    if len(named) == 1:
        said = messages(record, named[0], "user")
    else:
        constant = columns.constants.get("prompt")
        parts = [constant] if constant is not None else [record.optional_text(c) for c in named]
        said = (Message("user", "\n\n".join(p for p in parts if p)),)
    if not any(m.text.strip() for m in said):
        raise record.fault(named[0] if named else None, "The prompt is empty.", "text", "Fill it in or remove the row.")
    system = columns.text(record, "system")
    return (Message("system", system), *said) if system else said


def _said(record: Record, columns: ColumnMap, role: str, author: str) -> Said:
    column = columns.column(role)
    if column is None:
        return Said((Message("assistant", columns.constants[role]),), columns.text(record, author))
    return Said(messages(record, column, "assistant"), columns.text(record, author))


def _judged(record: Record, column: str | None) -> bool:
    """Whether the row was judged at all: an item that found no partner in a file of votes was not."""
    return column is None or column in record.values


def _each(record: Record, columns: ColumnMap, role: str, read: Callable[[str | None], Json]) -> tuple[Vote, ...]:
    """One vote a column of the role; where there are several columns, each is a judge of its own."""
    named: tuple[str | None, ...] = columns.columns.get(role, (None,))
    votes = []
    for column in named:
        if not _judged(record, column):
            continue
        try:
            answer: Json | TutelageError = read(column)
        except TutelageError as error:
            answer = error
        made = vote(record, columns, answer, column)
        if len(named) > 1:
            judge = JUDGES[columns.text(record, "judge_type") or "person"](str(column))
            made = replace(made, judge=judge, id=None)
        votes.append(made)
    return tuple(votes)


def _entry(record: Record, columns: ColumnMap, votes: tuple[Vote, ...], said: tuple[Said, ...], payload: Json) -> Entry:
    stated, extra = beside(record, columns)
    prompt = _prompt(record, columns)
    return Entry(record.place, prompt, votes, said, {**payload, **stated}, columns.text(record, "item"), extra)


# --- comparison -----------------------------------------------------------------------------------------------------

FIRST = ("first", "a", "left", "model_a", "a1", "response_1", "response_a", "option_a", "chosen", "one", "x")
SECOND = ("second", "b", "right", "model_b", "a2", "response_2", "response_b", "option_b", "rejected", "two", "y")
WINNERS: dict[str, str] = {
    **dict.fromkeys(FIRST, "first"),
    **dict.fromkeys(SECOND, "second"),
    **dict.fromkeys(("tie", "equal", "same", "both", "draw", "both_good"), "tie"),
    **dict.fromkeys(("both_bad", "tie (bothbad)", "bothbad", "neither"), "both_bad"),
    **dict.fromkeys(("cannot_rate", "skip", "unsure", "unrateable"), "cannot_rate"),
}
NUMBERED = {frozenset("12"): {"1": "first", "2": "second"}, frozenset("012"): {"0": "tie", "1": "first", "2": "second"}}
WINNER_WORDS = ("first", "second", "tie", "both_bad", "cannot_rate", "harmful_first", "harmful_second", "harmful_both")
_HARMFUL = {"harmful_first": ["first"], "harmful_second": ["second"], "harmful_both": ["first", "second"]}


def _comparisons(table: Table, columns: ColumnMap) -> Iterator[Entry]:
    words = _winner_words(table, columns)
    for record in table.records:
        said = (
            _said(record, columns, "first", "first_author"),
            _said(record, columns, "second", "second_author"),
        )

        def read(column: str | None, record: Record = record) -> Json:
            return _preference(record, column, columns, words)

        yield _entry(record, columns, _each(record, columns, "winner", read), said, {})


def _winner_words(table: Table, columns: ColumnMap) -> dict[str, str]:
    """What each value of the winner's columns means. Numbers mean something only as a set that leaves no doubt."""
    named = columns.columns.get("winner", ())
    seen = {r.optional_text(c) or "" for r in table.records for c in named if c in r.values}
    stated = dict(columns.meanings.get("winner", {}))
    for word in stated.values():
        if word not in WINNER_WORDS:
            where = Where(field="--map winner")
            raise BadInput(
                f"Saw {word!r}.", expected="one of " + ", ".join(WINNER_WORDS), remedy="Correct it.", where=where
            )
    if not stated and seen <= frozenset("01") and len(seen) == 2:
        raise BadInput(
            "The winner is 0 or 1, and it is not said which of them is the first response.",
            expected="a stated direction",
            remedy="Say it: --map winner:0=first --map winner:1=second, or the other way round.",
            where=Where(str(table.path), None, ",".join(named)),
        )
    numbers = next((meaning for values, meaning in NUMBERED.items() if seen == values), {})
    return {**WINNERS, **{w: w for w in WINNER_WORDS}, **numbers, **stated}


def _preference(record: Record, column: str | None, columns: ColumnMap, words: dict[str, str]) -> Json:
    seen = columns.constants["winner"] if column is None else record.optional_text(column) or ""
    word = words.get(seen, words.get(seen.strip().lower()))
    if word is None:
        shown = seen if len(seen) <= 40 else seen[:39] + "…"
        raise record.fault(
            column,
            f"The winner is {shown!r}." if seen else "There is no winner.",
            "one of " + ", ".join(WINNER_WORDS),
            f"Correct it, or say what it means with --map 'winner:{shown}=tie'.",
        )
    if word in _HARMFUL:
        return {"type": "harmful", "which": _HARMFUL[word]}
    if word not in ("first", "second"):
        return {"type": word}
    strength = columns.number(record, "strength")
    stated = {} if strength is None else {"strength": int(strength) if strength == int(strength) else strength}
    return {"type": "prefer", "winner": word, **stated}


# --- rating ---------------------------------------------------------------------------------------------------------


def _ratings(table: Table, columns: ColumnMap) -> Iterator[Entry]:
    named = columns.columns.get("score", ())
    payload: Json = {"criteria": [_criterion(table, columns, column) for column in named]}
    for record in table.records:
        said = (_said(record, columns, "response", "author"),)
        votes: tuple[Vote, ...] = ()
        if _judged(record, named[0]):
            votes = (vote(record, columns, _scores(record, named), named[0] if len(named) == 1 else None),)
        yield _entry(record, columns, votes, said, payload)


def _criterion(table: Table, columns: ColumnMap, column: str) -> dict[str, Any]:
    stated = columns.constants.get("scale")
    if stated is not None:
        ends = stated.split("..")
        try:
            worst, best = (float(end) for end in ends)
        except ValueError:
            where = Where(field="--map scale")
            remedy = "Write it as --map scale=@1..5, the worst end first."
            raise BadInput(f"Saw {stated!r}.", expected="WORST..BEST", remedy=remedy, where=where) from None
    else:
        seen = [r.number(column) for r in table.records if r.values.get(column) not in (None, "")]
        worst, best = min(seen, default=1.0), max(seen, default=5.0)
    whole = all(r.number(column) % 1 == worst % 1 for r in table.records if r.values.get(column) not in (None, ""))
    return {"name": column, "worst": worst, "best": best, "step": 1.0 if whole else None}


def _scores(record: Record, named: tuple[str, ...]) -> Json | TutelageError:
    try:
        scores = {c: record.number(c) if record.values.get(c) not in (None, "") else None for c in named}
    except TutelageError as error:
        return error
    if all(score is None for score in scores.values()):
        return record.fault(named[0], "There is no score.", "a number", "Fill it in.")
    return {"type": "rating", "scores": scores}


# --- classification -------------------------------------------------------------------------------------------------


def _classes(table: Table, columns: ColumnMap) -> Iterator[Entry]:
    named = columns.columns.get("label", ())
    means = columns.meanings.get("label", {})
    seen = {_word(r, c, means) for r in table.records for c in named if c in r.values}
    scores = {label: _score(text) for label, text in columns.meanings.get("score", {}).items()}
    labels = sorted((seen | set(means.values()) | set(scores)) - {""})
    payload: Json = {"labels": labels, **({"scores": scores} if scores else {})}
    for record in table.records:

        def read(column: str | None, record: Record = record) -> Json:
            word = _word(record, column or "", means)
            if not word:
                raise record.fault(column, "There is no label.", "one of " + ", ".join(labels), "Fill it in.")
            return {"type": "classification", "labels": [word]}

        said = (_said(record, columns, "response", "author"),) if columns.has("response") else ()
        yield _entry(record, columns, _each(record, columns, "label", read), said, payload)


def _word(record: Record, column: str, means: Any) -> str:
    seen = record.optional_text(column) or ""
    return str(means.get(seen, seen))


def _score(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        where = Where(field="--map score")
        remedy = "Write it as --map score:LABEL=1."
        raise BadInput(f"Saw {text!r}.", expected="a number in [0, 1]", remedy=remedy, where=where) from None


# --- ranking and demonstration --------------------------------------------------------------------------------------


def _rankings(table: Table, columns: ColumnMap) -> Iterator[Entry]:
    for record in table.records:
        texts = _listed(record, columns.columns["responses"])
        said = tuple(Said(_turns(record, columns, text)) for text in texts)
        ranks = [_rank(record, columns, r) for r in _listed(record, columns.columns["ranks"])]
        answer: Json = {"type": "ranking", "ranks": ranks}
        yield _entry(record, columns, (vote(record, columns, answer, columns.column("ranks")),), said, {})


def _turns(record: Record, columns: ColumnMap, text: Any) -> tuple[Message, ...]:
    column = columns.column("responses")
    try:
        return conversation(text, "assistant")
    except TutelageError as error:
        raise record.at(column).here(error, column) from None


def _listed(record: Record, named: tuple[str, ...]) -> list[Any]:
    """Several columns, or one that holds a list."""
    if len(named) > 1:
        return [record.value(c) for c in named]
    value = record.value(named[0])
    if not isinstance(value, list):
        raise record.fault(named[0], f"Saw {str(value)[:40]!r}.", "a list, or several columns", "Map several columns.")
    return value


def _rank(record: Record, columns: ColumnMap, value: Any) -> int | None:
    if value is None or value == "":
        return None
    column = columns.column("ranks")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise record.fault(column, f"Saw the rank {value!r}.", "a whole number or nothing", "Correct it.") from None
    if number != int(number):
        raise record.fault(column, f"Saw the rank {value!r}.", "a whole number or nothing", "Correct it.")
    return int(number)


def _demonstrations(table: Table, columns: ColumnMap) -> Iterator[Entry]:
    for record in table.records:
        said = _said(record, columns, "response", "author")
        answer: dict[str, Any] = {"type": "demonstration", "response": [_plain(m) for m in said.messages]}
        reasoning = columns.text(record, "reasoning")
        if reasoning is not None:
            answer["reasoning"] = reasoning
        made = vote(record, columns, answer, columns.column("response"))
        yield _entry(record, columns, (made,), (), {})


def _plain(message: Message) -> dict[str, str]:
    return {"role": message.role, "text": message.text}


READERS: dict[str, Callable[[Table, ColumnMap], Iterator[Entry]]] = {
    "comparison": _comparisons,
    "rating": _ratings,
    "classification": _classes,
    "ranking": _rankings,
    "demonstration": _demonstrations,
}
IMPORTERS = (Columns(),)
