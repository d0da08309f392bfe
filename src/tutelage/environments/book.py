"""The book of grades: every finding on one line, and no answer graded twice."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tutelage.environments.graders import Task, grade_all
from tutelage.environments.sandbox import NO_SANDBOX
from tutelage.errors import BadInput
from tutelage.records import Grade, Scored, decode, jsonl
from tutelage.store import digest, digest_file


@dataclass(frozen=True, slots=True)
class Graded:
    """One finding. `task`, `answer`: digests; `rules`: digest of the graders' own source, whose change grades anew."""

    task: str
    answer: str
    rules: str
    grade: Grade
    schema: Literal["graded/1"] = "graded/1"

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two gradings the same."""
        return self.task, self.answer, self.rules


class Book:
    """Grades kept in a JSONL file that only grows; `Unscored` is written down and tried again the next time, but where
    there is no sandbox nothing was found, and nothing is written.

    Not for two processes at once: they would both grade what neither has read.
    """

    def __init__(self, path: Path) -> None:
        """Open a book, or begin one. A last line cut short by a stop is left out. Raises BadInput for other damage."""
        self.path, self._known = path, dict[tuple[str, str, str], Scored]()
        if not path.exists():
            return
        raw = path.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) < len(raw):
            path.write_bytes(whole)
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                row: Graded = decode(Graded, jsonl.parse(line, path, number))
            except BadInput as error:
                raise error.at(file=path, line=number) from None
            if isinstance(row.grade, Scored):
                self._known[row.key] = row.grade

    def grade_all(self, tasks: Sequence[Task], answers: Sequence[str]) -> list[Grade]:
        """As `graders.grade_all`, but for what the book already knows; the rest is written before this returns."""
        distinct = {id(t): t for t in tasks}  # the answers of a group share their task: it is hashed once
        names = {at: digest(task) for at, task in distinct.items()}
        said = ["sha256:" + hashlib.sha256(a.encode(errors="surrogatepass")).hexdigest() for a in answers]
        keys = [(names[id(t)], a, rules()) for t, a in zip(tasks, said, strict=True)]
        new = {key: i for i, key in enumerate(keys) if key not in self._known}
        found = grade_all([tasks[i] for i in new.values()], [answers[i] for i in new.values()])
        graded = dict(zip(new, found, strict=True))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as out:
            found_any = {k: g for k, g in graded.items() if isinstance(g, Scored) or g.reason != NO_SANDBOX}
            out.write(b"".join(jsonl.dumps(Graded(*key, g)).encode() + b"\n" for key, g in found_any.items()))
        self._known |= {key: g for key, g in graded.items() if isinstance(g, Scored)}
        return [self._known[key] if key in self._known else graded[key] for key in keys]


@functools.cache
def rules() -> str:
    """Digest of everything that decides a grade: the sources of this room."""
    here = Path(__file__).parent
    return digest([[p.relative_to(here).as_posix(), digest_file(p)] for p in sorted(here.rglob("*.py"))])
