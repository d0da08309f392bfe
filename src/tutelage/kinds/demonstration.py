"""Write the answer a model should give."""
# ruff: noqa: ARG002  every kind takes the protocol's arguments, whether it needs them or not

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tutelage.kinds.folding import before_rating, hear, is_harm
from tutelage.kinds.protocol import Exhibit
from tutelage.kinds.shared import CannotRate, Harmful, bad, check_responses, group_of, payload
from tutelage.records import (
    DemonstrationRow,
    Item,
    Json,
    Judge,
    Judgment,
    Message,
    Person,
    Response,
    Row,
    Settled,
    Verdict,
    decode,
    standing,
    user,
)

METHOD = "every demonstration is kept"


@dataclass(frozen=True, slots=True)
class Written:
    """The answer as messages ending in the assistant's turn, and the thinking that led to it, if asked for."""

    response: tuple[Message, ...]
    reasoning: str | None = None
    type: Literal["demonstration"] = "demonstration"


Answer = Written | CannotRate | Harmful


@dataclass(frozen=True, slots=True)
class Payload:
    """reasoning: whether the contributor is asked to write down how they got there."""

    reasoning: bool = False


class Demonstration:
    """One prompt to be answered."""

    name = "demonstration"
    summary = "Write the answer a model should give"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A prompt, and no responses: the answer is written, not chosen."""
        payload(Payload, item)
        check_responses(item, responses, 0, 0)

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "demonstration", "response": [{"role": "assistant", "text": …}], "reasoning": …}`."""
        parsed: Answer = decode(Answer, answer)
        if isinstance(parsed, Written):
            _check_written(parsed.response)
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """Settled as soon as one is written: they do not compete, each becomes a row.

        Unless at least as many found the prompt harmful as answered it.
        """
        heard = hear(item, judgments, judges, self.parse_answer)
        if not heard.voices and not heard.harm:
            return heard.open("nobody could answer it" if heard.ids else "nobody has answered it")
        return before_rating(heard) or heard.settled(
            "written", {"written": 1.0}, 1.0, METHOD, {"demonstrations": len(heard.voices)}
        )

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """Nothing: it is an answer, and says nothing about one."""
        return [("", None)]

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """One row for each demonstration, weighted so that every prompt counts once."""
        if not isinstance(verdict, Settled) or is_harm(verdict):
            return []
        counted = [(j, self.parse_answer(item, j.answer)) for j in standing(list(judgments))]
        written = [(j, a) for j, a in counted if isinstance(a, Written)]
        return [
            DemonstrationRow(item.messages, a.response, (j.id,), group_of(item), weight=1 / len(written))
            for j, a in written
        ]

    def exhibit(self) -> Exhibit:
        """An answer with its reasoning."""
        item = Item("item-1", self.name, user("What is 15 % of 80?"), payload={"reasoning": True})
        answer: Json = {
            "type": "demonstration",
            "response": [{"role": "assistant", "text": "12"}],
            "reasoning": "10 % of 80 is 8, and half of that is 4.",
        }
        return Exhibit(item, (), Person("person-1"), Judgment("judgment-1", item.id, "person-1", answer))


def _check_written(response: tuple[Message, ...]) -> None:
    if not response or response[-1].role != "assistant":
        raise bad("The response does not end in the assistant's turn.", "an assistant message last", "response")
    last = response[-1]
    if not (last.text.strip() or last.attachments or last.tool_calls):
        raise bad("The response is empty.", "text", f"response[{len(response) - 1}].text", "Write it, or cannot_rate.")


KIND = Demonstration()
