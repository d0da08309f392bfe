"""Two reward models on the same held-out pairs: what one has over the other, in right answers and in nats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tutelage.evaluation.reward_report.held import Held, Read
from tutelage.evaluation.reward_report.topics import Change, changes
from tutelage.measure.intervals import mean
from tutelage.records import Estimate, Figure


@dataclass(frozen=True, slots=True)
class Against:
    """The model of the report less the other, pair by pair.

    difference  in accuracy; nats_saved in the log loss of the shares they foretell (above 0: the model is better)
    topics      the other is `before`, the model is `after`
    """

    other: str
    accuracy: Figure
    other_accuracy: Figure
    difference: Figure
    nats_saved: Figure
    sentence: str
    topics: tuple[Change, ...]


def against(model: Read, other: Read, data: Held, *, rng: np.random.Generator, level: float) -> Against:
    """The comparison; crowd- against expert-trained, or a checkpoint against the one before."""
    difference = data.difference(model.right, other.right, level=level)
    several = np.unique(data.group).size > 1
    losses = [np.logaddexp(0, r.logit) - data.share * r.logit for r in (other, model)]
    nats = mean(losses[0] - losses[1], clusters=data.group if several else None, level=level, unit="nats")
    return Against(
        other.name,
        data.mean(model.right, level=level),
        data.mean(other.right, level=level),
        difference,
        nats,
        _sentence(difference),
        changes(other, model, data, rng=rng, level=level),
    )


def _sentence(difference: Figure) -> str:
    if not isinstance(difference, Estimate) or difference.lo <= 0 <= difference.hi:
        return "The pairs do not tell the two apart."
    return "The model is better." if difference.lo > 0 else "The other is better."
