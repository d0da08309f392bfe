"""Corpora and training rows in the formats others read. What a format cannot hold is counted and said."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.formats.corpus import Corpus, folded, refuse_to_overwrite
from tutelage.formats.importers.judgments import judgment_rows
from tutelage.formats.texts import ASSISTANT, HUMAN
from tutelage.formats.trl import SHAPES, Style
from tutelage.records import LabelledRow, Message, Open, RankedRow, Row, Verdict, encode, jsonl

FORMATS = ("judgments", "rows", *SHAPES)


@dataclass(frozen=True, slots=True)
class Exported:
    """How many rows were written, and what the format could not carry, by reason."""

    path: str
    format: str
    rows: int
    left_out: dict[str, int]


def export(
    data: Corpus | Sequence[Row],
    to: str,
    out: Path,
    *,
    style: Style = "conversational",
    each: bool = False,
    force: bool = False,
    of_record: Callable[[Verdict], Verdict] | None = None,
) -> Exported:
    """Write a corpus, or training rows, as `to`; the name's ending decides: `.parquet`, `.jsonl`, `.jsonl.gz`.

    to     "judgments" (everything, exactly), "rows" (our training rows), or one of TRL's shapes
    style  plain text or chat messages, for TRL
    each   one row a judgment instead of one a verdict
    of_record  what stands in place of what the votes came to, where somebody ruled
    The file appears whole or not at all. Raises BadInput if nothing at all fits the format.
    """
    if to not in FORMATS:
        raise _bad(f"There is no format {to!r}.", "one of " + ", ".join(FORMATS), "Correct --to.", "--to")
    write = WRITERS.get("".join(out.suffixes[-2:] if out.suffix == ".gz" else out.suffixes[-1:]))
    if write is None:
        raise _bad(f"Saw {out.name!r}.", "a name in .jsonl, .jsonl.gz or .parquet", "Correct --out.", "--out")
    refuse_to_overwrite(out, force=force)
    made, left_out = _made(data, to, style, each, of_record)
    if not made:
        why = "; ".join(f"{n} {reason}" for reason, n in left_out.items()) or "the corpus is empty"
        raise _bad(f"Nothing fits {to}: {why}.", "at least one row", "Choose another --to.", "--to")
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, made)
    return Exported(str(out), to, len(made), dict(left_out))


def _made(
    data: Corpus | Sequence[Row], to: str, style: Style, each: bool, of_record: Callable[[Verdict], Verdict] | None
) -> tuple[list[Any], Counter[str]]:
    left_out: Counter[str] = Counter()
    if to == "judgments":
        if not isinstance(data, Corpus):
            raise _bad("These are training rows.", "a corpus", "Export the corpus they came from.", "--to")
        return judgment_rows(data), left_out
    groups: list[list[Row]] = [[row] for row in data] if not isinstance(data, Corpus) else []
    if isinstance(data, Corpus):
        for _, verdict, rows in folded(data, each=each, of_record=of_record):
            groups.append(rows)
            if not rows:
                reason = verdict.why if isinstance(verdict, Open) else f"settled as {verdict.value!r}"
                left_out[f"items give no training row ({reason})"] += 1
    if to == "rows":
        return [row for rows in groups for row in rows], left_out
    made: list[Any] = []
    for rows in groups:
        for row in _whole(rows):
            shaped = SHAPES[to](row, style)
            made += shaped
            left_out[f"{_noun(row)} rows have no place in {to}"] += not shaped
            for lost, reason in LOSSES:
                left_out[reason] += bool(shaped) and lost(row, style)
    return (_distinct(made) if to == "trl-prompt-only" else made), +left_out


def _whole(rows: list[Row]) -> list[Row]:
    """Without the rows of single criteria, where there is one for the whole."""
    overall = any(isinstance(r, LabelledRow) and r.criterion is None for r in rows)
    return [r for r in rows if not (overall and isinstance(r, LabelledRow) and r.criterion is not None)]


def _noun(row: Row) -> str:
    return "tied" if isinstance(row, RankedRow) and not row.pairs() else row.type


def _messages(row: Row) -> list[Message]:
    responses = row.responses if isinstance(row, RankedRow) else (row.response,)
    return [message for said in (row.prompt, *responses) for message in said]


def _more_than_words(row: Row, _style: Style) -> bool:
    return any(m.attachments or m.tool_calls for m in _messages(row))


def _ambiguous(row: Row, style: Style) -> bool:
    return style == "standard" and any(HUMAN in m.text or ASSISTANT in m.text for m in _messages(row))


LOSSES: list[tuple[Callable[[Row, Style], bool], str]] = [
    (_more_than_words, "rows have attachments or tool calls, for which these messages have no place"),
    (_ambiguous, 'rows hold "Human:" or "Assistant:" inside a turn, which plain text cannot tell from a new turn'),
]


def _distinct(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a prompt, with the judgments of all of them."""
    by_prompt: dict[str, dict[str, Any]] = {}
    for row in made:
        known = by_prompt.setdefault(json.dumps(row["prompt"]), {**row, "judgments": []})
        known["judgments"] += row["judgments"]
    return list(by_prompt.values())


def _write_jsonl(path: Path, rows: list[Any]) -> None:
    jsonl.write(path, rows)


def _write_parquet(path: Path, rows: list[Any]) -> None:
    """Chat messages and lists of ids as nested columns; whatever has no fixed shape as JSON text."""
    import polars as pl

    frame = pl.DataFrame([_flat(encode(row)) for row in rows], infer_schema_length=None)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        frame.write_parquet(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


NESTED = ("prompt", "chosen", "rejected", "completion", "messages", "judgments")


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    trl = "judgments" in row
    return {
        column: value if (trl and column in NESTED) or not isinstance(value, (list, dict)) else json.dumps(value)
        for column, value in row.items()
    }


WRITERS: dict[str, Callable[[Path, list[Any]], None]] = {
    ".jsonl": _write_jsonl,
    ".jsonl.gz": _write_jsonl,
    ".parquet": _write_parquet,
}


def _bad(seen: str, expected: str, remedy: str, field: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=field))
