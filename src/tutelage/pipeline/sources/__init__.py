"""Where judgments come from: simulated contributors, people on the platform or by file, an AI judge.

Every source is asked the same way and may say that it is still waiting; the run then stores its request and stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tutelage.errors import BadInput, Where
from tutelage.pipeline.recipe import Judgments
from tutelage.records import Grade, Ids, Item, Judge, Judgment, Response

PLATFORM = "platform"  # people of a project, by way of the run's own directory
PEOPLE = "people"  # where in the run's directory their judgments are put


@dataclass(frozen=True)
class Request:
    """Items to be judged, with all that a judge may need.

    grades    what a rule found of each item's responses, in order; only simulated contributors look at them
    per_item  how many different judges each item wants
    """

    items: Sequence[Item]
    responses: Sequence[Response]
    grades: Sequence[Sequence[Grade]]
    per_item: int
    guideline_version: str


@dataclass(frozen=True)
class Complete:
    """Every item has its judgments."""

    judgments: tuple[Judgment, ...]
    judges: tuple[Judge, ...]


@dataclass(frozen=True)
class Waiting:
    """Not yet: `done` of `needed` judgments are there; `eta` in words, where it is known."""

    done: int
    needed: int
    eta: str = ""


class JudgmentSource(Protocol):
    """Gathers judgments."""

    def poll(self, request: Request, ids: Ids, seed: int) -> Complete | Waiting:
        """What has come in so far."""
        ...


def answers_of(config: Judgments, people: Path | None) -> Path | None:
    """Where people's judgments come back to, once they are there: `file:DIR`, or `people` of the run."""
    kind, _, place = config.source.partition(":")
    found = Path(place) if kind == "file" else people if config.source == PLATFORM else None
    return found if found is not None and (found / "judgments.jsonl").is_file() else None


def remedy(config: Judgments) -> str:
    """What to do while a source waits."""
    if config.source == PLATFORM:
        return "Launch the run from a project's page: its people are asked, and their judgments brought here."
    return f"Put judgments.jsonl and judges.jsonl into {config.source.partition(':')[2]}."


def load(config: Judgments, answers: Path | None = None) -> JudgmentSource:
    """The source a recipe names; `answers` is where people's came back to, where they have. Raises BadInput."""
    kind, _, argument = config.source.partition(":")
    if kind == "simulated":
        from tutelage.pipeline.sources.simulated import SimulatedContributors

        return SimulatedContributors(config.contributors)
    if kind == "file" and argument:
        from tutelage.pipeline.sources.file import AnswersInFile

        return AnswersInFile(answers or Path(argument))
    if config.source == PLATFORM:
        from tutelage.pipeline.sources.platform import AskedPlatform

        return AskedPlatform(answers)
    if kind == "judge" and argument:
        from tutelage.pipeline.sources.judge import AskedJudge

        return AskedJudge(argument)
    raise BadInput(
        f"Judgments are to come from {config.source!r}.",
        expected="simulated, platform, file:DIR or judge:SPEC",
        remedy="Correct judgments.source.",
        where=Where(field="judgments.source"),
    )
