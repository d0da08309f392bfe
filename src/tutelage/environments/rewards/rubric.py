"""`rubric:FILE`: weighted criteria from a TOML file, as a reward; see `graders.rubric`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tutelage.environments.graders import Task
from tutelage.environments.graders.rubric import Rubric
from tutelage.environments.rewards.files import read_toml
from tutelage.environments.rewards.protocol import Finding, Reward, Rewarded
from tutelage.errors import TutelageError
from tutelage.records import Unscored, decode
from tutelage.store import digest

EXAMPLE = """\
least = 0.8                  # share of the weight that must be gradable

[[criteria]]
id = "brief"
weight = 2.0
grader = "format"
parameters = { checks = [{ check = "words", lo = 3, hi = 40 }] }

[[criteria]]
id = "flatters"
weight = -1.0                # costs, where an answer does it
grader = "format"
parameters = { checks = [{ check = "contains", words = ["great question"] }] }
"""


class RubricReward:
    """The rubric's value, below 0 where forbidden things outweigh; `parts` are its criteria."""

    def __init__(self, rubric: Rubric, name: str) -> None:
        self._rubric, self.name = rubric, name
        self.digest = digest({"reward": "rubric/1", "rubric": rubric})

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        """See `Reward.grades`."""
        if not answers:
            return []
        found = self._rubric.values([t.prompt for t in tasks], answers, [t.reference for t in tasks])
        return [
            g if isinstance(g, Unscored)
            else Rewarded(g.value, g.evidence["criteria"], {"weight_graded": g.evidence["weight_graded"]})
            for g in found
        ]  # fmt: skip


def load(kind: str, argument: str) -> Reward:
    """The reward of a rubric's file. Raises BadInput naming the field at fault."""
    path = Path(argument)
    value: Any = read_toml(path)
    try:
        rubric: Rubric = decode(Rubric, value)
    except TutelageError as error:
        raise error.at(file=path) from None
    return RubricReward(rubric, f"{kind}:{argument}")
