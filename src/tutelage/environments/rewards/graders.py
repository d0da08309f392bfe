"""`graders`: each task's own grader, as a reward in [0, 1]."""

from __future__ import annotations

from collections.abc import Sequence

from tutelage.environments.book import Book
from tutelage.environments.graders import GRADERS, Task, grade_all
from tutelage.environments.rewards.protocol import Finding, Reward, Rewarded
from tutelage.records import Unscored
from tutelage.store import digest


class GraderReward:
    """What each task's grader finds; the tasks carry what it needs, so the reward itself is always the same."""

    name = "graders"
    bounds = (0.0, 1.0)  # of every grader; the alarm compares amounts where they are known, else only rise and fall
    digest = digest({"reward": "graders/1", "graders": sorted(GRADERS)})

    def __init__(self, book: Book | None = None) -> None:
        self._book = book

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        """See `Reward.grades`."""
        found = (self._book.grade_all if self._book else grade_all)(tasks, answers)
        return [g if isinstance(g, Unscored) else Rewarded(g.value, evidence=g.evidence) for g in found]


def load(kind: str, argument: str) -> Reward:  # noqa: ARG001  the table's loaders are all called alike
    """The reward of `graders`; it has no argument."""
    return GraderReward()
