"""Which of two responses is better, and by how much."""
# ruff: noqa: ARG002  every kind takes the protocol's arguments, whether it needs them or not

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tutelage.kinds.protocol import Exhibit
from tutelage.kinds.shared import CannotRate, bad, check_responses, group_of, payload, verdict_of
from tutelage.records import (
    Item,
    Json,
    Judge,
    Judgment,
    LabelledRow,
    Message,
    Person,
    RankedRow,
    Response,
    Row,
    Settled,
    Verdict,
    assistant,
    decode,
    standing,
    user,
)

Side = Literal["first", "second"]
STRONGEST = 3


@dataclass(frozen=True, slots=True)
class Prefer:
    """One response is better. strength: 1 slightly, 2 clearly, 3 far better; None where nobody asked."""

    winner: Side
    strength: Literal[1, 2, 3] | None = None
    type: Literal["prefer"] = "prefer"


@dataclass(frozen=True, slots=True)
class Tie:
    """Equally good."""

    type: Literal["tie"] = "tie"


@dataclass(frozen=True, slots=True)
class BothBad:
    """Neither is acceptable."""

    type: Literal["both_bad"] = "both_bad"


@dataclass(frozen=True, slots=True)
class Harmful:
    """One or both must not be shown to anybody."""

    which: tuple[Side, ...]
    type: Literal["harmful"] = "harmful"


Answer = Prefer | Tie | BothBad | CannotRate | Harmful


@dataclass(frozen=True, slots=True)
class Payload:
    """question: what "better" means here, where the guideline does not say it."""

    question: str | None = None


class Comparison:
    """Two responses to one prompt."""

    name = "comparison"
    summary = "Which of two responses is better, and by how much"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A prompt and two different responses."""
        payload(Payload, item)
        check_responses(item, responses, 2, 2)

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "prefer", "winner": "first", "strength": 2}`, or tie, both_bad, cannot_rate, harmful."""
        parsed: Answer = decode(Answer, answer)
        if isinstance(parsed, Harmful) and not 0 < len(parsed.which) == len(set(parsed.which)):
            raise bad(f"Saw {list(parsed.which)}.", "each harmful side once", "which", "Name the harmful sides.")
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """Plurality over first, second, tie, both_bad, harmful. A shared first place stays open."""
        given = [(j, _value(self.parse_answer(item, j.answer))) for j in standing(list(judgments))]
        return verdict_of(item, judgments, judges, given)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """Who won, a tie, or both bad; not how strongly."""
        return [("", str(answer["winner"]) if answer["type"] == "prefer" else str(answer["type"]))]

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """first, second and tie give one ranked pair; both_bad and harmful give answers labelled 0.

        certainty is the winner's share among first, second and half of each tie; strength the mean of those
        that the winning side's judges gave, over 3.
        """
        if not isinstance(verdict, Settled):
            return []
        texts = [responses[name].messages for name in item.responses]
        answers = [self.parse_answer(item, j.answer) for j in standing(list(judgments))]
        if verdict.value in RANKS:
            return [_pair(item, texts, verdict, answers)]
        condemned, criterion = _condemned(verdict.value, answers)
        return [
            LabelledRow(item.messages, text, 0.0, verdict.judgment_ids, group_of(item), criterion=criterion)
            for side, text in zip(("first", "second"), texts, strict=True)
            if side in condemned
        ]

    def exhibit(self) -> Exhibit:
        """A clear preference between a right and a wrong answer."""
        item = Item("item-1", self.name, user("What is 7 × 8?"), responses=("response-1", "response-2"))
        responses = (Response("response-1", assistant("56")), Response("response-2", assistant("54")))
        answer: Json = {"type": "prefer", "winner": "first", "strength": 3}
        judgment = Judgment("judgment-1", item.id, "person-1", answer, reason="Only the first is right.")
        return Exhibit(item, responses, Person("person-1"), judgment)


RANKS: dict[str, tuple[int, int]] = {"first": (1, 2), "second": (2, 1), "tie": (1, 1)}


def _value(answer: Answer) -> str | None:
    if isinstance(answer, CannotRate):
        return None
    return answer.winner if isinstance(answer, Prefer) else answer.type


def _pair(item: Item, texts: list[tuple[Message, ...]], verdict: Settled, answers: Sequence[Answer]) -> RankedRow:
    share = {v: verdict.distribution.get(v, 0.0) for v in RANKS}
    ranked = sum(share.values())
    half_ties = 0.0 if verdict.value == "tie" else share["tie"] / 2
    said = [a.strength for a in answers if isinstance(a, Prefer) and a.winner == verdict.value and a.strength]
    return RankedRow(
        item.messages,
        tuple(texts),
        RANKS[verdict.value],
        verdict.judgment_ids,
        group_of(item),
        strength=sum(said) / len(said) / STRONGEST if said else 1.0,
        certainty=(share[verdict.value] + half_ties) / ranked,
    )


def _condemned(value: str, answers: Sequence[Answer]) -> tuple[set[str], str]:
    """The sides that were found wanting, and in what."""
    if value == "both_bad":
        return {"first", "second"}, "acceptable"
    flags = [a.which for a in answers if isinstance(a, Harmful)]
    # a side is condemned by most of those who found harm, so that one slip condemns nobody
    return {side for side in ("first", "second") if sum(side in f for f in flags) * 2 > len(flags)}, "harmless"


KIND = Comparison()
