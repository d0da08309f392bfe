"""UltraFeedback-like rows: one instruction, several completions, each rated on several aspects by a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tutelage.errors import TutelageError
from tutelage.formats.columns import BESIDE
from tutelage.formats.entries import JUDGES, Entry, Said, Vote
from tutelage.formats.importers.protocol import Request, beside, messages
from tutelage.formats.tables import Record, Table
from tutelage.records import Json, Message, decode

JUDGE = "gpt-4"
WORST, BEST = 1, 5
MISSING = ("N/A", "", None)


class UltraFeedback:
    """Aspects are on 1–5; "N/A" means that an aspect does not apply."""

    name = "ultrafeedback"
    summary = "UltraFeedback-like ratings: instruction, completions with annotations"
    mapped = False
    kinds = ("rating",)

    def sniff(self, table: Table) -> float:
        """0.95 where completions carry annotations."""
        listed = table.first.get("completions")
        rated = isinstance(listed, list) and listed and isinstance(listed[0], Mapping) and "annotations" in listed[0]
        return 0.95 if rated and "instruction" in table.columns else 0.0

    def entries(self, request: Request) -> Iterator[Entry]:
        """One rating a completion; completions of one row share their prompt, so they share their group."""
        columns = request.columns.for_table(request.table, BESIDE)
        for record in request.table.records:
            prompt = messages(record, "instruction", "user")
            payload, extra = beside(record, columns)
            completions = record.value("completions")
            if not isinstance(completions, list):
                raise record.fault("completions", "It is not a list.", "a list of completions", "Correct the row.")
            judge = JUDGES[columns.text(record, "judge_type") or "ai"](columns.text(record, "judge") or JUDGE)
            for n, completion in enumerate(completions):
                field = f"completions[{n}]"
                said, aspects = _completion(record, field, completion)
                rubric = {"criteria": [{"name": a, "worst": WORST, "best": BEST} for a in aspects]}
                answer, reason = _scores(record, field, aspects)
                extras = {"reason": reason} if reason else {}
                made = Vote(answer, record.place, field, judge, None, extras)
                yield Entry(record.place, prompt, (made,), (said,), {**rubric, **payload}, None, extra)


def _completion(record: Record, field: str, completion: Any) -> tuple[Said, Mapping[str, Any]]:
    fine = isinstance(completion, Mapping)
    text, aspects = (completion.get("response"), completion.get("annotations")) if fine else (None, None)
    if not isinstance(text, str) or not isinstance(aspects, Mapping) or not aspects:
        raise record.fault(field, "It lacks a response or annotations.", "both", "Correct the row.")
    author = completion.get("model")
    return Said((Message("assistant", decode(str, text)),), author if isinstance(author, str) else None), aspects


def _scores(record: Record, field: str, aspects: Mapping[str, Any]) -> tuple[Json | TutelageError, str]:
    """(answer, rationale). An aspect is an object with a Rating, or, in other editions, the bare number."""
    scores: dict[str, float | None] = {}
    reasons = []
    for name, aspect in aspects.items():
        rated = aspect.get("Rating") if isinstance(aspect, Mapping) else aspect
        if isinstance(aspect, Mapping) and isinstance(aspect.get("Rationale"), str):
            reasons.append(f"{name}: {aspect['Rationale']}")
        try:
            scores[name] = None if rated in MISSING else float(rated)
        except (TypeError, ValueError):
            where = f"{field}.annotations.{name}"
            return record.fault(where, f"Saw {rated!r}.", "a number or N/A", "Correct the value."), ""
    if all(score is None for score in scores.values()):
        return {"type": "cannot_rate", "why": "no aspect applies"}, "\n".join(reasons)
    return {"type": "rating", "scores": scores}, "\n".join(reasons)


IMPORTERS = (UltraFeedback(),)
