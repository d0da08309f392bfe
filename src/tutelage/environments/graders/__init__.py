"""Graders: what an answer is worth, found by a rule. A new grader is one file here and one line in the table.

`grade(task, answer)` is the one door. An answer that is wrong is `Scored(0.0)`; an answer that could not be
graded (no reference, a broken grader) is `Unscored` and never a 0.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tutelage.environments.graders.protocol import Grader, Task
from tutelage.errors import BadInput, TutelageError, Where
from tutelage.formats.texts import conversation
from tutelage.records import Grade, Json, Unscored, decode, encode, jsonl

__all__ = ["GRADERS", "UNGRADED", "Grader", "Task", "build", "grade", "grade_all", "read"]

GRADERS: dict[str, tuple[str, str]] = {
    "exact": ("exact", "Exact"),
    "number": ("number", "Number"),
    "format": ("format", "Format"),
    "rubric": ("rubric", "Rubric"),
    "unit_tests": ("unit_tests", "UnitTests"),
}


def build(name: str, parameters: Json) -> Grader:
    """The grader of that name with its parameters. Raises BadInput naming an unknown grader or parameter."""
    if name not in GRADERS:
        raise BadInput(
            f"There is no grader {name!r}.",
            expected="one of " + ", ".join(GRADERS),
            remedy="Name one of them.",
            where=Where(field="grader"),
        )
    module, noun = GRADERS[name]
    kind = getattr(importlib.import_module(f"{__name__}.{module}"), noun)
    try:
        grader: Grader = decode(kind, parameters)
    except TutelageError as error:
        raise error.at(field="parameters") from None
    return grader


def grade(task: Task, answer: str) -> Grade:
    """The finding of the task's grader about an answer; a grader that breaks gives `Unscored`, not 0."""
    return _grade(build(task.grader, task.parameters), task, answer)


def _grade(grader: Grader, task: Task, answer: str) -> Grade:
    try:
        return grader.grade(task.prompt, answer, task.reference)
    except Exception as error:  # noqa: BLE001  whatever a grader does, its fault is not the answer's
        return Unscored("grader_error", f"{type(error).__name__}: {error}")


def grade_all(tasks: Sequence[Task], answers: Sequence[str]) -> list[Grade]:
    """The grade of each answer to the task at the same place; graders that wait for a sandbox work side by side."""
    graders = [build(t.grader, t.parameters) for t in tasks]
    slow = [getattr(g, "parallel", False) for g in graders]
    work = list(zip(graders, tasks, answers, strict=True))
    found = [_pool().submit(_grade, *w) if aside else _grade(*w) for w, aside in zip(work, slow, strict=True)]
    return [f.result() if isinstance(f, Future) else f for f in found]


@functools.cache
def _pool() -> ThreadPoolExecutor:
    """One more than there are processors: a box that starts or ends waits for the kernel."""
    return ThreadPoolExecutor((os.cpu_count() or 1) + 1, "grade")


os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked process has none of its parent's threads


UNGRADED = "none"  # the grader of a prompt that came without one: a reward model scores its answers


def read(path: Path, *, graded: bool = True) -> list[Task]:
    """The tasks of a JSONL file, each with a grader that can be built. Raises BadInput with file, line, field.

    A prompt may be plain text, or chat messages (`role`/`content`), as other tools write them.
    graded  False takes tasks without a grader as well; theirs is then UNGRADED
    """
    tasks = []
    for line, value in jsonl.objects(path):
        try:
            task: Task = decode(Task, _plain(value, graded))
            if graded or task.grader != UNGRADED:
                build(task.grader, task.parameters)
        except TutelageError as error:
            raise error.at(file=path, line=line) from None
        tasks.append(task)
    return _some(tasks, path)


def _plain(value: object, graded: bool) -> object:
    """A task as we write it, from what others write: other shapes of a prompt, no grader."""
    if not isinstance(value, dict) or "prompt" not in value:
        return value
    asked = value["prompt"]
    if isinstance(asked, str):  # as it is, whatever it looks like
        asked = [{"role": "user", "text": asked}]
    elif isinstance(asked, list) and not all(isinstance(turn, dict) and "text" in turn for turn in asked):
        try:
            asked = encode(conversation(asked, "user"))
        except TutelageError as error:
            raise error.at(field="prompt") from None
    return {**({} if graded else {"grader": UNGRADED}), **value, "prompt": asked}


def _some(tasks: Iterable[Task], path: Path) -> list[Task]:
    found = list(tasks)
    if not found:
        raise BadInput(
            "The file holds no task.", expected="one task a line", remedy="Add some.", where=Where(str(path))
        )
    return found
