"""Check a response claim by claim: source, quote, verdict."""
# ruff: noqa: ARG002  every kind takes the protocol's arguments, whether it needs them or not

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tutelage.kinds.folding import Voice, before_rating, harm_rows, hear, is_harm, shares, winner
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

METHOD = "plurality of judges, claim by claim"
NO_CLAIMS, UNDECIDED = "no_claims", "not_enough_evidence"
SAME_CLAIM = 0.5  # shared characters over covered characters, from which two passages are one claim
SOURCE = re.compile(r"https?://\S+|(doi|arxiv|isbn|pmid|urn|doc):\S+|[^\s:]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class Passage:
    """Characters start to end (not included) of the response, in Unicode code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Payload:
    """What is checked.

    text       the response, word for word
    claims     the claims to check; none leaves it to the judge to find them
    documents  id -> text of what may be quoted without a link; a quote from one must stand in it
    """

    text: str
    claims: tuple[Passage, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the response, and what was found.

    text          the characters start to end of the response
    source        a link (http, https), the id of a document, or another identifier such as doi:…
    source_state  "live": it was opened and read; "dead": it could not be; "missing": there is none
    """

    start: int
    end: int
    text: str
    verdict: Literal["supported", "refuted", "not_enough_evidence"]
    source_state: Literal["live", "dead", "missing"]
    source: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """Every claim of the response; none if it claims nothing. How accurate it is follows, and is never stated."""

    claims: tuple[Claim, ...]
    type: Literal["fact_check"] = "fact_check"


Answer = Checked | CannotRate | Harmful


class FactCheck:
    """One response and its claims."""

    name = "fact_check"
    summary = "Check a response claim by claim: source, quote, verdict"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A prompt, one response, its words in the payload, and claims that lie in them."""
        asked: Payload = payload(Payload, item)
        check_responses(item, responses, 1, 1)
        if not asked.text or asked.text != text_of(responses[item.responses[0]].messages):
            raise bad("The text is not the response's.", "its exact words", "payload.text", "Copy it.")
        _check_passages(asked.claims, asked.text, "payload.claims")

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "fact_check", "claims": [{"start", "end", "text", "verdict", "source_state", …}]}`.

        A claim is supported or refuted only by a quote from a live source; a dead or missing source blocks.
        """
        parsed: Answer = decode(Answer, answer)
        if isinstance(parsed, Checked):
            asked: Payload = payload(Payload, item)
            _check_passages(parsed.claims, asked.text, "claims")
            for i, claim in enumerate(parsed.claims):
                _check_claim(claim, asked, f"claims[{i}]")
            _check_complete(parsed.claims, asked.claims)
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """Plurality for each claim; one that is split leaves the item open.

        value is the share of supported claims among those supported or refuted. Confidence is the mean of the
        winning shares. The distribution is over the accuracies that follow from each judge's own claims.
        """
        heard = hear(item, judgments, judges, self.parse_answer)
        early = before_rating(heard)
        if early is not None:
            return early
        said = shares((_value([c.verdict for c in v.answer.claims]), v.weight) for v in heard.voices)
        claiming = winner(shares(("claims" if v.answer.claims else NO_CLAIMS, v.weight) for v in heard.voices))
        if claiming is None:
            return heard.open("the judges are split over whether it claims anything", said)
        found = [_folded(group) for group in _grouped(heard.voices, bool(item.payload.get("claims")))]
        if claiming == NO_CLAIMS:
            return heard.settled(NO_CLAIMS, said, said[NO_CLAIMS], METHOD, {"claims": found, "accuracy": None})
        split = [n for n, claim in enumerate(found, 1) if claim["verdict"] is None]
        if split:
            return heard.open(f"the verdicts are split on claim {split[0]} of {len(found)}", said)
        verdicts = [str(claim["verdict"]) for claim in found]
        detail = {"claims": found, "accuracy": accuracy(verdicts), **Counter(verdicts), "ratings": len(heard.voices)}
        mean = sum(claim["shares"][claim["verdict"]] for claim in found) / len(found)
        return heard.settled(_value(verdicts), said, mean, METHOD, detail)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """The verdict on each claim, by where it stands."""
        return [(f"{c['start']}–{c['end']}", str(c["verdict"])) for c in answer["claims"]] or [("", "no claims")]

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """The response with its accuracy, where at least one claim was supported or refuted."""
        if is_harm(verdict):
            return harm_rows(item, responses, verdict, item.responses)
        if not isinstance(verdict, Settled) or verdict.detail["accuracy"] is None:
            return []
        said, score, group = responses[item.responses[0]].messages, verdict.detail["accuracy"], group_of(item)
        return [LabelledRow(item.messages, said, score, verdict.judgment_ids, group, criterion="accurate")]

    def exhibit(self) -> Exhibit:
        """One claim that a document supports."""
        text = "Water boils at 100 °C at sea level."
        documents = {"handbook": "At one atmosphere, that is at sea level, water boils at 100 °C."}
        asked: Json = {"text": text, "claims": [{"start": 0, "end": 34}], "documents": documents}
        item = Item("item-1", self.name, user("When does water boil?"), responses=("response-1",), payload=asked)
        evidence = {"source_state": "live", "source": "handbook", "quote": "at sea level, water boils at 100 °C"}
        found = {"start": 0, "end": 34, "text": text[:34], "verdict": "supported", **evidence}
        judgment = Judgment("judgment-1", item.id, "person-1", {"type": "fact_check", "claims": [found]})
        return Exhibit(item, (Response("response-1", assistant(text)),), Person("person-1"), judgment)


def accuracy(verdicts: Sequence[str]) -> float | None:
    """The share of supported claims among those supported or refuted; None where there is none of either."""
    decided = [v for v in verdicts if v != UNDECIDED]
    return decided.count("supported") / len(decided) if decided else None


def _value(verdicts: Sequence[str]) -> str:
    share = accuracy(verdicts)
    return NO_CLAIMS if not verdicts else UNDECIDED if share is None else f"{share:.3f}"


def _check_passages(passages: Sequence[Passage | Claim], text: str, where: str) -> None:
    seen: set[tuple[int, int]] = set()
    for i, p in enumerate(passages):
        if not 0 <= p.start < p.end <= len(text):
            expected = f"0 <= start < end <= {len(text)}, in code points"
            raise bad(f"Saw {p.start} to {p.end}.", expected, f"{where}[{i}]")
        if (p.start, p.end) in seen:
            raise bad("The claim stands twice.", "every claim once", f"{where}[{i}]", "Remove one.")
        seen.add((p.start, p.end))


def _check_claim(claim: Claim, asked: Payload, where: str) -> None:
    there = asked.text[claim.start : claim.end]
    if claim.text != there:
        raise bad(f"Saw {claim.text!r}.", f"the response's words {there!r}", f"{where}.text")
    source, quote = claim.source, (claim.quote or "").strip()
    if source is not None and not SOURCE.fullmatch(source):
        raise bad(f"Saw {source!r}.", "a link (http, https) or the id of a document", f"{where}.source")
    if (source is None) != (claim.source_state == "missing"):
        expected = "live or dead" if source else "missing, as no source is named"
        raise bad(f"Saw {claim.source_state!r}.", expected, f"{where}.source_state", "Say how it is with the source.")
    if claim.verdict != UNDECIDED:
        _check_evidence(claim, quote, where)
    if quote not in asked.documents.get(source or "", quote):
        raise bad("The quote is not in the document.", f"words of {source!r}", f"{where}.quote", "Copy it from there.")


def _check_evidence(claim: Claim, quote: str, where: str) -> None:
    remedy = f"Find another source, or answer {UNDECIDED}."
    if claim.source is None:
        raise bad(f"{claim.verdict} without a source.", "a source that was read", f"{where}.source", remedy)
    if claim.source_state == "dead":
        raise bad(f"{claim.verdict} by a dead source.", "a source that opens", f"{where}.source_state", remedy)
    if not quote:
        raise bad(f"{claim.verdict} without a quote.", "the words that show it", f"{where}.quote", remedy)


def _check_complete(claims: Sequence[Claim], listed: Sequence[Passage]) -> None:
    given, wanted = ({(p.start, p.end) for p in of} for of in (claims, listed))
    if listed and given != wanted:
        at = min(given ^ wanted)
        raise bad(f"The claim at {at} is {'extra' if at in given else 'missing'}.", "the item's claims, all", "claims")


Found = tuple[Claim, Voice[Checked]]


def _grouped(voices: Sequence[Voice[Checked]], listed: bool) -> list[list[Found]]:
    """The judges' claims by what they are about: found ones are one claim from half of their characters on."""
    least = 1.0 if listed else SAME_CLAIM
    groups: list[list[Found]] = []
    for found in [(claim, voice) for voice in voices for claim in voice.answer.claims]:
        near = [any(_alike(found[0], other) >= least for other, _ in g) for g in groups]
        joined = [f for g, is_near in zip(groups, near, strict=True) if is_near for f in g]
        groups = [g for g, is_near in zip(groups, near, strict=True) if not is_near] + [[found, *joined]]
    return sorted(groups, key=lambda g: min((c.start, c.end) for c, _ in g))


def _alike(a: Claim, b: Claim) -> float:
    return (min(a.end, b.end) - max(a.start, b.start)) / (max(a.end, b.end) - min(a.start, b.start))


def _folded(group: list[Found]) -> dict[str, Any]:
    of = Counter(v.judgment.id for _, v in group)  # a judge who cut one claim in two still has one voice
    said = shares((c.verdict, v.weight / of[v.judgment.id]) for c, v in group)
    places = Counter((c.start, c.end, c.text) for c, _ in group)
    start, end, text = min(places, key=lambda p: (-places[p], p))
    place = {"start": start, "end": end, "text": text}
    sources = sorted({c.source for c, _ in group if c.source is not None})
    return {**place, "verdict": winner(said), "shares": said, "sources": sources, "judges": len(of)}


KIND = FactCheck()
