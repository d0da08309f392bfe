"""Rollouts: what a policy answers to tasks, with everything that learning needs to know of it.

A prompt is encoded once for all its answers, in decoding and in training. What an answer is depends on (seed, step,
prompt, which of its answers) and on the weights, never on its neighbours: a run that goes on samples the same answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tutelage.environments.graders import Task
from tutelage.environments.rewards import Finding, Reward
from tutelage.models.local_decode import ROWS, Sample, decode, rows_for
from tutelage.models.local_layout import Tree
from tutelage.models.local_text import Text
from tutelage.records import Sampling, Unscored


@dataclass(frozen=True)
class Answer:
    """One sampled answer.

    ids       its tokens, the end token included where it `ended` by itself
    sampled   log p of each under the sampler, nats: a check on the training path, which computes its own
    finding   the reward, or why there is none; None before it was asked for
    """

    ids: tuple[int, ...]
    text: str
    ended: bool
    sampled: tuple[float, ...]
    finding: Finding | None = None

    @property
    def reward(self) -> float | None:
        """Its value; None where it is unscored."""
        return None if self.finding is None or isinstance(self.finding, Unscored) else self.finding.value


@dataclass(frozen=True)
class Group:
    """A task, its prompt's tokens and its answers. `index` is the task's place among the run's tasks."""

    index: int
    task: Task
    prompt: tuple[int, ...]
    answers: tuple[Answer, ...]

    @property
    def tree(self) -> Tree:
        """The layout of its tokens."""
        return Tree(self.prompt, tuple(a.ids for a in self.answers))

    @property
    def rewards(self) -> list[float]:
        """Of the scored answers, in order."""
        return [a.reward for a in self.answers if a.reward is not None]

    def scored(self) -> Group:
        """The same without its unscored answers."""
        return dataclasses.replace(self, answers=tuple(a for a in self.answers if a.reward is not None))


def sample(
    model: Any, text: Text, tasks: Sequence[tuple[int, Task]], n: int, *, seed: int, max_tokens: int, max_prompt: int
) -> list[Group]:
    """n answers to each (index, task), at temperature 1. Like lengths are decoded together, long prompts first."""
    sampling = Sampling("policy", seed=seed, max_tokens=max_tokens)
    prompts = [text.prompt(task.prompt)[-max_prompt:] for _, task in tasks]
    rows = rows_for(prompts, n, sampling, max_tokens)
    order = sorted(rows, key=lambda r: (-len(r.prompt), r.prompt, r.place))
    for lo in range(0, len(order), ROWS):
        decode(model, order[lo : lo + ROWS], sampling, max_tokens=max_tokens, end=text.end)
    return [
        Group(index, task, prompt, tuple(_answer(row, text) for row in rows[i * n : (i + 1) * n]))
        for i, ((index, task), prompt) in enumerate(zip(tasks, prompts, strict=True))
    ]


def _answer(row: Sample, text: Text) -> Answer:
    return Answer(tuple(row.ids), text.read(row.ids), row.ended, tuple(row.logprobs))


def grade(groups: Sequence[Group], reward: Reward) -> list[Group]:
    """The same groups with what `reward` finds of every answer, all asked in one call."""
    tasks = [g.task for g in groups for _ in g.answers]
    found = iter(reward.grades(tasks, [a.text for g in groups for a in g.answers]))
    return [
        dataclasses.replace(g, answers=tuple(dataclasses.replace(a, finding=next(found)) for a in g.answers))
        for g in groups
    ]
