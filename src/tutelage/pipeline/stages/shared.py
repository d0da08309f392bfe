"""What stages hand one another: tasks with their side of the split, sampled answers, corpora on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from tutelage.environments.graders import Task, grade
from tutelage.models import Generation, Policy
from tutelage.records import Grade, Ids, Sampling, Scored, jsonl

# Results may not depend on when they were made: ids of a run carry this time, run.json the real one.
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
MODEL_PACKAGES = ("numpy", "torch", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class Answer:
    """One sampled answer to the prompt at `prompt` in its file of tasks; see `models.Generation`."""

    prompt: int
    sample: int
    text: str
    tokens: int
    ended: bool
    logprob: float
    schema: Literal["answer/1"] = "answer/1"


def ids(seed: int, purpose: str) -> Ids:
    """Ids that a second run makes again."""
    import hashlib

    import numpy as np

    words = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:16]
    return Ids(EPOCH, np.random.default_rng(np.frombuffer(words, dtype="<u4").tolist()))


def ask(policy: Policy, tasks: Sequence[Task], n: int, sampling: Sampling, progress: Any) -> list[Answer]:
    """n answers to every task's prompt, in order."""
    found = policy.sample([t.prompt for t in tasks], n=n, sampling=sampling, on_progress=progress)
    return [
        Answer(i, j, g.text, g.tokens, g.ended, round(g.logprob, 4))
        for i, row in enumerate(found)
        for j, g in enumerate(row)
    ]


def finding(task: Task, answer: Answer | Generation) -> Grade:
    """The task's grade of an answer; one that was cut off at the token limit has not done what was asked."""
    if not answer.ended:
        return Scored(0.0, {"why": f"not finished after {answer.tokens} tokens"})
    return grade(task, answer.text)


def passed(task: Task, answer: Answer | Generation) -> float | None:
    """1 or 0, or None where the answer could not be graded."""
    found = finding(task, answer)
    return found.value if isinstance(found, Scored) else None


def read_tasks(path: Path) -> list[Task]:
    """Tasks that an earlier stage wrote."""
    return list(jsonl.read(path, Task))


def read_answers(path: Path) -> list[Answer]:
    """Answers that an earlier stage wrote."""
    return list(jsonl.read(path, Answer))


def reward_spec(directory: Path) -> str:
    """The SPEC of the reward model that a stage wrote."""
    return f"{'head' if (directory / 'head.json').is_file() else 'reward'}:{directory}"


def by_prompt(answers: Sequence[Answer]) -> list[list[Answer]]:
    """Answers grouped by their prompt, in order."""
    rows: list[list[Answer]] = [[] for _ in range(1 + max((a.prompt for a in answers), default=-1))]
    for answer in answers:
        rows[answer.prompt].append(answer)
    return rows


def write_json(path: Path, value: Any) -> None:
    """One JSON file, keys sorted: equal values are equal bytes."""
    path.write_text(jsonl.dumps(value) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """A file that `write_json` wrote."""
    return jsonl.parse(path.read_bytes(), path)
