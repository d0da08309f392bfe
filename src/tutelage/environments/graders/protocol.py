"""What a grader and a verifiable task are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tutelage.records import Grade, Message, text_of

Prompt = tuple[Message, ...]


class Grader(Protocol):
    """A rule that says what an answer is worth."""

    def grade(self, prompt: Prompt, answer: str, reference: str | None) -> Grade:
        """`Scored` in [0, 1], or `Unscored` where no finding is possible."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """A prompt whose answer a rule can check.

    grader, parameters  see `tutelage.environments.graders.build`
    reference           the right answer, where the grader needs one
    group               tasks of one group are not independent of one another; None means the task itself
    """

    prompt: tuple[Message, ...]
    grader: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    group: str | None = None
    schema: Literal["task/1"] = "task/1"

    def __post_init__(self) -> None:
        if not self.prompt:
            raise ValueError("a task asks something: its prompt has no message")


def without_echo(prompt: Prompt, answer: str) -> str:
    """The answer, less the words of the question where it repeats them: a question is no answer to itself."""
    question = " ".join(text_of(prompt[-1:]).split())
    said = " ".join(answer.split())
    if not question or question not in said:
        return answer
    return answer.replace(prompt[-1].text, "") if prompt[-1].text in answer else said.replace(question, "")
