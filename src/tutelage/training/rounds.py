"""Rounds: what people ask for moves, and a checkpoint's failures are what the next one learns from.

Round n + 1 samples from round n's checkpoint, asks first what that checkpoint failed, keeps the human anchor whole, and
says how much of its data a model wrote. A directory of a round is a data set that every method reads:

    train.jsonl     the anchor, and what the checkpoint wrote and a verifier passed
    origins.jsonl   which is which (`tutelage.curation`); guard.json what it was held to, asked again by training
    tasks.jsonl     the round's prompts, failures first: for ppo, rloo, grpo
    waiting.jsonl   failures that the checkpoint did not answer rightly once: for people
    round.json      number, parents, shares, diversity by generation, warnings
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from tutelage import curation
from tutelage.curation import Admission, Guard, Human, Sampled, Sourced
from tutelage.curation.synthetic import answers
from tutelage.environments.graders import Task, grade
from tutelage.errors import BadInput, Where
from tutelage.models import Policy
from tutelage.records import DemonstrationRow, Grade, Row, Sampling, assistant, decode, jsonl
from tutelage.store import digest, writing

FILE = "round.json"
FILES = {"guard": "guard.json", "tasks": "tasks.jsonl", "waiting": "waiting.jsonl"}
Outcome = Literal["better", "same", "worse"]  # a prompt's, against the checkpoint before, by the gate or by gold


class Check(Protocol):
    """Says whether an answer to a task is right."""

    @property
    def name(self) -> str:
        """What stands in `verified_by`."""
        ...

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> Sequence[Grade]:
        """The finding about each answer to the task at the same place."""
        ...


class Graders:
    """Each task's own grader."""

    name = "graders"

    def grades(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Grade]:
        """See `Check`."""
        return [grade(t, a) for t, a in zip(tasks, answers, strict=True)]


@dataclass(frozen=True)
class _ByTask:
    """A check of answers to tasks, as a verifier of rows: by the identity of the row, which has one task."""

    check: Check
    tasks: Mapping[int, Task]

    @property
    def name(self) -> str:
        return self.check.name

    def grades(self, rows: Sequence[Row]) -> Sequence[Grade]:
        return self.check.grades([self.tasks[id(r)] for r in rows], [answers(r)[0] for r in rows])


@dataclass(frozen=True, slots=True)
class Parent:
    """What a round stands on: digests of the checkpoint that was sampled and of the round that trained it."""

    checkpoint: str
    round: str | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What `round.json` holds.

    failures   prompts that the gate or gold found worse, of those asked; unanswered those without one right answer
    sampled    answers the checkpoint gave; passed, failed, unscored by the verifier
    kept       of the passed ones, in `train.jsonl`: each once, and within what the guard leaves to models
    anchor     rows of people, the same in every round: their digest and number
    """

    number: int
    parent: Parent
    prompts: int
    failures: int
    unanswered: int
    sampled: int
    passed: int
    failed: int
    unscored: Mapping[str, int]
    kept: int
    anchor: str
    anchor_rows: int
    admission: Admission
    schema: Literal["round/1"] = "round/1"

    @property
    def digest(self) -> str:
        """`sha256:…`: the next round's parent."""
        return digest(self)


@dataclass(frozen=True)
class RoundConfig:
    """What a round is told.

    prompts     how many are asked: every failure, then others until there are so many
    answers     sampled to each prompt, at temperature 1 and whole: truncation loses the tail, a verifier keeps out junk
    max_tokens  where an answer is cut
    guard       what the mixture must keep to
    """

    prompts: int = 64
    answers: int = 8
    max_tokens: int = 256
    seed: int = 0
    guard: Guard = field(default_factory=Guard)

    def __post_init__(self) -> None:
        for name in ("prompts", "answers", "max_tokens"):
            if getattr(self, name) < 1:
                raise BadInput(
                    f"Saw {getattr(self, name)}.", expected="1 or more", remedy="Raise it.", where=Where(field=name)
                )


def following(
    policy: Policy,
    tasks: Sequence[Task],
    outcomes: Mapping[str, Outcome],
    anchor: Sequence[Row],
    out: Path,
    config: RoundConfig | None = None,
    *,
    check: Check | None = None,
    earlier: Path | None = None,
) -> Round:
    """Make the round that follows a checkpoint, and write it to `out`.

    policy    round n's checkpoint
    tasks     the prompts there are; none may be held out for the gate
    outcomes  by `digest(task.prompt)`: how each prompt that was looked at came out
    anchor    people's rows; with `earlier` they must be the same as there
    check     who verifies; each task's own grader where None
    earlier   round n's directory; None where the checkpoint was trained on people alone
    Raises BadInput: no task, a changed anchor, and whatever the guard refuses. `out` appears whole or not at all.
    """
    config = config or RoundConfig()
    before = read(earlier) if earlier else None
    _anchor_stays(anchor, before, out)
    asked, failures = chosen(tasks, outcomes, config)
    number = before.number + 1 if before else 1
    written = _sampled(policy, asked, config, number)
    found = curation.verify([s for _, s in written], _ByTask(check or Graders(), {id(s.row): t for t, s in written}))
    people = [Sourced(row, Human()) for row in anchor]
    fresh = [s for s in curation.distinct(people + found.passed) if isinstance(s.origin, Sampled)]
    mixed = people + _spread(fresh, asked, _room(anchor, config.guard))
    admission = curation.admit(
        mixed, config.guard, anchor=anchor, rng=np.random.default_rng([config.seed, len(asked)])
    )  # fmt: skip
    answered = {digest(s.row.prompt) for s in found.passed}
    waiting = [t for t in failures if digest(t.prompt) not in answered]
    made = Round(
        number, Parent(policy.digest, before.digest if before else None), len(asked), len(failures), len(waiting),
        len(written), len(found.passed), len(found.failed), Counter(why.reason for _, why in found.unscored),
        len(mixed) - len(anchor), digest(list(anchor)), len(anchor), admission,
    )  # fmt: skip
    _write(out, made, mixed, {"guard": [config.guard], "tasks": asked, "waiting": waiting})
    return made


def _write(out: Path, made: Round, mixed: Sequence[Sourced], beside: Mapping[str, Sequence[object]]) -> None:
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    with writing(out):
        curation.write(partial, mixed)
        for name, records in beside.items():
            jsonl.write(partial / FILES[name], records)
        jsonl.write(partial / FILE, [made])
        partial.rename(out)


def read(directory: Path) -> Round:
    """The round of a directory. Raises BadInput."""
    place = directory / FILE
    if not place.is_file():
        raise BadInput(
            "This directory holds no round.", expected=f"a {FILE}", remedy="Name a round's directory.",
            where=Where(str(directory)),
        )  # fmt: skip
    found: Round = decode(Round, jsonl.parse(place.read_bytes(), place))
    return found


def chosen(
    tasks: Sequence[Task], outcomes: Mapping[str, Outcome], config: RoundConfig
) -> tuple[list[Task], list[Task]]:
    """(the prompts of a round, the failures among them): every failure, then a draw from the rest."""
    if not tasks:
        raise BadInput("There is no task.", expected="prompts to go on with", remedy="Name a file of tasks.")
    failed = [t for t in tasks if outcomes.get(digest(t.prompt)) == "worse"]
    others = [t for t in tasks if outcomes.get(digest(t.prompt)) != "worse"]
    room = max(0, config.prompts - len(failed))
    order = np.random.default_rng([config.seed, len(tasks)]).permutation(len(others))[:room]
    return failed + [others[i] for i in order], failed


def _sampled(policy: Policy, asked: Sequence[Task], config: RoundConfig, generation: int) -> list[tuple[Task, Sourced]]:
    how = Sampling(policy.name, max_tokens=config.max_tokens, seed=config.seed)
    origin = Sampled(policy.digest, generation)
    said = policy.sample([t.prompt for t in asked], n=config.answers, sampling=how)
    return [
        (t, Sourced(DemonstrationRow(t.prompt, assistant(g.text), (), t.group or digest(t.prompt)), origin))
        for t, some in zip(asked, said, strict=True) for g in some if g.ended
    ]  # fmt: skip


def _spread(fresh: Sequence[Sourced], asked: Sequence[Task], room: float) -> list[Sourced]:
    """Rows up to a weight: an answer of every prompt, failures first, then a second of each, and so on."""
    by_prompt: dict[str, list[Sourced]] = {digest(t.prompt): [] for t in asked}
    for sourced in fresh:
        by_prompt[digest(sourced.row.prompt)].append(sourced)
    turns = (s for turn in zip_longest(*by_prompt.values()) for s in turn if s is not None)
    out: list[Sourced] = []
    for sourced in turns:
        room -= sourced.row.weight
        if room < 0:
            break
        out.append(sourced)
    return out


def _room(anchor: Sequence[Row], guard: Guard) -> float:
    """The weight that people's share leaves to models."""
    weight = sum(row.weight for row in anchor)
    return weight * (1 / guard.people - 1) if guard.people else float("inf")


def _anchor_stays(anchor: Sequence[Row], before: Round | None, out: Path) -> None:
    if out.exists():
        raise BadInput(
            "There is something here already.", expected="a new directory", remedy="Choose another --out.",
            where=Where(str(out)),
        )  # fmt: skip
    if not anchor:
        raise BadInput(
            "There is no human anchor.",
            expected="rows that people wrote",
            remedy="Name them: models alone lose the tail.",
        )
    if before and digest(list(anchor)) != before.anchor:
        raise BadInput(
            f"The anchor is {digest(list(anchor))} with {len(anchor)} rows; round {before.number} had {before.anchor} "
            f"with {before.anchor_rows}.",
            expected="the same human anchor in every round",
            remedy="Use the rows of people of the round before; new ones can be a data set of their own.",
        )
