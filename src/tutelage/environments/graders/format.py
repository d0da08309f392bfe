"""Instructions about form, checked one by one: see `checks.CHECKS` for the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tutelage.environments.graders.checks import CHECKS
from tutelage.environments.graders.protocol import Prompt, without_echo
from tutelage.errors import BadInput, Where
from tutelage.records import Grade, Scored


@dataclass(frozen=True, slots=True)
class Format:
    """Right when the answer, less any repetition of the question, keeps every instruction.

    checks   each {"check": name, …its arguments}, for example {"check": "bullets", "n": 3}
    partial  whether an answer is worth the share of instructions it keeps, instead of all or nothing
    An answer without words keeps no instruction, whatever is asked of it.
    """

    checks: tuple[Mapping[str, Any], ...]
    partial: bool = False

    def __post_init__(self) -> None:
        if not self.checks:
            raise ValueError("a format task has one check or more")
        for i, check in enumerate(self.checks):
            _run(check, "Some text.", f"checks[{i}]")

    def grade(self, prompt: Prompt, answer: str, reference: str | None) -> Grade:  # noqa: ARG002  the protocol has it
        """1, 0 or (partial) the share of checks kept; the evidence names each check."""
        text = without_echo(prompt, answer).strip()
        if not any(c.isalnum() for c in text):
            return Scored(0.0, {"why": "no words"})
        kept = [_run(check, text, f"checks[{i}]") for i, check in enumerate(self.checks)]
        evidence = {"kept": [str(c["check"]) for c, ok in zip(self.checks, kept, strict=True) if ok]}
        evidence["broken"] = [str(c["check"]) for c, ok in zip(self.checks, kept, strict=True) if not ok]
        return Scored(sum(kept) / len(kept) if self.partial else float(all(kept)), evidence)


def _run(check: Mapping[str, Any], text: str, field: str) -> bool:
    name = str(check.get("check", ""))
    if name not in CHECKS:
        raise BadInput(
            f"There is no check {name!r}.",
            expected="one of " + ", ".join(CHECKS),
            remedy="Name one of them.",
            where=Where(field=field),
        )
    arguments = {k: v for k, v in check.items() if k != "check"}
    try:
        return CHECKS[name](text, **arguments)
    except TypeError as error:
        raise BadInput(
            f"The check {name!r} was given {arguments}: {error}.",
            expected=(CHECKS[name].__doc__ or "").splitlines()[0],
            remedy="Correct its arguments.",
            where=Where(field=field),
        ) from None
