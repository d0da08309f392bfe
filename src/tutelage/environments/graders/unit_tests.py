"""Code answers (Python), graded by what they do in a sandbox. The verdict is computed outside the answer's box.

A program is run on inputs, and its outputs are compared out here. A function is examined: the test runs in a second
box, where the names it asks for stand for the answer's; each use of one is a question to the answer's box, and the
reply is plain data. No test and no expected value ever enters the box of the answer, so there is nothing in it to
patch, to read or to forge.
"""

from __future__ import annotations

import ast
import builtins
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from tutelage.environments import sandbox
from tutelage.environments.graders.examination import Finding, examine
from tutelage.environments.graders.protocol import Prompt
from tutelage.environments.sandbox import Limits, Ran, lent
from tutelage.records import Grade, Scored, Unscored

_FENCE = re.compile(r"^[ \t]*```[ \t]*(\w*)[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
_SAID = 200  # characters of an output that evidence shows


@dataclass(frozen=True, slots=True)
class Case:
    """What a program is given on its standard input, and what it must write."""

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class UnitTests:
    """Right when the answer's code passes every case and every test, each in a process of its own.

    cases    inputs and outputs of a program; `compare` "lines" forgives blanks at the ends of lines and of the text
    tests    Python that asserts, for example "assert add(2, 2) == 4"; it passes by reaching its end. Names that it
             neither defines nor imports are the answer's. Arguments and results are plain data (None, numbers, text,
             bytes, lists, tuples, dicts, sets); other objects stay with the answer and can be called and looked into,
             and are equal to nothing but themselves
    setup    Python run before each test, beside the test and not beside the answer
    tmp_mb   size of a /tmp for each run, a fresh one; by default there is no file to write to, and grading is faster
    partial  whether an answer is worth the share of cases and tests it passes, instead of all or nothing
    An answer is the longest code block of the text, or all of it where there is none. Out of CPU time, memory or
    output is a failure; a wall clock that runs out while the program waits is `Unscored("timeout")`.
    """

    parallel: ClassVar[bool] = True

    cases: tuple[Case, ...] = ()
    tests: tuple[str, ...] = ()
    setup: str = ""
    compare: Literal["lines", "exact"] = "lines"
    partial: bool = False
    cpu_s: int = 2
    wall_s: float = 20.0
    memory_mb: int = 256
    tmp_mb: int = 0

    def __post_init__(self) -> None:
        if not self.cases and not self.tests:
            raise ValueError("a unit_tests task has one case or one test, or more")
        for test in self.tests:
            try:
                asked_of_answer(self.setup + "\n" + test)
            except SyntaxError as error:
                raise ValueError(f"the test {test[:60]!r} is not Python: {error.msg}") from None
        self._limits()

    def grade(self, prompt: Prompt, answer: str, reference: str | None) -> Grade:  # noqa: ARG002  the protocol has it
        """1, 0 or (partial) the share passed; the evidence says how the first failure came about."""
        if (missing := sandbox.absent()) is not None:
            return missing
        code = code_of(answer)
        if not code.strip():
            return Scored(0.0, {"why": "no code"})
        passed, failures = 0, []
        for finding in self._findings(code):
            if isinstance(finding, Unscored):
                return finding
            passed += finding == ""
            failures += [finding] if finding else []
            if failures and not self.partial:
                break
        of = len(self.cases) + len(self.tests)
        value = passed / of if self.partial else float(passed == of)
        return Scored(value, {"passed": passed, "of": of} | ({"why": failures[0]} if failures else {}))

    def _findings(self, code: str) -> Iterator[Finding]:
        """Case by case and test by test: "" for passed, why not, or why that cannot be known."""
        limits = self._limits()
        for number, case in enumerate(self.cases, 1):
            with lent(limits, "answer") as box:
                ran = box.run(code, case.input.encode())
            yield self._judged(ran, case, number)
        for number, test in enumerate(self.tests, 1):
            source = self.setup + "\n" + test
            found = examine(code, source, asked_of_answer(source), limits)
            yield f"test {number}: {found}" if isinstance(found, str) and found else found

    def _judged(self, ran: Ran, case: Case, number: int) -> Finding:
        if ran.why == "timeout":
            return Unscored("timeout", f"case {number} was not done after {self.wall_s} s of waiting")
        why = ran.why or (trouble(ran, self.cpu_s) if ran.ended else "")
        if why:
            return f"case {number}: {why}"
        said = ran.output.decode(errors="replace")
        if self._form(said) == self._form(case.output):
            return ""
        return f"case {number}: wrote {said[:_SAID]!r}"

    def _form(self, text: str) -> str:
        if self.compare == "exact":
            return text
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    def _limits(self) -> Limits:
        return Limits(cpu_s=self.cpu_s, wall_s=self.wall_s, memory_mb=self.memory_mb, tmp_mb=self.tmp_mb)


def trouble(ran: Ran, cpu_s: int) -> str:
    """Why a run did not end well; "" where it did."""
    status, used = ran.ended or (0, 0.0)
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        return f"used up {cpu_s} s of CPU time" if used > cpu_s - 0.2 else f"was killed by {name}"
    if status > 0:
        said = ran.errors.decode(errors="replace").strip().splitlines()
        return f"ended with status {status}" + (f": {said[-1][:_SAID]}" if said else "")
    return ""


def code_of(answer: str) -> str:
    """The code of an answer: its longest fenced block in Python or no stated language; without fences, all of it."""
    blocks = [m for m in _FENCE.finditer(answer) if m[1].lower() in ("", "python", "py", "python3")]
    if not blocks:
        return "" if _FENCE.search(answer) else answer
    return str(max(blocks, key=lambda m: len(m[2]))[2])


def asked_of_answer(test: str) -> list[str]:
    """The names that a test uses and neither makes, imports nor finds among the builtins. Raises SyntaxError."""
    used, own = set(), set(dir(builtins))
    for node in ast.walk(ast.parse(test)):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                used.add(name)
            case ast.Name(id=name):
                own.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                own.add(name)
            case ast.ExceptHandler(name=str(name)):
                own.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                own.update((a.asname or a.name).split(".")[0] for a in names)
    return sorted(used - own)
