"""Held-out pairs and what a model says of them, as aligned arrays: what every part of the report starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutelage.evaluation.baselines import pair_correct, row_scores
from tutelage.measure.intervals import mean
from tutelage.models import Prompt, RewardModel
from tutelage.models.spread import Distributional, between, flattened
from tutelage.records import Figure, RankedRow, Undefined

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]
Mask = npt.NDArray[np.bool_]
LEAST_CLUSTERS = 2


@dataclass(frozen=True)
class Held:
    """The p stated pairs of held-out rows; ties are counted apart.

    at      (row, better, worse) of each pair
    share   (p,) share of people for the better answer: the row's certainty
    votes   (p,) judgments behind it
    group   (p,) what is independent of one another: intervals rest on groups
    domain  (p,) what is reported apart
    """

    rows: Sequence[RankedRow]
    at: list[tuple[int, int, int]]
    share: Floats
    votes: Floats
    group: Names
    domain: Names

    @property
    def pairs(self) -> int:
        """How many."""
        return len(self.at)

    @property
    def ties(self) -> int:
        """Stated ties, which no accuracy counts."""
        return sum(len(row.ties()) for row in self.rows)

    def mean(self, x: Floats, kept: Mask | None = None, *, level: float, bounded: bool = True) -> Figure:
        """The mean of x (p,) over the kept pairs, clustered by group; over pairs where they are all of one group."""
        m = np.ones(self.pairs, bool) if kept is None else kept
        if not m.any():
            return Undefined("no such pair")
        bounds = (0.0, 1.0) if bounded else (-1.0, 1.0)
        clusters = self.group[m]
        one = np.unique(clusters).size < LEAST_CLUSTERS
        return mean(x[m], clusters=None if one else clusters, level=level, bounds=bounds)

    def difference(self, a: Floats, b: Floats, kept: Mask | None = None, *, level: float) -> Figure:
        """Mean a − b on the same pairs, in [−1, 1]."""
        return self.mean(a - b, kept, level=level, bounded=False)


def held(rows: Sequence[RankedRow], domains: Mapping[str, str] | None = None) -> Held:
    """The pairs of rows. domains: group → domain; without it a group is its own. Raises BadInput without pairs."""
    pair_correct(rows, [np.zeros(len(r.responses)) for r in rows])  # raises where there is nothing to hold against
    at = [(n, i, j) for n, row in enumerate(rows) for i, j in row.pairs()]
    named = [rows[n] for n, _, _ in at]
    of = domains or {}
    return Held(
        rows,
        at,
        np.array([r.certainty for r in named]),
        np.array([float(len(r.contributions)) for r in named]),
        np.array([r.group for r in named]),
        np.array([of.get(r.group, r.group) for r in named]),
    )


@dataclass(frozen=True)
class Read:
    """What a model says of held-out pairs.

    margin    (p,) reward of the better answer less that of the worse, logits
    variance  (p,) over people of that difference; 0 for a model that knows no spread
    """

    name: str
    digest: str
    margin: Floats
    variance: Floats

    @property
    def right(self) -> Floats:
        """(p,) 1 where the better answer scores higher, ½ where both score the same."""
        return (np.sign(self.margin) + 1) / 2

    @property
    def logit(self) -> Floats:
        """(p,) of the share of people foretold for the better answer, as the model states it."""
        return flattened(self.margin, self.variance)


def read(model: RewardModel, data: Held) -> Read:
    """A model's margins on held-out pairs; every answer is scored once."""
    return of_scores(model.name, model.digest, row_scores(model, data.rows), data, _variance(model, data))


def of_scores(name: str, digest: str, scores: Sequence[Floats], data: Held, variance: Floats | None = None) -> Read:
    """From the (K,) scores of each row."""
    margin = np.array([scores[n][i] - scores[n][j] for n, i, j in data.at])
    return Read(name, digest, margin, np.zeros(margin.size) if variance is None else variance)


def _variance(model: RewardModel, data: Held) -> Floats | None:
    if not isinstance(model, Distributional):
        return None
    answers: dict[tuple[Prompt, Prompt], int] = {}
    ends = [
        [answers.setdefault((data.rows[n].prompt, data.rows[n].responses[k]), len(answers)) for k in (i, j)]
        for n, i, j in data.at
    ]
    at = model.leanings([p for p, _ in answers], [r for _, r in answers])
    first, second = np.array(ends).T
    return between(at[first], at[second])
