"""Answers from a model that is asked now, or from a file in which they were stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tutelage import models
from tutelage.errors import BadInput, Where
from tutelage.models import Generation, Policy, Prompt
from tutelage.records import Sampling, jsonl


@dataclass(frozen=True, slots=True)
class Answer:
    """One stored answer; lines stand in the order of the prompts. `tokens` None counts words instead."""

    text: str
    tokens: int | None = None
    ended: bool = True


def policy_of(spec: str) -> Policy:
    """The model of a SPEC; a directory's path is short for `local:DIR`."""
    return models.load(f"local:{spec}" if Path(spec).is_dir() else spec)


def answers_of(spec: str, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
    """One answer to each prompt from a model SPEC, a checkpoint directory or a JSONL file of `Answer` lines."""
    return read(Path(spec), len(prompts)) if Path(spec).is_file() else sample(policy_of(spec), prompts, sampling)


def sample(policy: Policy, prompts: Sequence[Prompt], sampling: Sampling) -> list[Generation]:
    """One answer to each prompt."""
    return [answers[0] for answers in policy.sample(prompts, n=1, sampling=sampling)]


def read(path: Path, prompts: int) -> list[Generation]:
    """The answers of a file. Raises BadInput unless there is one for each prompt."""
    found: list[Answer] = list(jsonl.read(path, Answer))
    if len(found) != prompts:
        raise BadInput(
            f"The file holds {len(found)} answers to {prompts} prompts.",
            expected="one answer a prompt, in the same order",
            remedy="Store the answers again.",
            where=Where(str(path)),
        )
    return [Generation(a.text, len(a.text.split()) if a.tokens is None else a.tokens, a.ended, 0.0) for a in found]
