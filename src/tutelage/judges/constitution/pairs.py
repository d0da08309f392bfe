"""Pairs labelled by a model under a drawn principle: both orders, soft labels, what depends on the order set aside.

Source: Bai et al. 2022, arXiv:2212.08073, section 4: the label is the normalised probability of the model's choice; the
choices of one that reasons in words first are nearly always near 0 or 1 and are clamped to 40-60 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from tutelage import models
from tutelage.errors import BadInput, Where
from tutelage.judges.asking import AskingJudge, Mind
from tutelage.judges.constitution.principles import Constitution, Principle
from tutelage.judges.endpoint import EndpointMind
from tutelage.judges.likelihood import LEAST_MASS, LikelihoodMind
from tutelage.judges.protocol import Duel, Opinion, Preferred, Tied
from tutelage.judges.rubric import Rubric
from tutelage.judges.setting import Setting
from tutelage.models.endpoint import EndpointPolicy
from tutelage.records import AiJudge, Json, RankedRow, Unscored, text_of
from tutelage.store import digest

REASONED: tuple[float, float] = (0.4, 0.6)  # clamp of a judge that reasons in words
PLAIN: tuple[float, float] = (0.0, 1.0)  # a likelihood is calibrated enough to be left as it is


@dataclass(frozen=True, slots=True)
class Label:
    """What the judge makes of one pair.

    first    probability that the first answer is better, averaged over both orders and clamped; None where unscored
    orders   that probability by each order, before averaging and clamping; None where an order gave none
    """

    item: str
    principle: str
    judge: str
    seed: int
    first: float | None
    orders: tuple[float | None, float | None]
    unscored: Unscored | None = None
    schema: Literal["ai-label/1"] = "ai-label/1"


@dataclass(frozen=True)
class Labelling:
    """How pairs are labelled.

    clamp         least and largest probability stated; None: 0.4 to 0.6 for a judge in words, none for a likelihood
    inconsistent  what a pair is whose winner depends on the order: "unscored", or a "tie" at 1/2
    """

    clamp: tuple[float, float] | None = None
    inconsistent: Literal["unscored", "tie"] = "unscored"
    seed: int = 0

    def __post_init__(self) -> None:
        lo, hi = self.clamp or PLAIN
        if not (0 <= lo <= 0.5 <= hi <= 1 and math.isclose(lo + hi, 1)):
            raise BadInput(
                f"The clamp is [{lo:g}, {hi:g}].", expected="[1 - p, p] with p from 0.5 to 1",
                remedy="Clamp both sides alike: the order of the answers means nothing.", where=Where(field="clamp"),
            )  # fmt: skip


class _Chooser(Protocol):
    """How one sort of model is asked, and what the probability in its reply is."""

    clamp: tuple[float, float]

    def mind(self, principle: Principle) -> Mind:
        """The model under a principle."""
        ...


class ByLikelihood:
    """A local model, by how likely it finds A and B."""

    clamp = PLAIN

    def __init__(self, policy: models.Policy) -> None:
        self._policy = policy

    def mind(self, principle: Principle) -> Mind:
        """Its replies are shared with `tutelage judge`; no letter is too unsure here: the label is soft."""
        return _Unsure(self._policy, Rubric(principle.preference))


class _Unsure(LikelihoodMind):
    def read(self, duel: Duel, reply: Json) -> Opinion:  # noqa: ARG002  the protocol's argument
        a, b = float(reply["A"]), float(reply["B"])
        mass = math.exp(a) + math.exp(b)
        if mass < LEAST_MASS:
            return Unscored("abstained", f"A and B together have probability {mass:.2g}")
        if a == b:
            return Tied()
        return Preferred("first" if a > b else "second", 1 / (1 + math.exp(-min(abs(a - b), 700.0))))


class InWords:
    """A served model, asked in words: it reasons, quotes and states how sure it is."""

    clamp = REASONED

    def __init__(self, policy: EndpointPolicy, at_once: int) -> None:
        self._policy, self._at_once = policy, at_once

    def mind(self, principle: Principle) -> Mind:
        """Its quotes are looked up; what it invents is no opinion."""
        return EndpointMind(self._policy, Rubric(principle.preference), at_once=self._at_once)


def chooser(policy: models.Policy, at_once: int = 8) -> _Chooser:
    """How this policy is asked to choose."""
    return InWords(policy, at_once) if isinstance(policy, EndpointPolicy) else ByLikelihood(policy)


def label(
    duels: Sequence[Duel], constitution: Constitution, how: _Chooser, labelling: Labelling, setting: Setting
) -> tuple[list[Label], list[AiJudge]]:
    """(a label of each pair, the judges: one a principle). Pairs of one principle are asked together.

    Raises BadInput for a pair without a prompt, before anything is asked.
    """
    _require_prompts(duels)
    drawn = [constitution.draw(labelling.seed, _about(d)) for d in duels]
    labels: list[Label | None] = [None] * len(duels)
    judges: list[AiJudge] = []
    for principle in constitution.principles:
        mine = [n for n, p in enumerate(drawn) if p.id == principle.id]
        if not mine:
            continue
        mind = how.mind(principle)
        judge = AskingJudge(mind, setting.purse, setting.memory, setting.progress)
        said = judge.compare_all([side for n in mine for side in (duels[n], duels[n].swapped())])
        record = _named(mind, principle)
        judges.append(record)
        for n, one, other in zip(mine, said[::2], said[1::2], strict=True):
            labels[n] = _label(duels[n], principle, record.id, (one, other), labelling, labelling.clamp or how.clamp)
    return [found for found in labels if found is not None], judges


def _require_prompts(duels: Sequence[Duel]) -> None:
    empty = next((d.item for d in duels if not text_of(d.prompt).strip()), None)
    if empty is not None:
        raise BadInput(f"The pair {empty!r} has no prompt.", expected="what both answers answer", remedy="Add it.",
                       where=Where(field="prompt"))  # fmt: skip


def _about(duel: Duel) -> str:
    """The same whichever answer stands first."""
    return digest([duel.prompt, sorted([digest(duel.first), digest(duel.second)])])


def _named(mind: Mind, principle: Principle) -> AiJudge:
    """The judge's id names the principle: a figure by judge is a figure by principle."""
    record = mind.record
    if not isinstance(record, AiJudge):
        raise TypeError("a constitution is applied by a model")
    return replace(record, id=f"{record.id}@{principle.id}")


def _label(
    duel: Duel, principle: Principle, judge: str, said: tuple[Opinion, Opinion], labelling: Labelling,
    clamp: tuple[float, float],
) -> Label:  # fmt: skip
    one, swapped = (share(o) for o in said)
    orders = (one, None if swapped is None else 1 - swapped)
    missing = next((o for o in said if isinstance(o, Unscored)), None)
    first = None
    if missing is None:
        first, missing = averaged(orders, labelling.inconsistent, clamp)
    return Label(duel.item, principle.id, judge, labelling.seed, first, orders, missing)


def share(opinion: Opinion) -> float | None:
    """Probability that the side stated first is better; None where there is no opinion."""
    if isinstance(opinion, Unscored):
        return None
    if isinstance(opinion, Tied):
        return 0.5
    return opinion.confidence if opinion.side == "first" else 1 - opinion.confidence


def averaged(
    orders: tuple[float | None, float | None], inconsistent: Literal["unscored", "tie"], clamp: tuple[float, float]
) -> tuple[float | None, Unscored | None]:
    """(the label, or why there is none). Inconsistent: one order prefers the first answer, the other the second."""
    a, b = orders
    if a is None or b is None:
        return None, Unscored("abstained", "an order gave no opinion")
    if (a - 0.5) * (b - 0.5) < 0:
        said = Unscored("order_inconsistent", f"{a:.2f} for the first answer in one order, {b:.2f} in the other")
        return (0.5, None) if inconsistent == "tie" else (None, said)
    return min(max((a + b) / 2, clamp[0]), clamp[1]), None


def row(duel: Duel, found: Label, contribution: str) -> RankedRow | None:
    """The pair to learn from: the order that is likelier, its probability as certainty; None where unscored."""
    if found.first is None:
        return None
    ranks = (1, 1) if found.first == 0.5 else (1, 2) if found.first > 0.5 else (2, 1)
    return RankedRow(
        duel.prompt, (duel.first, duel.second), ranks, (contribution,), digest(duel.prompt),
        certainty=max(found.first, 1 - found.first),
    )  # fmt: skip
