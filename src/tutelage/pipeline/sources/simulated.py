"""Simulated contributors with known biases: they stand in for people where there are none, and say so everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tutelage.pipeline.recipe import Contributor
from tutelage.pipeline.sources import Complete, Request
from tutelage.records import Ids, Judgment, Scored, Simulated, text_of

Worth = Sequence[float]  # one number a response: higher is better in the eyes of the contributor

BIASES: dict[str, Callable[[Sequence[str]], Worth]] = {
    "longer": lambda texts: [float(len(t.split())) for t in texts],
    "shorter": lambda texts: [-float(len(t.split())) for t in texts],
    "first": lambda texts: [-float(i) for i in range(len(texts))],
}


class SimulatedContributors:
    """Each follows the guideline, errs at its rate on each answer, and gives way to its bias at its rate on an item."""

    def __init__(self, contributors: Sequence[Contributor]) -> None:
        self._contributors = contributors

    def poll(self, request: Request, ids: Ids, seed: int) -> Complete:
        """Every item ranked by `per_item` of the contributors, in turn."""
        rng = np.random.default_rng([seed, 7])
        panel = [Simulated(f"simulated:{i}", describe(c)) for i, c in enumerate(self._contributors, 1)]
        responses = {r.id: r for r in request.responses}
        judgments = []
        for number, (item, grades) in enumerate(zip(request.items, request.grades, strict=True)):
            texts = [text_of(responses[name].messages) for name in item.responses]
            right = [g.value if isinstance(g, Scored) else 0.5 for g in grades]
            for k in range(min(request.per_item, len(panel))):
                who = (number + k) % len(panel)
                ranks = rank(right, texts, self._contributors[who], rng)
                judgments.append(
                    Judgment(
                        ids.new(), item.id, panel[who].id, {"type": "ranking", "ranks": ranks},
                        guideline_version=request.guideline_version, conditions={"simulated": True},
                    )
                )  # fmt: skip
        return Complete(tuple(judgments), tuple(panel))


def rank(right: Worth, texts: Sequence[str], contributor: Contributor, rng: np.random.Generator) -> list[int]:
    """Ranks (1 is best, equals tied) of answers worth `right` in [0, 1], as this contributor gives them."""
    slips = rng.random(len(right)) < contributor.errs
    biased = rng.random() < contributor.bias
    worth = [1 - w if slip else w for w, slip in zip(right, slips, strict=True)]
    if biased and contributor.prefers:
        worth = list(BIASES[contributor.prefers](texts))
    levels = sorted(set(worth), reverse=True)
    return [levels.index(w) + 1 for w in worth]


def describe(contributor: Contributor) -> str:
    """The behaviour in words, as it stands beside every judgment's judge."""
    words = f"follows the guideline, errs on {contributor.errs:.0%} of answers"
    if contributor.prefers and contributor.bias:
        words += f", ranks {contributor.bias:.0%} of items by {contributor.prefers} first"
    return words
