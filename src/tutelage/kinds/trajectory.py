"""Judge an agent's work step by step: each step, the first error, the outcome."""
# ruff: noqa: ARG002  every kind takes the protocol's arguments, whether it needs them or not

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tutelage.kinds.folding import Heard, before_rating, harm_rows, hear, is_harm, shares, winner
from tutelage.kinds.protocol import Exhibit
from tutelage.kinds.shared import CannotRate, Harmful, bad, check_responses, group_of, payload
from tutelage.records import (
    Item,
    Json,
    Judge,
    Judgment,
    LabelledRow,
    Message,
    Person,
    Response,
    Row,
    Settled,
    ToolCall,
    Verdict,
    decode,
    user,
)

METHOD = "plurality of judges: each step, the first error, the outcome"
Step = Literal["good", "neutral", "bad"]
STEP_SCORES = {"good": 1.0, "neutral": 0.5, "bad": 0.0}
OUTCOME_SCORES = {"success": 1.0, "partial": 0.5, "failure": 0.0}
NO_ERROR = "none"


@dataclass(frozen=True, slots=True)
class Payload:
    """steps     which messages of the response are steps to judge: places, from 0, of the agent's own messages
    question  what the agent was to reach, where the prompt does not say it
    """

    steps: tuple[int, ...]
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Walked:
    """labels       (S,) one a step; None, after the first error only, where the judge read no further
    first_error  the place, from 0, of the first bad step among the steps; None where none is bad
    outcome      what the agent reached in the end
    """

    labels: tuple[Step | None, ...]
    outcome: Literal["success", "partial", "failure"]
    first_error: int | None
    type: Literal["trajectory"] = "trajectory"


Answer = Walked | CannotRate | Harmful


class Trajectory:
    """One agent's messages, with its tool calls and what they returned."""

    name = "trajectory"
    summary = "Judge an agent's work step by step: each step, the first error, the outcome"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A task, one response of one step or more, and the places of its steps."""
        asked: Payload = payload(Payload, item)
        check_responses(item, responses, 1, 1)
        own = [n for n, m in enumerate(responses[item.responses[0]].messages) if m.role == "assistant"]
        if not asked.steps or list(asked.steps) != sorted(set(asked.steps)) or not set(asked.steps) <= set(own):
            seen = f"Saw {list(asked.steps)}."
            raise bad(seen, f"places, in order, of the agent's messages: of {own}", "payload.steps")

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "trajectory", "labels": ["good", "bad", null], "first_error": 1, "outcome": "failure"}`."""
        parsed: Answer = decode(Answer, answer)
        if isinstance(parsed, Walked):
            asked: Payload = payload(Payload, item)
            _check_walked(parsed, len(asked.steps))
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """Plurality for the outcome, for the first error, and for every step; a split step stays without a label.

        value is the outcome and the first error: "failure@1", "success@none". Confidence is the smaller of their two
        shares. A split outcome or first error leaves the item open.
        """
        heard = hear(item, judgments, judges, self.parse_answer)
        early = before_rating(heard)
        if early is not None:
            return early
        said = shares((_value(v.answer.outcome, _error(v.answer)), v.weight) for v in heard.voices)
        outcomes = shares((v.answer.outcome, v.weight) for v in heard.voices)
        errors = shares((_error(v.answer), v.weight) for v in heard.voices)
        outcome, error = winner(outcomes), winner(errors)
        if outcome is None or error is None:
            what = "the outcome" if outcome is None else "the first error"
            return heard.open(f"the judges are split on {what}", said)
        detail = {
            "steps": _steps(heard),
            "first_error": {"place": None if error == NO_ERROR else int(error), "shares": errors},
            "outcome": {"value": outcome, "shares": outcomes},
            "score": _expected(outcomes, OUTCOME_SCORES),
            "ratings": len(heard.voices),
        }
        return heard.settled(_value(outcome, error), said, min(outcomes[outcome], errors[error]), METHOD, detail)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """The label of each step, where the first error is, and the outcome."""
        error = answer["first_error"]
        steps: list[tuple[str, str | None]] = [(f"step {n}", label) for n, label in enumerate(answer["labels"], 1)]
        return [*steps, ("first error", "none" if error is None else str(error + 1)), ("outcome", answer["outcome"])]

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """The whole with the outcome's expected worth, and each judged step, after all before it, with its own."""
        if is_harm(verdict):
            return harm_rows(item, responses, verdict, item.responses)
        if not isinstance(verdict, Settled):
            return []
        walk, ids, group = responses[item.responses[0]].messages, verdict.judgment_ids, group_of(item)
        whole = LabelledRow(item.messages, walk, verdict.detail["score"], ids, group)
        steps = [
            LabelledRow(item.messages + walk[:at], (walk[at],), step["score"], ids, group, criterion="step")
            for at, step in zip(item.payload["steps"], verdict.detail["steps"], strict=True)
            if step["score"] is not None
        ]
        return [whole, *steps]

    def exhibit(self) -> Exhibit:
        """An agent that looks a number up rightly and then reads it wrongly."""
        call = ToolCall("call-1", "search", {"query": "height of K2"})
        walk = (
            Message("assistant", "I look it up.", tool_calls=(call,)),
            Message("tool", "K2: 8,611 m", tool_call_id="call-1"),
            Message("assistant", "K2 is 8,116 m high."),
        )
        item = Item("item-1", self.name, user("How high is K2?"), responses=("response-1",), payload={"steps": [0, 2]})
        answer: Json = {"type": "trajectory", "labels": ["good", "bad"], "first_error": 1, "outcome": "failure"}
        judgment = Judgment("judgment-1", item.id, "person-1", answer, reason="Two digits are swapped.")
        return Exhibit(item, (Response("response-1", walk),), Person("person-1"), judgment)


def _check_walked(walked: Walked, count: int) -> None:
    if len(walked.labels) != count:
        raise bad(f"Saw {len(walked.labels)} labels.", f"{count} labels, one a step", "labels")
    first = walked.labels.index("bad") if "bad" in walked.labels else None
    if walked.first_error != first:
        expected = "null, as no step is bad" if first is None else f"{first}, the first bad step"
        raise bad(f"Saw {walked.first_error}.", expected, "first_error", "Correct it, or the label of that step.")
    read = count if first is None else first
    if None in walked.labels[:read]:
        at = walked.labels.index(None)
        raise bad("The step has no label.", "a label for every step up to the first error", f"labels[{at}]")


def _error(walked: Walked) -> str:
    return NO_ERROR if walked.first_error is None else str(walked.first_error)


def _value(outcome: str, error: str) -> str:
    return f"{outcome}@{error}"


def _expected(of: Mapping[str, float], scores: Mapping[str, float]) -> float:
    return min(1.0, math.fsum(share * scores[value] for value, share in of.items()))


def _steps(heard: Heard[Walked]) -> list[dict[str, Any]]:
    """Each step's label (None where split or unread), the shares among those who read it, and its expected worth."""
    out = []
    for n in range(len(heard.voices[0].answer.labels)):
        said = shares((label, v.weight) for v in heard.voices if (label := v.answer.labels[n]) is not None)
        out.append({"label": winner(said), "shares": said, "score": _expected(said, STEP_SCORES) if said else None})
    return out


KIND = Trajectory()
