"""Verifiable suites: tasks whose answers a rule checks. Pass rate and pass@k."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from tutelage.environments.graders import Task, grade
from tutelage.evaluation.shares import share
from tutelage.measure import intervals
from tutelage.models import Generation
from tutelage.records import Figure, Grade, Scored, Undefined, text_of

RIGHT = 1.0  # partial credit is no pass


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What a model did on a suite.

    pass_rate  share of answers with full marks; answers that could not be graded stand beside it
    by_grader  the same for the tasks of each grader
    pass_at    k -> chance that one of k answers to a task passes, over tasks
    grades     of each answer to each task, in order
    """

    pass_rate: Figure
    by_grader: dict[str, Figure]
    pass_at: dict[int, Figure]
    grades: list[list[Grade]]


def run(
    tasks: Sequence[Task],
    generations: Sequence[Sequence[Generation]],
    *,
    level: float = 0.95,
    must_end: bool = False,
) -> SuiteResult:
    """Grade the answers to each task. `must_end`: an answer that was cut at its length limit is wrong."""
    grades = [[_grade(t, g, must_end) for g in answers] for t, answers in zip(tasks, generations, strict=True)]
    groups = [t.group if t.group is not None else text_of(t.prompt) for t in tasks]

    def rate_of(chosen: Sequence[int]) -> Figure:
        rows = [(_passed(g), groups[i]) for i in chosen for g in grades[i]]
        return share([p for p, _ in rows], [g for _, g in rows], level=level)

    names = dict.fromkeys(t.grader for t in tasks)
    most = max((len(g) for g in grades), default=0)
    return SuiteResult(
        pass_rate=rate_of(range(len(tasks))),
        by_grader={n: rate_of([i for i, t in enumerate(tasks) if t.grader == n]) for n in names},
        pass_at={k: pass_at(k, grades, groups, level=level) for k in _powers(most)},
        grades=grades,
    )


def pass_at(k: int, grades: Sequence[Sequence[Grade]], groups: Sequence[str], *, level: float = 0.95) -> Figure:
    """The chance that at least one of k answers passes: 1 − C(n−c, k)/C(n, k) a task, unbiased in each.

    Tasks with fewer than k graded answers are left out. Source: Chen et al. 2021 (Codex), Eq. 1.
    """
    values, kept = [], []
    for answers, group in zip(grades, groups, strict=True):
        passed = [p for p in map(_passed, answers) if p is not None]
        n, c = len(passed), sum(passed)
        if n >= k:
            values.append(1 - comb(n - c, k) / comb(n, k))
            kept.append(group)
    if not values:
        return Undefined(f"no task has {k} graded answers")
    return intervals.win_rate(values, clusters=kept, level=level)


def _grade(task: Task, generation: Generation, must_end: bool) -> Grade:
    if must_end and not generation.ended:
        return Scored(0.0, {"why": "cut at the length limit"})
    return grade(task, generation.text)


def _passed(found: Grade) -> bool | None:
    return found.value >= RIGHT if isinstance(found, Scored) else None


def _powers(most: int) -> list[int]:
    return [k for k in (1, 2, 4, 8, 16, 32, 64, 128) if k <= most]
