"""Where a row comes from: a person, or a model and whoever verified what it wrote.

`origins.jsonl` lies beside `train.jsonl` and names each row by its digest, so that no order can mix them up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from tutelage.errors import BadInput, Where
from tutelage.records import Grade, RankedRow, Row, Scored, Unscored, jsonl
from tutelage.store import digest

FILE = "origins.jsonl"


@dataclass(frozen=True, slots=True)
class Human:
    """A person wrote the answer, or chose it among answers."""

    type: Literal["human"] = "human"


@dataclass(frozen=True, slots=True)
class Sampled:
    """A model wrote the answer.

    model        digest of the checkpoint that wrote it
    generation   1 for a model trained on people alone; one more than the newest model's text it was trained on
    proposed     the model wrote the question as well
    verified_by  who found the answer right: the name of a grader, an environment or a person; None where nobody did
    """

    model: str
    generation: int
    proposed: bool = False
    verified_by: str | None = None
    type: Literal["sampled"] = "sampled"


Origin = Human | Sampled


@dataclass(frozen=True, slots=True)
class Sourced:
    """A row and where it comes from."""

    row: Row
    origin: Origin


@dataclass(frozen=True, slots=True)
class _Line:
    row: str
    origin: Origin


class Verifier(Protocol):
    """Somebody or something that finds out whether an answer is right."""

    @property
    def name(self) -> str:
        """What stands in `verified_by`."""
        ...

    def grades(self, rows: Sequence[Row]) -> Sequence[Grade]:
        """The finding about each row's answer."""
        ...


class Verified(NamedTuple):
    """What a verifier made of rows: `unscored` is neither right nor wrong, and does not pass."""

    passed: list[Sourced]
    failed: list[Sourced]
    unscored: list[tuple[Sourced, Unscored]]


def verify(rows: Sequence[Sourced], verifier: Verifier, *, least: float = 1.0) -> Verified:
    """Sort sampled rows by a verifier's finding; those of value `least` or more carry its name from now on.

    Rows of people pass as they are: a verifier is a check on models.
    """
    asked = [r for r in rows if isinstance(r.origin, Sampled)]
    found = Verified([r for r in rows if isinstance(r.origin, Human)], [], [])
    for sourced, grade in zip(asked, verifier.grades([r.row for r in asked]), strict=True):
        if isinstance(grade, Unscored):
            found.unscored.append((sourced, grade))
        else:
            _sort(sourced, grade, verifier.name, least, found)
    return found


def _sort(sourced: Sourced, grade: Scored, name: str, least: float, into: Verified) -> None:
    if grade.value < least or not isinstance(sourced.origin, Sampled):
        into.failed.append(sourced)
    else:
        into.passed.append(replace(sourced, origin=replace(sourced.origin, verified_by=name)))


def distinct(rows: Sequence[Sourced]) -> list[Sourced]:
    """The first of rows that say the same to the same prompt; models repeat what is common, and verifiers let them."""
    first: dict[str, Sourced] = {}
    for sourced in rows:
        first.setdefault(digest([sourced.row.prompt, _said(sourced.row)]), sourced)
    return list(first.values())


def _said(row: Row) -> object:
    return row.responses if isinstance(row, RankedRow) else row.response


def write(directory: Path, rows: Sequence[Sourced]) -> Path:
    """Write `train.jsonl` and `origins.jsonl`; returns the directory. Raises BadInput where one row has two origins."""
    by_digest: dict[str, Origin] = {}
    for sourced in rows:
        key = digest(sourced.row)
        if by_digest.setdefault(key, sourced.origin) != sourced.origin:
            raise BadInput(
                f"The row {key} has two origins: {by_digest[key]} and {sourced.origin}.",
                expected="one origin a row",
                remedy="Deduplicate first, and keep the person's.",
            )
    directory.mkdir(parents=True, exist_ok=True)
    jsonl.write(directory / FILE, [_Line(key, origin) for key, origin in by_digest.items()])
    jsonl.write(directory / "train.jsonl", [r.row for r in rows])
    return directory


def read(directory: Path, rows: Sequence[Row] | None = None) -> list[Sourced]:
    """The rows of a directory with their origins. Raises BadInput for a row whose origin nobody states.

    rows  of `train.jsonl`, where they have been read already
    """
    known: dict[str, Origin] = dict(_lines(directory))
    given: Sequence[Row] = list(jsonl.read(directory / "train.jsonl", Row)) if rows is None else rows
    out = []
    for number, row in enumerate(given, 1):
        key = digest(row)
        if key not in known:
            raise BadInput(
                f"The row {key} is not in {FILE}.",
                expected="an origin for every row",
                remedy="Write rows and origins together, with `tutelage.curation.write`.",
                where=Where(str(directory / "train.jsonl"), number),
            )
        out.append(Sourced(row, known[key]))
    return out


def _lines(directory: Path) -> Iterator[tuple[str, Origin]]:
    line: _Line
    for line in jsonl.read(directory / FILE, _Line):
        yield line.row, line.origin
