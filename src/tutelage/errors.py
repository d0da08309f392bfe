"""Every exception Tutelage raises. Each says what was seen, what was expected, and what to do.

The class decides the exit code of the command line; the fields become one JSON object under `--json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

DONE, INTERNAL, BAD_INPUT, FAILED, NOT_ENOUGH, WAITING, MISSING, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130


@dataclass(frozen=True)
class Where:
    """A place in somebody's file: any part may be unknown. `line` counts from 1; `field` is a dotted path."""

    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
        if self.field:
            place += f" field `{self.field}`" if place else f"field `{self.field}`"
        return place


class TutelageError(Exception):
    """Base of all our errors.

    seen      what was found
    expected  what would have been right
    remedy    what to do now
    where     the place in the user's own file, if there is one
    """

    exit_code: ClassVar[int] = INTERNAL

    def __init__(self, seen: str, *, expected: str, remedy: str, where: Where | None = None) -> None:
        self.seen, self.expected, self.remedy, self.where = seen, expected, remedy, where or Where()
        super().__init__(str(self))

    def __str__(self) -> str:
        place = str(self.where)
        lead = f"{place}: " if place else ""
        return f"{lead}{self.seen} Expected {self.expected}. {self.remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.seen, self.expected, self.remedy, self.where)

    def at(self, *, file: str | Path | None = None, line: int | None = None, field: str | None = None) -> TutelageError:
        """The same error, with the place filled in where it was still unknown (inner fields are appended)."""
        inner = self.where.field
        path = f"{field}.{inner}" if field and inner and not inner.startswith("[") else (field or "") + (inner or "")
        where = Where(
            file=self.where.file or (str(file) if file is not None else None),
            line=self.where.line if self.where.line is not None else line,
            field=path or None,
        )
        return _rebuild(type(self), self.seen, self.expected, self.remedy, where)

    def to_json(self) -> dict[str, object]:
        """The error as `--json` prints it on stderr."""
        return {
            "error": type(self).__name__,
            "seen": self.seen,
            "expected": self.expected,
            "remedy": self.remedy,
            "file": self.where.file,
            "line": self.where.line,
            "field": self.where.field,
            "exit_code": self.exit_code,
        }


def _rebuild(cls: type[TutelageError], seen: str, expected: str, remedy: str, where: Where) -> TutelageError:
    return cls(seen, expected=expected, remedy=remedy, where=where)


class BadInput(TutelageError):
    """The user's file, option or value cannot be used as it is. Nothing was written."""

    exit_code = BAD_INPUT


class Failed(TutelageError):
    """A check ran and its answer is no: a gate failed, a release did not verify."""

    exit_code = FAILED


class Insufficient(TutelageError):
    """A check could not be decided: more evidence is needed."""

    exit_code = NOT_ENOUGH


class WaitingForPeople(TutelageError):
    """The run has asked people and stored its request; run it again when they have answered."""

    exit_code = WAITING


class MissingExtra(TutelageError):
    """An optional part (a Python extra, a system program, model weights) is not installed."""

    exit_code = MISSING


class DidNotConverge(TutelageError):
    """An iterative method stopped before its answer could be believed."""


class StoreDamaged(TutelageError):
    """Stored bytes do not match their digest."""
