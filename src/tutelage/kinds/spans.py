"""Mark passages of a text and give each a label."""
# ruff: noqa: ARG002  every kind takes the protocol's arguments, whether it needs them or not

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any, Literal

from tutelage.kinds.folding import Heard, before_rating, harm_rows, hear, is_harm, shares
from tutelage.kinds.protocol import Exhibit
from tutelage.kinds.shared import CannotRate, Harmful, bad, check_responses, group_of, payload
from tutelage.records import (
    Item,
    Json,
    Judge,
    Judgment,
    LabelledRow,
    Person,
    Response,
    Row,
    Settled,
    Verdict,
    assistant,
    decode,
    text_of,
    user,
)

METHOD = "spans marked by most judges, exactly or else where they overlap"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Payload:
    """The text to mark, word for word, and the labels.

    on       whether the text is the item's prompt or its response (several messages are joined by a line end)
    overlap  whether spans may touch the same characters: not at all, one inside the other, or in any way
    scores   what a text with such a span is worth in [0, 1], where labels mark faults: {"error": 0}; without any
             span it is worth 1
    """

    text: str
    labels: tuple[str, ...]
    on: Literal["response", "prompt"] = "response"
    overlap: Literal["none", "nested", "any"] = "none"
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters start to end (not included) of the text, counted in Unicode code points, and their label."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Marked:
    """The spans found; none is an answer too. text_sha256: of the text's UTF-8 bytes, in hexadecimal."""

    text_sha256: str
    spans: tuple[Span, ...]
    type: Literal["spans"] = "spans"


Answer = Marked | CannotRate | Harmful


class Spans:
    """A text and the labels its passages may bear."""

    name = "spans"
    summary = "Mark passages of a text and give each a label"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A prompt, a response where that is marked, and a payload that repeats the marked text."""
        asked: Payload = payload(Payload, item)
        check_responses(item, responses, int(asked.on == "response"), 1)
        there = text_of(item.messages if asked.on == "prompt" else responses[item.responses[0]].messages)
        if asked.text != there or not there:
            raise bad(f"The text is not the {asked.on}'s.", "its exact words", "payload.text", "Copy it.")
        if not asked.labels or len(set(asked.labels)) < len(asked.labels) or "" in asked.labels:
            raise bad(f"Saw {list(asked.labels)}.", "one label or more, each once", "payload.labels")
        for label, score in asked.scores.items():
            if label not in asked.labels or not 0 <= score <= 1:
                raise bad(f"Saw {label!r}: {score:g}.", "a listed label and a score in [0, 1]", "payload.scores")

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "spans", "text_sha256": …, "spans": [{"start": 0, "end": 5, "label": "error"}]}`."""
        parsed: Answer = decode(Answer, answer)
        if isinstance(parsed, Marked):
            _check_marked(parsed, payload(Payload, item))
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """The spans that more than half of the judges marked, exactly or, failing that, where most of them overlap.

        Confidence is the share of judges who mark the same places with the same labels, whatever the edges; every
        span that anybody marked stays in `detail` with its exact and its overlapping share.
        """
        heard = hear(item, judgments, judges, self.parse_answer)
        early = before_rating(heard)
        if early is not None:
            return early
        said = shares((_text(v.answer.spans), v.weight) for v in heard.voices)
        found = [_entry(span, heard) for span in sorted({s for v in heard.voices for s in v.answer.spans})]
        agreed = _agreed(found, heard)
        if not agreed and said.get(NONE, 0.0) <= 0.5:
            return heard.open("no span was marked by most judges", said)
        same = math.fsum(v.weight for v in heard.voices if _same_places(v.answer.spans, agreed)) / heard.total()
        detail = {
            "agreed": [{"start": s.start, "end": s.end, "label": s.label} for s in agreed],
            "spans": found,
            "ratings": len(heard.voices),
            **_worth(heard, payload(Payload, item)),
        }
        return heard.settled(_text(agreed), said, same, METHOD, detail)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """Where something is marked, and as what; all of it is one thing said."""
        found = sorted((s["start"], s["end"], s["label"]) for s in answer["spans"])
        return [("", ", ".join(f"{label} {start}–{end}" for start, end, label in found) or "none")]

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """The response's expected worth over the judges, where every label has one; nothing for prompts."""
        asked: Payload = payload(Payload, item)
        if not isinstance(verdict, Settled) or asked.on == "prompt":
            return []
        if is_harm(verdict):
            return harm_rows(item, responses, verdict, item.responses)
        if "worth" not in verdict.detail:
            return []
        said, ids = responses[item.responses[0]].messages, verdict.judgment_ids
        return [LabelledRow(item.messages, said, verdict.detail["worth"], ids, group_of(item))]

    def exhibit(self) -> Exhibit:
        """One wrong date in a sentence that is right otherwise."""
        text = "Hamlet was written in 1750."
        asked: Json = {"text": text, "labels": ["wrong"], "scores": {"wrong": 0}}
        item = Item("item-1", self.name, user("When was Hamlet written?"), responses=("response-1",), payload=asked)
        marks = [{"start": 22, "end": 26, "label": "wrong"}]
        answer: Json = {"type": "spans", "text_sha256": text_sha256(text), "spans": marks}
        judgment = Judgment("judgment-1", item.id, "person-1", answer, reason="It was about 1600.")
        return Exhibit(item, (Response("response-1", assistant(text)),), Person("person-1"), judgment)


def text_sha256(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes in hexadecimal: it pins the offsets to the text they were counted in."""
    return hashlib.sha256(text.encode()).hexdigest()


def _check_marked(marked: Marked, asked: Payload) -> None:
    if marked.text_sha256 != text_sha256(asked.text):
        seen = f"Saw {marked.text_sha256!r}."
        raise bad(seen, text_sha256(asked.text), "text_sha256", "That is another text: mark this one.")
    for i, span in enumerate(marked.spans):
        if span.label not in asked.labels:
            raise bad(f"Saw {span.label!r}.", "one of " + ", ".join(asked.labels), f"spans[{i}].label")
        if not 0 <= span.start < span.end <= len(asked.text):
            seen = f"Saw {span.start} to {span.end}."
            raise bad(seen, f"0 <= start < end <= {len(asked.text)}, in code points", f"spans[{i}]")
    _check_overlap(marked.spans, asked.overlap)


def _check_overlap(spans: tuple[Span, ...], allowed: str) -> None:
    ordered = sorted(enumerate(spans), key=lambda pair: (pair[1].start, -pair[1].end, pair[1].label))
    for n, (_, outer) in enumerate(ordered):
        for i, inner in ordered[n + 1 :]:
            if inner.start >= outer.end:
                break
            if inner == outer:
                raise bad("The span stands twice.", "every span once", f"spans[{i}]", "Remove one.")
            nested = inner.end <= outer.end
            if allowed == "none" or (allowed == "nested" and not nested):
                seen = f"It {'lies in' if nested else 'crosses'} {outer.start} to {outer.end}."
                raise bad(seen, f"spans that overlap: {allowed}", f"spans[{i}]", "Move an edge, or remove one.")


def _text(spans: Iterable[Span]) -> str:
    return "+".join(f"{s.start}-{s.end}:{s.label}" for s in sorted(spans)) or NONE


def _worth(heard: Heard[Marked], asked: Payload) -> Json:
    """The text's expected worth over the judges, where every label has one."""
    if set(asked.labels) != set(asked.scores):
        return {}
    said = [(min((asked.scores[s.label] for s in v.answer.spans), default=1.0), v.weight) for v in heard.voices]
    return {"worth": math.fsum(worth * weight for worth, weight in said) / heard.total()}


def _overlaps(a: Span, b: Span) -> bool:
    return a.label == b.label and a.start < b.end and b.start < a.end


def _entry(span: Span, heard: Heard[Marked]) -> dict[str, Any]:
    exact = math.fsum(v.weight for v in heard.voices if span in v.answer.spans)
    near = math.fsum(v.weight for v in heard.voices if any(_overlaps(span, s) for s in v.answer.spans))
    share = {"exact": exact / heard.total(), "overlapping": near / heard.total()}
    return {"start": span.start, "end": span.end, "label": span.label, **share}


def _agreed(found: list[dict[str, Any]], heard: Heard[Marked]) -> tuple[Span, ...]:
    exact = [Span(f["start"], f["end"], f["label"]) for f in found if f["exact"] > 0.5 + 1e-9]
    runs = [run for run in _common(heard) if not any(_overlaps(run, span) for span in exact)]
    return tuple(sorted(exact + runs))


def _common(heard: Heard[Marked]) -> list[Span]:
    """The longest runs of characters to which more than half of the judges gave one label."""
    edges: dict[str, set[int]] = {}
    for span in (s for v in heard.voices for s in v.answer.spans):
        edges.setdefault(span.label, set()).update((span.start, span.end))
    out = []
    for label in sorted(edges):
        cuts = sorted(edges[label])
        pieces = [Span(a, b, label) for a, b in pairwise(cuts)]
        most = [(p, _entry(p, heard)["overlapping"] > 0.5 + 1e-9) for p in pieces]
        for common, run in groupby(most, key=lambda pair: pair[1]):
            if common:
                joined = [p for p, _ in run]
                out.append(Span(joined[0].start, joined[-1].end, label))
    return out


def _same_places(spans: tuple[Span, ...], agreed: tuple[Span, ...]) -> bool:
    return all(any(_overlaps(s, a) for a in agreed) for s in spans) and all(
        any(_overlaps(a, s) for s in spans) for a in agreed
    )


KIND = Spans()
