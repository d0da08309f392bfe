"""Score one response on the criteria of a rubric."""
# ruff: noqa: ARG002  every kind takes the protocol's arguments, whether it needs them or not

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tutelage.kinds.folding import before_rating, harm_rows, hear, is_harm
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
    user,
)

METHOD = "mean of judges, weighted over criteria"
NEAR = 0.125  # half a step of a five-point scale, as a share of the scale


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing to score. `worst` may be above `best`: the direction is stated, never assumed.

    step     distance between allowed scores, counted from `worst`; None allows any number
    anchors  what a score means, by the score as text: {"1": "wrong", "5": "right and complete"}
    weight   its part in the overall score, against the other criteria's
    """

    name: str
    worst: float = 1.0
    best: float = 5.0
    step: float | None = 1.0
    weight: float = 1.0
    description: str = ""
    anchors: Mapping[str, str] = field(default_factory=dict)

    def share(self, score: float) -> float:
        """A score on [0, 1], 1 is best."""
        return (score - self.worst) / (self.best - self.worst)


@dataclass(frozen=True, slots=True)
class Payload:
    """The rubric of this item."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Rated:
    """A score for each criterion; null where that criterion does not apply."""

    scores: Mapping[str, float | None]
    type: Literal["rating"] = "rating"


Answer = Rated | CannotRate | Harmful


class Rating:
    """One response on a rubric."""

    name = "rating"
    summary = "Score one response on the criteria of a rubric"
    answers = Answer
    payload = Payload

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """A prompt, one response and a rubric whose scales, weights and anchors make sense."""
        check_responses(item, responses, 1, 1)
        criteria = _rubric(item)
        if not criteria:
            raise bad("The rubric is empty.", "at least one criterion", "payload.criteria", "Add one.")
        for i, criterion in enumerate(criteria.values()):
            _check_criterion(criterion, f"payload.criteria[{i}]")
        if len(criteria) < len(item.payload["criteria"]):
            raise bad("Two criteria have the same name.", "distinct names", "payload.criteria", "Rename one.")

    def parse_answer(self, item: Item, answer: Json) -> Answer:
        """`{"type": "rating", "scores": {"correct": 4, "kind": null}}`: every criterion named, on its scale."""
        parsed: Answer = decode(Answer, answer)
        if isinstance(parsed, Rated):
            _check_scores(parsed.scores, _rubric(item))
        return parsed

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """Mean of the judges per criterion, weighted into one overall score on [0, 1].

        The distribution is over the judges' overall scores; confidence is the share of judges whose overall
        score lies within half a step of a five-point scale of the mean.
        """
        heard = hear(item, judgments, judges, self.parse_answer)
        early = before_rating(heard)
        if early is not None:
            return early
        criteria = _rubric(item)
        given = [shares for v in heard.voices if (shares := _shares(v.answer.scores, criteria))]
        if not given:
            return heard.open("no judge could rate it")
        overall = [_weighted(shares, criteria) for shares in given]
        means = {
            name: _mean([s[name] for s in given if name in s]) for name in criteria if any(name in s for s in given)
        }
        value = _weighted(means, criteria)
        near = sum(abs(x - value) <= NEAR + 1e-9 for x in overall) / len(overall)
        shares = {text: n / len(overall) for text, n in Counter(f"{x:.3f}" for x in overall).items()}
        detail = {"score": value, "criteria": means, "ratings": len(given)}
        return heard.settled(f"{value:.3f}", shares, near, METHOD, detail)

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """The score of each criterion."""
        several = len(answer["scores"]) > 1
        return [(name if several else "", None if score is None else f"{score:g}")
                for name, score in answer["scores"].items()]  # fmt: skip

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """The overall score, and, where there are several criteria, one row for each."""
        if not isinstance(verdict, Settled):
            return []
        if is_harm(verdict):
            return harm_rows(item, responses, verdict, item.responses)
        said, group, ids = responses[item.responses[0]].messages, group_of(item), verdict.judgment_ids
        scores: dict[str | None, float] = {None: verdict.detail["score"]}
        if len(verdict.detail["criteria"]) > 1:
            scores |= verdict.detail["criteria"]
        return [LabelledRow(item.messages, said, s, ids, group, criterion=name) for name, s in scores.items()]

    def exhibit(self) -> Exhibit:
        """Two criteria, one of them twice as heavy."""
        rubric: Json = {
            "criteria": [
                {"name": "correct", "weight": 2, "anchors": {"1": "wrong", "5": "right and complete"}},
                {"name": "clear", "anchors": {"1": "hard to follow", "5": "understood at first reading"}},
            ]
        }
        item = Item("item-1", self.name, user("Why is the sky blue?"), responses=("response-1",), payload=rubric)
        response = Response("response-1", assistant("Air scatters blue light more than red light."))
        judgment = Judgment("judgment-1", item.id, "person-1", {"type": "rating", "scores": {"correct": 4, "clear": 5}})
        return Exhibit(item, (response,), Person("person-1"), judgment)


def _rubric(item: Item) -> dict[str, Criterion]:
    rubric: Payload = payload(Payload, item)
    return {c.name: c for c in rubric.criteria}


def _check_criterion(criterion: Criterion, where: str) -> None:
    if criterion.worst == criterion.best:
        raise bad(f"The scale runs from {criterion.worst:g} to itself.", "two different ends", f"{where}.best")
    if criterion.weight <= 0:
        raise bad(f"The weight is {criterion.weight:g}.", "a weight above 0", f"{where}.weight")
    if criterion.step is not None and criterion.step <= 0:
        raise bad(f"The step is {criterion.step:g}.", "a step above 0, or null", f"{where}.step")
    for score in criterion.anchors:
        try:
            value = float(score)
        except ValueError:
            raise bad(f"The anchor {score!r} is no score.", "a score as text", f"{where}.anchors") from None
        _check_score(value, criterion, f"{where}.anchors.{score}")


def _check_scores(scores: Mapping[str, Any], criteria: Mapping[str, Criterion]) -> None:
    for name in scores:
        if name not in criteria:
            raise bad(f"The rubric has no criterion {name!r}.", "only " + ", ".join(criteria), f"scores.{name}")
    for name, criterion in criteria.items():
        if name not in scores:
            raise bad(f"There is no score for {name!r}.", "a score or null", f"scores.{name}", "Add it.")
        if scores[name] is not None:
            _check_score(scores[name], criterion, f"scores.{name}")


def _check_score(score: float, criterion: Criterion, field: str) -> None:
    low, high = sorted((criterion.worst, criterion.best))
    if not low <= score <= high:
        raise bad(f"The score is {score:g}.", f"a score from {low:g} to {high:g}", field)
    steps = None if criterion.step is None else (score - criterion.worst) / criterion.step
    if steps is not None and abs(steps - round(steps)) > 1e-6:
        raise bad(f"The score is {score:g}.", f"steps of {criterion.step:g} from {criterion.worst:g}", field)


def _shares(scores: Mapping[str, float | None], criteria: Mapping[str, Criterion]) -> dict[str, float]:
    return {name: criteria[name].share(s) for name, s in scores.items() if s is not None}


def _weighted(shares: Mapping[str, float], criteria: Mapping[str, Criterion]) -> float:
    total = sum(criteria[name].weight for name in shares)
    return sum(criteria[name].weight * s for name, s in shares.items()) / total


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


KIND = Rating()
