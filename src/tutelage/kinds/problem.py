"""Write a problem a rule can grade; it is live once peers who see neither answer nor solution agree with it."""
# ruff: noqa: ARG002  every kind takes the protocol's arguments, whether it needs them or not

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tutelage.kinds.folding import Heard, Voice, before_rating, hear
from tutelage.kinds.protocol import Exhibit
from tutelage.kinds.shared import CannotRate, Harmful, bad, check_responses, payload
from tutelage.kinds.solving import condition, plain, same_answer
from tutelage.records import (
    DemonstrationRow,
    Figure,
    Grade,
    Item,
    Json,
    Judge,
    Judgment,
    Message,
    Person,
    Response,
    Row,
    Scored,
    Settled,
    Verdict,
    assistant,
    counts_as_person,
    decode,
    encode,
    standing,
    user,
)
from tutelage.store.canonical import digest

METHOD = "blind solves by other people against the author's answer"
FEWEST = 2
Use = Literal["training", "held_out"]


@dataclass(frozen=True, slots=True)
class Payload:
    """What is commissioned by the item's messages.

    graders  the names an author may choose from; none allows any there is
    use      which side the problem goes to; None leaves it to the author
    solves   how many blind solves must agree: 2 or more
    solving  in what a peer is shown (`as_peer_sees`): the id of the judgment that holds the problem
    """

    graders: tuple[str, ...] = ()
    use: Use | None = None
    solves: int = FEWEST
    solving: str | None = None


@dataclass(frozen=True, slots=True)
class GraderUse:
    """A grader of `tutelage.environments.graders` and its parameters."""

    name: str
    parameters: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Authored:
    """The problem. use: training or held-out, never both. check: what the grader says of the author's own answer."""

    prompt: tuple[Message, ...]
    answer: str
    solution: str
    grader: GraderUse
    use: Use
    check: Grade
    type: Literal["problem"] = "problem"


@dataclass(frozen=True, slots=True)
class Solved:
    """A peer's blind solve. problem: the judgment that holds the problem, so that an edited one is solved anew."""

    problem: str
    answer: str
    working: str = ""
    type: Literal["solve"] = "solve"


@dataclass(frozen=True, slots=True)
class Broken:
    """A peer's finding that the problem cannot be solved as it stands: ambiguous, contradictory, incomplete …"""

    problem: str
    why: str
    type: Literal["broken"] = "broken"


Answer = Authored | Solved | Broken | CannotRate | Harmful


class Problem:
    """One problem to write, then to be solved by others."""

    name = "problem"
    summary = "Write a problem a rule can grade, with its answer; peers solve it blind"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """What is commissioned, and no responses: two solves or more."""
        asked: Payload = payload(Payload, item)
        check_responses(item, responses, 0, 0)
        if asked.solves < FEWEST:
            raise bad(f"Saw {asked.solves}.", f"{FEWEST} blind solves or more", "payload.solves")

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "problem", "prompt", "answer", "solution", "grader", "use", "check"}` from the author,

        `{"type": "solve", "problem": id, "answer": …}` or `{"type": "broken", "problem": id, "why": …}` from peers.
        """
        parsed: Answer = decode(Answer, answer)
        asked: Payload = payload(Payload, item)
        if isinstance(parsed, Authored):
            _check_authored(parsed, asked, item.payload.get("split"))
        elif isinstance(parsed, (Solved, Broken)):
            said, name = (parsed.answer, "answer") if isinstance(parsed, Solved) else (parsed.why, "why")
            if not said.strip():
                raise bad("It is empty.", "words", name, "Write it, or answer cannot_rate.")
            if asked.solving not in (None, parsed.problem):
                raise bad(f"Saw {parsed.problem!r}.", f"{asked.solving!r}, the problem shown", "problem")
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """live, broken, or open until enough blind solves agree.

        live    `solves` peers or more agree with the author's answer, and more than do not
        broken  as many, and more than agree, give one other answer, find it broken, or find it harmful
        A peer is another person, once, who was not shown the answer. Whether a solve agrees is what the problem's
        grader said of it, where the judgment's conditions hold that "grade"; else whether the answers are the same.
        The "pass_rate" in the conditions of the author's judgment, the model's tries, stands in the detail.
        """
        heard = hear(item, judgments, judges, self.parse_answer)
        written = [v for v in heard.voices if isinstance(v.answer, Authored)]
        if not written:
            return before_rating(heard) or heard.open("nobody has written it")
        if len(written) > 1:
            return heard.open(f"{len(written)} problems stand where one was asked for")
        said = Counter(_finding(p, written[0].answer) for p in _peers(heard, written[0], judges).values())
        least: int = payload(Payload, item).solves
        agree, peers = said["agrees"], sum(said.values())
        against = sorted(((n, what) for what, n in said.items() if what != "agrees"), reverse=True)
        shares = {what: said[what] / peers for what in sorted(said)}
        detail = {**_about(written[0]), "solves": dict(sorted(said.items()))}
        if agree >= least and 2 * agree > peers:
            return heard.settled("live", shares, agree / peers, METHOD, detail)
        if against and against[0][0] >= max(least, agree + 1):
            return heard.settled("broken", shares, against[0][0] / peers, METHOD, {**detail, "why": against[0][1]})
        return heard.open(f"{agree} of {least} blind solves agree, {peers - agree} do not", shares)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """A solver's answer, or that it is broken; what its author wrote says nothing of itself."""
        if answer["type"] == "problem":
            return [("", None)]
        return [(answer["problem"], "broken" if answer["type"] == "broken" else plain(answer["answer"]))]

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """The solution of a live training problem, as an answer to imitate; nothing for one that is held out."""
        if not isinstance(verdict, Settled) or verdict.value != "live" or verdict.detail["use"] != "training":
            return []
        written = {j.id: j.answer for j in standing(list(judgments))}[verdict.detail["problem"]]
        made: Any = self.parse_answer(item, written)
        said = made.solution if made.answer in made.solution else f"{made.solution}\n\n{made.answer}"
        group = item.group or digest(made.prompt)
        return [DemonstrationRow(made.prompt, assistant(said), verdict.judgment_ids, group)]

    def follows(self, item: Item) -> int:
        """The blind solves that a problem needs; none where the item is itself a problem to solve."""
        asked: Payload = payload(Payload, item)
        return 0 if asked.solving else asked.solves

    def asked_about(self, item: Item, judgment: Judgment) -> Item:
        """See `as_peer_sees`."""
        return as_peer_sees(item, judgment)

    def exhibit(self) -> Exhibit:
        """A problem as its author hands it in; nobody has solved it yet."""
        item = Item("item-1", self.name, user("Write a word problem about rates."), payload={"graders": ["number"]})
        answer: Json = {
            "type": "problem",
            "prompt": [{"role": "user", "text": "A tap gives 3 litres a minute. How many minutes fill 12 litres?"}],
            "answer": "4",
            "solution": "12 litres at 3 litres a minute take 12 / 3 = 4 minutes.",
            "grader": {"name": "number", "parameters": {}},
            "use": "training",
            "check": {"type": "scored", "value": 1},
        }
        return Exhibit(item, (), Person("person-1"), Judgment("judgment-1", item.id, "person-1", answer))


def as_peer_sees(item: Item, authored: Judgment) -> Item:
    """The item as a blind solver is shown it: the problem's prompt and nothing else of it."""
    problem: Authored = decode(Authored, authored.answer)
    return replace(item, messages=problem.prompt, payload={"solving": authored.id})


def task(authored: Authored) -> Json:
    """The problem as a task that `tutelage.environments.graders` reads."""
    return {
        "prompt": encode(authored.prompt),
        "grader": authored.grader.name,
        "parameters": encode(authored.grader.parameters),
        "reference": authored.answer,
    }


def _check_authored(made: Authored, asked: Payload, split: Any) -> None:
    if asked.solving is not None:
        raise bad("Saw a problem.", "an answer to the problem shown", "type", "Solve it, or say that it is broken.")
    if not made.prompt or made.prompt[-1].role != "user" or not made.prompt[-1].text.strip():
        raise bad("The prompt does not end in a question.", "a user message with text, last", "prompt")
    for name in ("answer", "solution"):
        if not getattr(made, name).strip():
            raise bad("It is empty.", "text", name, "Write it.")
    if not made.grader.name or made.grader.name not in (asked.graders or [made.grader.name]):
        raise bad(f"Saw {made.grader.name!r}.", ", ".join(asked.graders) or "the name of a grader", "grader.name")
    side = asked.use or {None: made.use, "train": "training"}.get(split, "held_out")
    if made.use != side:
        raise bad(f"Saw {made.use!r}.", f"{side!r}, as the item says", "use")
    if not isinstance(made.check, Scored) or made.check.value < 1:
        seen = f"The grader does not pass the author's own answer: {made.check}."
        raise bad(seen, "full marks", "check", "Correct the answer or the grader, and check again.")


def _peers(heard: Heard[Any], author: Voice[Authored], judges: Mapping[str, Judge]) -> dict[str, Voice[Any]]:
    """judge -> the last finding about this problem, of other people who were not shown its answer."""
    last: dict[str, Voice[Any]] = {}
    for voice in sorted((*heard.voices, *heard.harm), key=lambda v: v.judgment.id):
        who = voice.judgment.judge_id
        about = getattr(voice.answer, "problem", author.judgment.id)  # "harmful" is said of what stands
        person = who not in judges or counts_as_person(judges[who])
        blind = voice.judgment.conditions.get("blind", True)
        if who != author.judgment.judge_id and about == author.judgment.id and person and blind:
            last[who] = voice
    return last


def _finding(peer: Voice[Any], problem: Authored) -> str:
    if not isinstance(peer.answer, Solved):
        return str(peer.answer.type)
    grade, said = condition(peer.judgment, "grade", Grade), peer.answer.answer
    agrees = grade.value >= 1 if isinstance(grade, Scored) else same_answer(said, problem.answer)
    return "agrees" if agrees else f"another answer: {plain(said)}"


def _about(author: Voice[Authored]) -> dict[str, Any]:
    figure = condition(author.judgment, "pass_rate", Figure)
    return {"problem": author.judgment.id, "use": author.answer.use, "pass_rate": encode(figure)}


KIND = Problem()
