"""`task:FILE`: a judge that prefers the answer which its task's grader grades higher."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tutelage import judges
from tutelage.environments.graders import Task, grade, read
from tutelage.judges.protocol import Judge, Messages
from tutelage.judges.scores import ScoreJudge
from tutelage.records import AiJudge, Scored, Unscored, text_of


def load_judge(spec: str) -> Judge:
    """A judge from its SPEC: `task:FILE` (verifiable tasks), or any that `tutelage.judges.load` knows."""
    kind, _, argument = spec.partition(":")
    return by_tasks(read(Path(argument))) if kind == "task" and argument else judges.load(spec)


def by_tasks(tasks: Sequence[Task]) -> Judge:
    """Prefers the answer with the higher grade; a prompt without a task is `Unscored("no_reference")`."""
    known = {text_of(t.prompt): t for t in tasks}

    def score(prompt: Messages, answer: Messages) -> float | Unscored:
        task = known.get(text_of(prompt))
        if task is None:
            return Unscored("no_reference", "no task has this prompt")
        found = grade(task, text_of(answer))
        return found.value if isinstance(found, Scored) else found

    return ScoreJudge(
        AiJudge(id="rule:grader", model="rule:grader", family="rule"),
        lambda prompts, answers: [score(p, a) for p, a in zip(prompts, answers, strict=True)],
    )
