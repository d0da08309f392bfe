"""What a stage is: a pure function from inputs and configuration to a directory of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tutelage.errors import BadInput

Input = str | Path  # the name of an earlier stage of the plan, or a file or directory of the user's


@dataclass(frozen=True)
class Effort:
    """What a stage is expected to take; None is unknown. Money is integer minor units (cents) of one currency."""

    seconds: float | None = None
    disk_bytes: int | None = None
    money_minor: int = 0
    currency: str = "USD"


class Log(Protocol):
    """Where events go."""

    def __call__(self, event: str, **fields: Any) -> None:
        """Record an event with fields; no contributor names, no response text."""
        ...


class Step(Protocol):
    """How far a stage is."""

    def __call__(self, done: float, total: float, note: str = "") -> None:
        """`done` of `total` units (rows, steps, tokens) are behind us."""
        ...


@dataclass(frozen=True)
class StageContext:
    """What a stage may use beside its inputs.

    seed      from the recipe's seed and the stage's name alone: recipes that differ in one setting share their
              random draws, so that arms of an experiment are paired
    scratch   a directory that outlives kill -9 and goes when the stage finishes: checkpoints to resume from.
              Nothing in it may change the result, only how soon it is there
    progress  report how far the stage is
    log       record an event
    """

    key: str
    seed: int
    scratch: Path
    progress: Step
    log: Log

    @property
    def rng(self) -> np.random.Generator:
        """A generator at the start of this stage's stream; a fresh one at every call."""
        return np.random.default_rng(self.seed)


StageFunction = Callable[[Mapping[str, Path], Any, Path, StageContext], None]


@dataclass(frozen=True)
class Stage:
    """A pure step of the loop: same inputs, configuration, version and packages give the same bytes.

    run       run(inputs, config, out, ctx) writes files into the empty directory `out`; a run.json among them is
              for times and hosts: it is kept beside the result, not in it
    version   raise it whenever the same inputs shall give other bytes
    packages  distributions whose version may change the bytes: part of the key
    estimate  what a configuration is expected to take, where no past run tells
    """

    name: str
    version: int
    run: StageFunction
    packages: tuple[str, ...] = ("numpy",)
    estimate: Callable[[Any], Effort] | None = None


@dataclass(frozen=True)
class StageSpec:
    """A stage at its place in a plan.

    inputs   what the function finds under which name: the name of an earlier stage, or a path
    config   a frozen dataclass, a pydantic model or JSON: everything that decides the result, no secrets
    name     its name in this plan, where one stage stands in it twice; else the stage's own
    publish  {path in the artefact: path in the run's directory} copied when the stage is done; "" is all of it
    """

    stage: Stage
    inputs: Mapping[str, Input] = field(default_factory=dict)
    config: Any = None
    name: str = ""
    publish: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name in this plan."""
        return self.name or self.stage.name

    def needs(self) -> set[str]:
        """Labels of the stages this one waits for."""
        return {given for given in self.inputs.values() if isinstance(given, str)}


Plan = Sequence[StageSpec]


def check(plan: Plan) -> None:
    """Raise BadInput unless labels are unique and every stage comes after those it needs."""
    seen: set[str] = set()
    for spec in plan:
        if spec.label in seen:
            raise BadInput(
                f"Two stages of the plan are called {spec.label!r}.",
                expected="a name of its own for each",
                remedy="Give one of them a `name`.",
            )
        if missing := sorted(spec.needs() - seen):
            raise BadInput(
                f"Stage {spec.label!r} needs {', '.join(map(repr, missing))}, which no earlier stage makes.",
                expected="stages in the order in which they can run",
                remedy="Put the stage it needs before it, or pass a Path for a file.",
            )
        seen.add(spec.label)
