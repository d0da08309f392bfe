"""A judge that scores each answer by itself and compares the scores: order cannot matter to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tutelage import records
from tutelage.judges.protocol import Duel, Messages, Opinion, Preferred, Tied
from tutelage.records import Unscored

Scores = Callable[[Sequence[Messages], Sequence[Messages]], Sequence[float | Unscored]]


@dataclass(frozen=True)
class ScoreJudge:
    """Prefers the answer with the higher score.

    scores  of each (prompt, answer); an `Unscored` among them makes the pair unscored
    margin  scores that differ by no more than this are a tie
    logits  whether a difference of scores is the log-odds of being better; else a preference is certain
    """

    record: records.Judge
    scores: Scores
    margin: float = 0.0
    logits: bool = False
    order_free: bool = True

    def compare(self, prompt: Messages, first: Messages, second: Messages) -> Opinion:
        """See `Judge.compare`."""
        return self.compare_all([Duel(prompt, first, second)])[0]

    def compare_all(self, duels: Sequence[Duel]) -> list[Opinion]:
        """See `Judge.compare_all`; the two answers of a pair are scored one after the other."""
        prompts = [d.prompt for d in duels for _ in range(2)]
        found = list(self.scores(prompts, [side for d in duels for side in (d.first, d.second)])) if duels else []
        return [self._opinion(a, b) for a, b in zip(found[::2], found[1::2], strict=True)]

    def _opinion(self, first: float | Unscored, second: float | Unscored) -> Opinion:
        if isinstance(first, Unscored):
            return first
        if isinstance(second, Unscored):
            return second
        difference = float(first) - float(second)
        if not math.isfinite(difference):
            return Unscored("grader_error", f"the scores are {first} and {second}")
        if abs(difference) <= self.margin:
            return Tied()
        confidence = 1 / (1 + math.exp(-min(abs(difference), 700.0))) if self.logits else 1.0
        return Preferred("first" if difference > 0 else "second", confidence)
