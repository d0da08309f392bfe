"""Weighted criteria, each found by a grader or by a judge; what could not be found is said, and is never a 0."""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tutelage import judges
from tutelage.environments.graders.protocol import Grader, Prompt
from tutelage.judges import Duel, Judge, Preferred, Setting
from tutelage.records import Grade, Scored, Unscored, assistant


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing looked at.

    weight     what it adds when it is kept; negative for what an answer must not do
    grader     the grader that finds it, with `parameters`; or instead
    judge      SPEC of a judge (`tutelage.judges.load`) that compares the answer with `against`, or, where that is
               absent, with the task's reference: 1 better, ½ as good, 0 worse. `text` is what the judge is asked
    """

    id: str
    weight: float = 1.0
    grader: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    judge: str | None = None
    text: str = ""
    against: str | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.weight) or self.weight == 0:
            raise ValueError(f"the weight of {self.id!r} is {self.weight}: a criterion weighs something")
        if (self.grader is None) == (self.judge is None):
            raise ValueError(f"the criterion {self.id!r} names one grader or one judge")
        if self.grader is not None:
            _grader(self.grader, self.parameters)

    def grades(
        self, prompts: Sequence[Prompt], answers: Sequence[str], references: Sequence[str | None]
    ) -> list[Grade]:
        """How far each answer keeps it, in [0, 1]."""
        if self.grader is not None:
            grader = _grader(self.grader, self.parameters)
            return [_safely(grader, *row) for row in zip(prompts, answers, references, strict=True)]
        return self._judged(prompts, answers, references)

    def _judged(
        self, prompts: Sequence[Prompt], answers: Sequence[str], references: Sequence[str | None]
    ) -> list[Grade]:
        rivals = [self.against if self.against is not None else r for r in references]
        asked = [i for i, rival in enumerate(rivals) if rival is not None]
        duels = [Duel(prompts[i], assistant(answers[i]), assistant(rivals[i] or "")) for i in asked]
        found: list[Grade] = [Unscored("no_reference", f"{self.id}: nothing to compare with")] * len(answers)
        for i, opinion in zip(asked, _judge(str(self.judge), self.text).compare_all(duels), strict=True):
            if isinstance(opinion, Unscored):
                found[i] = opinion
            elif isinstance(opinion, Preferred):
                found[i] = Scored(float(opinion.side == "first"))
            else:
                found[i] = Scored(0.5)
        return found


@dataclass(frozen=True, slots=True)
class Rubric:
    """The weighted share of criteria that an answer keeps, over those that could be graded.

    Value: the sum of weight × finding, divided by the sum of the positive weights, both over the graded criteria; as
    a grade it is cut to [0, 1], as a reward it is not, so that forbidden things cost.
    least  the share of all weight (signs apart) that must have been graded; below it the answer is Unscored
    """

    criteria: tuple[Criterion, ...]
    least: float = 0.8

    def __post_init__(self) -> None:
        names = [c.id for c in self.criteria]
        if len(set(names)) < len(names):
            raise ValueError(f"the criteria are called {names}: each has a name of its own")
        if not any(c.weight > 0 for c in self.criteria):
            raise ValueError("a rubric has a criterion of positive weight")
        if not 0 < self.least <= 1:
            raise ValueError(f"`least` is {self.least}: a share of the weight, above 0")

    def grade(self, prompt: Prompt, answer: str, reference: str | None) -> Grade:
        """The value in [0, 1]; the evidence says over how much weight it stands, and what each criterion got."""
        return self.grades([prompt], [answer], [reference])[0]

    def grades(
        self, prompts: Sequence[Prompt], answers: Sequence[str], references: Sequence[str | None]
    ) -> list[Grade]:
        """The grades of many answers; each criterion sees all of them at once."""
        raw = self.values(prompts, answers, references)
        return [g if isinstance(g, Unscored) else Scored(min(max(g.value, 0.0), 1.0), g.evidence) for g in raw]

    def values(
        self, prompts: Sequence[Prompt], answers: Sequence[str], references: Sequence[str | None]
    ) -> list[Grade]:
        """As `grades`, not cut to [0, 1]: negative where an answer does more harm than good."""
        columns = [c.grades(prompts, answers, references) for c in self.criteria]
        return [self._sum(row) for row in zip(*columns, strict=True)]

    def _sum(self, row: Sequence[Grade]) -> Grade:
        graded = [(c, g.value) for c, g in zip(self.criteria, row, strict=True) if isinstance(g, Scored)]
        missing = [(c, g) for c, g in zip(self.criteria, row, strict=True) if isinstance(g, Unscored)]
        share = sum(abs(c.weight) for c, _ in graded) / sum(abs(c.weight) for c in self.criteria)
        best = sum(c.weight for c, _ in graded if c.weight > 0)
        if missing and (share < self.least or best == 0):
            first, why = missing[0]
            return Unscored(why.reason, f"{share:.0%} of the weight was graded; {first.id}: {why.detail}")
        evidence: dict[str, Any] = {
            "criteria": {c.id: g.value if isinstance(g, Scored) else g.reason
                         for c, g in zip(self.criteria, row, strict=True)},
            "weight_graded": share,
        }  # fmt: skip
        return Scored(sum(c.weight * value for c, value in graded) / best, evidence)


def _safely(grader: Grader, prompt: Prompt, answer: str, reference: str | None) -> Grade:
    try:
        return grader.grade(prompt, answer, reference)
    except Exception as error:  # noqa: BLE001  whatever a grader does, its fault is not the answer's
        return Unscored("grader_error", f"{type(error).__name__}: {error}")


def _grader(name: str, parameters: Mapping[str, Any]) -> Grader:
    face = importlib.import_module("tutelage.environments.graders")  # it holds the table this module stands in
    built: Grader = face.build(name, parameters)
    return built


@functools.lru_cache(64)
def _judge(spec: str, text: str) -> Judge:
    """A judge that is asked in words is asked the criterion."""
    return judges.load(spec, Setting(rubric=judges.Rubric(text)) if text else None)
