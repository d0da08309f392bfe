"""The nouns of the work: items, responses, judges, judgments, artefacts, verdicts.

`payload` and `answer` are JSON here; `tutelage.kinds.<kind>` gives them their types, so that a new kind
needs no change below its own file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tutelage.records.messages import Json, Message, Sampling, Source


@dataclass(frozen=True, slots=True)
class Response:
    """One answer to one prompt, by a model or a person; the thing that is judged."""

    id: str
    messages: tuple[Message, ...]
    schema: Literal["response/1"] = "response/1"
    author: str | None = None  # a judge id when a person wrote it, else a model name
    sampling: Sampling | None = None
    language: str | None = None
    domain: str | None = None
    content_classes: tuple[str, ...] = ()
    source: Source | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be judged or done; immutable once someone has judged it.

    kind       the name of a module in `tutelage.kinds`
    messages   the prompt
    responses  ids of the responses judged, in their stored (not shown) order
    payload    what else the kind needs: labels, rubric …
    group      rows of one group never fall on both sides of a split; None means the prompt itself
    """

    id: str
    kind: str
    messages: tuple[Message, ...]
    schema: Literal["item/1"] = "item/1"
    responses: tuple[str, ...] = ()
    payload: Json = field(default_factory=dict)
    group: str | None = None
    language: str | None = None
    domain: str | None = None
    content_classes: tuple[str, ...] = ()
    source: Source | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A contributor, known outside the platform only by a per-project pseudonym."""

    id: str
    type: Literal["person"] = "person"
    schema: Literal["judge/1"] = "judge/1"
    level: str = "H0"  # how far the person is known; see `tutelage.provenance`


@dataclass(frozen=True, slots=True)
class AiJudge:
    """A model that judges: model, revision and the hash of its prompt. `family` groups correlated errors."""

    id: str
    model: str
    type: Literal["ai"] = "ai"
    schema: Literal["judge/1"] = "judge/1"
    revision: str | None = None
    prompt_hash: str | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated contributor with a known bias. Never counted as a person, anywhere."""

    id: str
    behaviour: str
    type: Literal["simulated"] = "simulated"
    schema: Literal["judge/1"] = "judge/1"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Whoever judged an imported row whose source names nobody; never independent people."""

    id: str  # "anonymous:<source>"
    source: str
    type: Literal["anonymous"] = "anonymous"
    schema: Literal["judge/1"] = "judge/1"


Judge = Person | AiJudge | Simulated | Anonymous


def counts_as_person(judge: Judge) -> bool:
    """Whether a figure may count this judge among the people."""
    return isinstance(judge, Person)


@dataclass(frozen=True, slots=True)
class Judgment:
    """One judge's answer about one item. Never edited, only superseded.

    answer                 what the kind's `parse_answer` accepts, or {"type": "withdrawn"}
    supersedes             the id of the judgment this one replaces or withdraws
    inclusion_probability  the committed chance that this item was drawn for this judge; None if unknown
    drawn_in               the id of that draw
    active_s, wall_s       seconds of attention, and from first sight to submit
    conditions             what was shown and how (order of sides, aids …)
    """

    id: str
    item_id: str
    judge_id: str
    answer: Json
    schema: Literal["judgment/1"] = "judgment/1"
    reason: str | None = None
    guideline_version: str | None = None
    supersedes: str | None = None
    inclusion_probability: float | None = None
    drawn_in: str | None = None
    active_s: float | None = None
    wall_s: float | None = None
    at: datetime | None = None
    conditions: Json = field(default_factory=dict)
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Artefact:
    """What a contributor authors rather than judges: licensed, credited, then itself judged."""

    id: str
    type: Literal["demonstration", "problem", "attack", "environment", "principle", "guideline"]
    author_id: str
    content: Json
    licence: str
    schema: Literal["artefact/1"] = "artefact/1"
    supersedes: str | None = None
    at: datetime | None = None
    source: Source | None = None


Contribution = Judgment | Artefact
WITHDRAWN: Json = {"type": "withdrawn"}


def standing(judgments: list[Judgment]) -> list[Judgment]:
    """The judgments that count: neither superseded, nor withdrawals. Order is kept."""
    replaced = {j.supersedes for j in judgments if j.supersedes is not None}
    return [j for j in judgments if j.id not in replaced and j.answer.get("type") != "withdrawn"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the judgments on an item amount to.

    value         the kind's answer in short: "first", "tie", a label, a ranking, a score
    distribution  probability (or share) of each possible value; kept, so that disagreement is not lost
    confidence    probability of `value` under `method`, in [0, 1]
    """

    item_id: str
    value: str
    distribution: dict[str, float]
    confidence: float
    method: str
    judgment_ids: tuple[str, ...]
    type: Literal["settled"] = "settled"
    schema: Literal["verdict/1"] = "verdict/1"
    detail: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Open:
    """An item that is not settled, and why."""

    item_id: str
    why: str
    judgment_ids: tuple[str, ...]
    type: Literal["open"] = "open"
    schema: Literal["verdict/1"] = "verdict/1"
    distribution: dict[str, float] = field(default_factory=dict)


Verdict = Settled | Open
