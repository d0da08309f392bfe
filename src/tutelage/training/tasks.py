"""Tasks to learn from: a JSONL of them, a directory that holds one, or the prompts of any data set."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tutelage.environments import graders
from tutelage.environments.graders import UNGRADED, Task
from tutelage.records import jsonl
from tutelage.store import digest
from tutelage.training.dataset import read_rows

FILE = "tasks.jsonl"
FIELDS = {f.name for f in dataclasses.fields(Task)}


@dataclass(frozen=True)
class Tasks:
    """Tasks, each with the ids of the human work behind it."""

    tasks: tuple[Task, ...]
    contributions: tuple[tuple[str, ...], ...]

    @property
    def work(self) -> list[str]:
        """Every contribution, each once."""
        return sorted({c for ids in self.contributions for c in ids})

    def split(self, held_out: int, seed: int) -> tuple[Tasks, Tasks]:
        """(to train on, held out): whole groups are drawn until `held_out` tasks are out, at most a third of all."""
        groups: dict[str, list[int]] = {}
        for i, task in enumerate(self.tasks):
            groups.setdefault(task.group or digest(task.prompt), []).append(i)
        names = sorted(groups)
        out: list[int] = []
        most = min(held_out, len(self.tasks) // 3)
        for k in np.random.default_rng([seed, len(names)]).permutation(len(names)):
            if len(out) + len(groups[names[k]]) <= most:
                out += groups[names[k]]
        held = set(out)
        return self._of([i for i in range(len(self.tasks)) if i not in held]), self._of(sorted(held))

    def _of(self, places: Sequence[int]) -> Tasks:
        return Tasks(tuple(self.tasks[i] for i in places), tuple(self.contributions[i] for i in places))


def read(place: Path) -> Tasks:
    """The tasks of a file or directory. Raises BadInput with file, line, field.

    A JSONL of tasks (or a directory with `tasks.jsonl`) gives them with their graders, and prompts alone without one;
    any data set that `tutelage train` reads gives each of its prompts once, with all the work on that prompt.
    """
    own = place / FILE if place.is_dir() else place
    if own.is_file() and _holds_tasks(own):
        found = graders.read(own, graded=False)
        return Tasks(tuple(found), ((),) * len(found))
    prompts: dict[str, tuple[Task, set[str]]] = {}
    for row in read_rows(place):
        _, work = prompts.setdefault(digest(row.prompt), (Task(row.prompt, UNGRADED, group=row.group), set()))
        work |= set(row.contributions)
    return Tasks(tuple(t for t, _ in prompts.values()), tuple(tuple(sorted(w)) for _, w in prompts.values()))


def _holds_tasks(place: Path) -> bool:
    if not place.name.endswith((".jsonl", ".jsonl.gz")):
        return False
    first = next((value for _, value in jsonl.objects(place)), None)
    return isinstance(first, dict) and "prompt" in first and first.keys() <= FIELDS
