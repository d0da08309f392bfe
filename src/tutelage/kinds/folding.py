"""What the folds share: who counts for how much, the strict winner of a vote, and what is decided before any vote."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tutelage.kinds.shared import CannotRate, Harmful, group_of
from tutelage.records import (
    AiJudge,
    Item,
    Json,
    Judge,
    Judgment,
    LabelledRow,
    Open,
    Response,
    Row,
    Settled,
    Verdict,
    standing,
)

T = TypeVar("T")
HARM = "harmful by most judges"


@dataclass(frozen=True, slots=True)
class Voice(Generic[T]):
    """One judge's answer. weight: 1, or 1/n for each of n AI judges of one family, because they err together."""

    judgment: Judgment
    answer: T
    weight: float


@dataclass(frozen=True, slots=True)
class Heard(Generic[T]):
    """The judgments of an item that count, sorted into those that rate it, find it harmful, or cannot say."""

    item: Item
    ids: tuple[str, ...]
    voices: tuple[Voice[T], ...]
    harm: tuple[Voice[Any], ...]
    cannot_rate: int

    def beside(self) -> dict[str, int]:
        """What stands beside the ratings in a verdict's detail."""
        return {"cannot_rate": self.cannot_rate, "harmful": len(self.harm)}

    def total(self) -> float:
        """The weight of those who rate."""
        return math.fsum(v.weight for v in self.voices)

    def settled(self, value: str, shares: dict[str, float], confidence: float, method: str, detail: Json) -> Settled:
        """A verdict on this item that rests on all of its standing judgments."""
        return Settled(self.item.id, value, shares, confidence, method, self.ids, detail={**detail, **self.beside()})

    def open(self, why: str, shares: dict[str, float] | None = None) -> Open:
        """An open verdict on this item, and why."""
        return Open(self.item.id, why, self.ids, distribution=shares or {})


def hear(
    item: Item,
    judgments: Sequence[Judgment],
    judges: Mapping[str, Judge],
    parse: Callable[[Item, Json], Any],
    harm: type[Any] = Harmful,
) -> Heard[Any]:
    """The standing judgments, parsed and weighted; `harm` is the kind's own answer "harmful"."""
    counted = standing(list(judgments))
    votes = [(j, parse(item, j.answer)) for j in counted]
    rated = [(j, a) for j, a in votes if not isinstance(a, CannotRate)]
    families = {j.id: j.family for j in judges.values() if isinstance(j, AiJudge) and j.family is not None}
    size = Counter(families[j.judge_id] for j, _ in rated if j.judge_id in families)
    heard = [Voice(j, a, 1 / size[families[j.judge_id]] if j.judge_id in families else 1.0) for j, a in rated]
    return Heard(
        item,
        tuple(j.id for j in counted),
        tuple(v for v in heard if not isinstance(v.answer, harm)),
        tuple(v for v in heard if isinstance(v.answer, harm)),
        len(votes) - len(rated),
    )


def before_rating(heard: Heard[Any]) -> Verdict | None:
    """The verdict where ratings do not decide: nobody rated it, or at least half found it harmful. None otherwise."""
    harm = math.fsum(v.weight for v in heard.harm)
    every = harm + heard.total()
    if not every:
        return heard.open("no judge could rate it" if heard.ids else "nobody has judged it")
    split = {"harmful": harm / every, "rated": heard.total() / every}
    if math.isclose(2 * harm, every):
        return heard.open("the judges are split over harm", split)
    if 2 * harm < every:
        return None
    shares = {k: v for k, v in split.items() if v}
    return heard.settled("harmful", shares, harm / every, HARM, {"ratings": len(heard.voices)})


def is_harm(verdict: Verdict) -> bool:
    """Whether most judges found the item harmful (a label may read "harmful" too)."""
    return isinstance(verdict, Settled) and verdict.method == HARM


def harm_rows(item: Item, responses: Mapping[str, Response], verdict: Verdict, names: Iterable[str]) -> list[Row]:
    """Those responses, labelled 0 for harm."""
    ids, group = verdict.judgment_ids, group_of(item)
    return [LabelledRow(item.messages, responses[n].messages, 0.0, ids, group, criterion="harmless") for n in names]


def shares(votes: Iterable[tuple[str, float]]) -> dict[str, float]:
    """value -> its part of the weight, the same in whatever order the votes come."""
    weights: dict[str, list[float]] = {}
    for value, weight in votes:
        weights.setdefault(value, []).append(weight)
    sums = {value: math.fsum(weights[value]) for value in sorted(weights)}
    total = math.fsum(sums.values())
    return {value: weight / total for value, weight in sums.items()}


def winner(of: Mapping[str, float]) -> str | None:
    """The value with the greatest share; None where two share the first place."""
    ranked = sorted(of.items(), key=lambda pair: -pair[1])
    if not ranked or (len(ranked) > 1 and math.isclose(ranked[0][1], ranked[1][1])):
        return None
    return ranked[0][0]
