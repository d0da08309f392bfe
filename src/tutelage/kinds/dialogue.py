"""Write both sides of a conversation, or judge one turn by turn and as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tutelage.kinds.folding import Heard, before_rating, harm_rows, hear, is_harm, shares
from tutelage.kinds.protocol import Exhibit
from tutelage.kinds.rating import NEAR
from tutelage.kinds.shared import CannotRate, Harmful, bad, check_responses, group_of, payload
from tutelage.records import (
    DemonstrationRow,
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
    Verdict,
    decode,
    standing,
    user,
)

WRITTEN = "every dialogue is kept"
METHOD = "mean of judges, turn by turn and overall"


@dataclass(frozen=True, slots=True)
class Payload:
    """What is asked for.

    task     "write": the item's messages are the brief, and its system messages open the conversation;
             "judge": the conversation is the item's messages and then its response
    replies  to write: how many turns of the assistant there are at least
    turns    to judge: places, from 0, of the assistant's messages in the response
    scale    to judge: ratings are whole numbers from 1 (worst) to this
    """

    task: Literal["write", "judge"]
    replies: int = 2
    turns: tuple[int, ...] = ()
    scale: int = 5


@dataclass(frozen=True, slots=True)
class Written:
    """A conversation: user and assistant in turns, the assistant last."""

    messages: tuple[Message, ...]
    type: Literal["dialogue"] = "dialogue"


@dataclass(frozen=True, slots=True)
class Judged:
    """turns (T,) one rating a turn, None where it cannot be rated on its own; overall: of the whole, not their mean."""

    turns: tuple[int | None, ...]
    overall: int
    type: Literal["turns"] = "turns"


Answer = Written | Judged | CannotRate | Harmful


class Dialogue:
    """A conversation to write, or to judge."""

    name = "dialogue"
    summary = "Write both sides of a conversation, or judge one turn by turn and as a whole"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A brief and no response to write to; or a conversation, its turns and a scale to judge by."""
        asked: Payload = payload(Payload, item)
        if asked.task == "write":
            check_responses(item, responses, 0, 0)
            if asked.replies < 1:
                raise bad(f"Saw {asked.replies}.", "1 reply or more", "payload.replies")
            return
        check_responses(item, responses, 1, 1)
        own = [n for n, m in enumerate(responses[item.responses[0]].messages) if m.role == "assistant"]
        if not asked.turns or list(asked.turns) != sorted(set(asked.turns)) or not set(asked.turns) <= set(own):
            expected = f"places, in order, of the assistant's messages: of {own}"
            raise bad(f"Saw {list(asked.turns)}.", expected, "payload.turns")
        if asked.scale < 2:
            raise bad(f"Saw {asked.scale}.", "2 ratings or more", "payload.scale")

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "dialogue", "messages": […]}` where one is to be written; where one is to be judged,

        `{"type": "turns", "turns": [4, null], "overall": 3}`.
        """
        parsed: Answer = decode(Answer, answer)
        asked: Payload = payload(Payload, item)
        wanted = "dialogue" if asked.task == "write" else "turns"
        if isinstance(parsed, (Written, Judged)) and parsed.type != wanted:
            raise bad(f"Saw {parsed.type!r}.", f"{wanted!r}: the task is to {asked.task}", "type")
        if isinstance(parsed, Written):
            _check_written(parsed.messages, asked.replies)
        elif isinstance(parsed, Judged):
            _check_judged(parsed, asked)
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """Written ones do not compete: each is kept. Ratings are averaged, for every turn and overall, on [0, 1].

        The distribution is over the judges' overall ratings; confidence is the share of judges whose overall rating
        lies within half a step of a five-point scale of the mean.
        """
        heard = hear(item, judgments, judges, self.parse_answer)
        early = before_rating(heard)
        if early is not None:
            return early
        asked: Payload = payload(Payload, item)
        if asked.task == "write":
            return heard.settled("written", {"written": 1.0}, 1.0, WRITTEN, {"dialogues": len(heard.voices)})
        overall = [(_share(v.answer.overall, asked), v.weight) for v in heard.voices]
        mean = _mean(overall)
        near = math.fsum(w for share, w in overall if abs(share - mean) <= NEAR + 1e-9) / heard.total()
        said = shares((f"{share:.3f}", w) for share, w in overall)
        detail = {"score": mean, "turns": _turns(heard, asked), "ratings": len(heard.voices)}
        return heard.settled(f"{mean:.3f}", said, near, METHOD, detail)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """The rating of each turn and of the whole; a dialogue that was written says nothing of itself."""
        if answer["type"] == "dialogue":
            return [("", None)]
        turns = [(f"turn {n}", None if rated is None else str(rated)) for n, rated in enumerate(answer["turns"], 1)]
        return [*turns, ("overall", str(answer["overall"]))]

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """Written: each reply after all before it, every brief counting once. Judged: the whole, and each turn."""
        asked: Payload = payload(Payload, item)
        if is_harm(verdict):
            return harm_rows(item, responses, verdict, item.responses)
        if not isinstance(verdict, Settled):
            return []
        if asked.task == "write":
            written = [(j, self.parse_answer(item, j.answer)) for j in standing(list(judgments))]
            kept = [(j.id, a.messages) for j, a in written if isinstance(a, Written)]
            return [row for name, said in kept for row in _replies(item, name, said, 1 / len(kept))]
        said, ids, group = responses[item.responses[0]].messages, verdict.judgment_ids, group_of(item)
        whole = LabelledRow(item.messages, said, verdict.detail["score"], ids, group)
        turns = [
            LabelledRow(item.messages + said[:at], (said[at],), score, ids, group, criterion="turn")
            for at, score in zip(asked.turns, verdict.detail["turns"], strict=True)
            if score is not None
        ]
        return [whole, *turns]

    def exhibit(self) -> Exhibit:
        """A conversation of two replies, the second better than the first."""
        said = (
            Message("assistant", "Boil it."),
            Message("user", "For how long?"),
            Message("assistant", "Eight minutes for a firm yolk, six for a soft one."),
        )
        asked: Json = {"task": "judge", "turns": [0, 2]}
        item = Item("item-1", self.name, user("How do I cook an egg?"), responses=("response-1",), payload=asked)
        answer: Json = {"type": "turns", "turns": [2, 5], "overall": 4}
        judgment = Judgment("judgment-1", item.id, "person-1", answer, reason="The first reply is too short.")
        return Exhibit(item, (Response("response-1", said),), Person("person-1"), judgment)


def _check_written(messages: tuple[Message, ...], replies: int) -> None:
    for i, message in enumerate(messages):
        turn = ("user", "assistant")[i % 2]
        if message.role != turn:
            raise bad(
                f"Saw {message.role!r}.", f"{turn!r}: the user begins, then they take turns", f"messages[{i}].role"
            )
        if not message.text.strip():
            raise bad("The turn is empty.", "text", f"messages[{i}].text", "Write it, or answer cannot_rate.")
    if len(messages) % 2:
        raise bad("The user has the last word.", "a reply last", "messages", "Add it.")
    if len(messages) // 2 < replies:
        raise bad(f"Saw {len(messages) // 2} replies.", f"{replies} or more", "messages", "Write on.")


def _check_judged(judged: Judged, asked: Payload) -> None:
    if len(judged.turns) != len(asked.turns):
        raise bad(f"Saw {len(judged.turns)} ratings.", f"{len(asked.turns)}, one a turn", "turns")
    named = [(f"turns[{i}]", rating) for i, rating in enumerate(judged.turns)]
    for field, rating in [*named, ("overall", judged.overall)]:
        if rating is not None and not 1 <= rating <= asked.scale:
            raise bad(f"Saw {rating}.", f"a rating from 1 to {asked.scale}", field)


def _share(rating: int, asked: Payload) -> float:
    return (rating - 1) / (asked.scale - 1)


def _mean(rated: Sequence[tuple[float, float]]) -> float:
    """The mean of (value, weight), the same in whatever order they come."""
    return math.fsum(value * weight for value, weight in rated) / math.fsum(weight for _, weight in rated)


def _turns(heard: Heard[Any], asked: Payload) -> list[float | None]:
    """The mean of each turn on [0, 1]; None where nobody rated it."""
    out = []
    for n in range(len(asked.turns)):
        rated = [(_share(r, asked), v.weight) for v in heard.voices if (r := v.answer.turns[n]) is not None]
        out.append(_mean(rated) if rated else None)
    return out


def _replies(item: Item, name: str, said: tuple[Message, ...], weight: float) -> list[Row]:
    opening = tuple(m for m in item.messages if m.role == "system")
    replies = [n for n, m in enumerate(said) if m.role == "assistant"]
    each = weight / len(replies)
    return [DemonstrationRow(opening + said[:n], (said[n],), (name,), group_of(item), weight=each) for n in replies]


KIND = Dialogue()
