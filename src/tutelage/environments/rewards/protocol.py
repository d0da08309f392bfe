"""What a reward is: a grade on a real scale, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tutelage.environments.graders import Task
from tutelage.records import Json, Unscored


@dataclass(frozen=True, slots=True)
class Rewarded:
    """What an answer is worth to a reward, on its own scale: any finite number, comparable within one reward only.

    parts     what the value was made of, by name: numbers, or the reason why a part has none
    evidence  what a grader found, as in `Scored`
    """

    value: float
    parts: Json = field(default_factory=dict)
    evidence: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"a reward is finite; got {self.value}: use Unscored")


Finding = Rewarded | Unscored


class Reward(Protocol):
    """What answers are optimised against. An answer it cannot judge is `Unscored`, never a 0."""

    @property
    def name(self) -> str:
        """What a person calls it: its SPEC, or the name of its directory."""
        ...

    @property
    def digest(self) -> str:
        """`sha256:…` of what it is: equal digests give equal findings."""
        ...

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        """The finding about each answer to the task at the same place, (n,) and (n,) to (n,)."""
        ...


def rewarded(value: float, parts: Json | None = None) -> Finding:
    """The reward of that value; `Unscored("grader_error")` where it is not a finite number."""
    if not math.isfinite(value):
        return Unscored("grader_error", f"the value is {value}")
    return Rewarded(float(value), parts or {})
