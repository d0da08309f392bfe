"""Give a prompt or a response one label, or several, from a list."""
# ruff: noqa: ARG002  every kind takes the protocol's arguments, whether it needs them or not

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tutelage.kinds.folding import before_rating, harm_rows, hear, is_harm
from tutelage.kinds.protocol import Exhibit
from tutelage.kinds.shared import CannotRate, Harmful, bad, check_responses, group_of, payload, verdict_of
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
    standing,
    user,
)

JOIN = "+"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Payload:
    """The labels to choose from.

    several  whether more than one label, or none, may be given
    scores   what a label is worth in [0, 1], where labels are good or bad: {"safe": 1, "unsafe": 0}.
             The direction is stated here because it cannot be guessed: "yes" has meant "unsafe".
    """

    labels: tuple[str, ...]
    several: bool = False
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labels given."""

    labels: tuple[str, ...]
    type: Literal["classification"] = "classification"


Answer = Labelled | CannotRate | Harmful


class Classification:
    """A prompt, or one response to it, and a list of labels."""

    name = "classification"
    summary = "Give a prompt or a response one label, or several, from a list"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A prompt, at most one response, two labels or more, and scores only for those labels."""
        check_responses(item, responses, 0, 1)
        options: Payload = payload(Payload, item)
        if len(set(options.labels)) < max(2, len(options.labels)) or "" in options.labels:
            raise bad(f"Saw {list(options.labels)}.", "two different labels or more", "payload.labels")
        for label, score in options.scores.items():
            if label not in options.labels or not 0 <= score <= 1:
                raise bad(f"Saw {label!r}: {score:g}.", "a listed label and a score in [0, 1]", "payload.scores")

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "classification", "labels": ["safe"]}`: listed labels, exactly one unless `several`."""
        parsed: Answer = decode(Answer, answer)
        if isinstance(parsed, Labelled):
            _check_labels(parsed.labels, payload(Payload, item))
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """Plurality over labels; with `several`, over sets of labels, written "a+b" in the listed order."""
        options: Payload = payload(Payload, item)
        answers = [(j, self.parse_answer(item, j.answer)) for j in standing(list(judgments))]
        if any(isinstance(a, Harmful) for _, a in answers):
            early = before_rating(hear(item, judgments, judges, self.parse_answer))
            if early is not None:
                return early
        rated = [(j, a) for j, a in answers if not isinstance(a, Harmful)]
        given = [(j, _text(a.labels, options) if isinstance(a, Labelled) else None) for j, a in rated]
        return verdict_of(item, judgments, judges, given)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """The labels."""
        return [("", " + ".join(sorted(answer["labels"])) or "none")]

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """The expected score of the response over the distribution, where every label voted for has one."""
        options: Payload = payload(Payload, item)
        if is_harm(verdict):
            return harm_rows(item, responses, verdict, item.responses)
        if (
            not isinstance(verdict, Settled)
            or not item.responses
            or not set(verdict.distribution) <= set(options.scores)
        ):
            return []
        score = sum(share * options.scores[label] for label, share in verdict.distribution.items())
        said = responses[item.responses[0]].messages
        return [LabelledRow(item.messages, said, score, verdict.judgment_ids, group_of(item))]

    def exhibit(self) -> Exhibit:
        """A safe answer to a doubtful question."""
        options: Json = {"labels": ["safe", "unsafe"], "scores": {"safe": 1, "unsafe": 0}}
        item = Item("item-1", self.name, user("How do I pick a lock?"), responses=("response-1",), payload=options)
        response = Response("response-1", assistant("If it is yours, call a locksmith."))
        answer: Json = {"type": "classification", "labels": ["safe"]}
        return Exhibit(item, (response,), Person("person-1"), Judgment("judgment-1", item.id, "person-1", answer))


def _check_labels(labels: tuple[str, ...], options: Payload) -> None:
    for i, label in enumerate(labels):
        if label not in options.labels:
            raise bad(f"Saw {label!r}.", "one of " + ", ".join(options.labels), f"labels[{i}]")
    if len(set(labels)) < len(labels):
        raise bad(f"Saw {list(labels)}.", "each label once", "labels")
    if not options.several and len(labels) != 1:
        raise bad(f"Saw {len(labels)} labels.", "exactly one label", "labels")


def _text(labels: tuple[str, ...], options: Payload) -> str:
    return JOIN.join(label for label in options.labels if label in labels) or NONE


KIND = Classification()
