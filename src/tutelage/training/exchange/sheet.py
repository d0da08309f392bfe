"""What an export says of itself (`tutelage.json`), and what a trainer elsewhere says it did (`trained.json`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tutelage.errors import BadInput, Where
from tutelage.models.checkpoint import Contribution
from tutelage.records import decode, jsonl
from tutelage.store import digest_file

SHEET, TRAINED, RECIPE = "tutelage.json", "trained.json", "recipe.json"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the exported data: its digest, and whose work is in it."""

    digest: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What `tutelage.json` holds: enough to say, of weights that come back, what they stand on and whose work is in.

    base, base_digest    the untrained weights, as in a checkpoint
    parent               digest of the checkpoint that was trained on, where there is one
    weights              digest of the `model.safetensors` that the engine is given: the base with its parents merged
    files                digests of data and recipe; `lines[i]` is row i of the data
    work                 digest of the list of contributions beside this, None where their judgments are not at hand
    reward, reward_work  the SPEC that answers were rewarded by, and the work behind it
    """

    engine: str
    method: str
    base: str
    base_digest: str
    weights: str
    dataset: str
    dataset_digest: str
    rows_digest: str
    config: Mapping[str, Any]
    files: Mapping[str, str]
    lines: tuple[Line, ...]
    parent: str | None = None
    work: str | None = None
    reward: str | None = None
    reward_digest: str | None = None
    reward_work: tuple[Contribution, ...] = ()
    schema: Literal["training-export/1"] = "training-export/1"


@dataclass(frozen=True, slots=True)
class Trained:
    """What the recipe writes beside the weights it made.

    sheet, base, files  digests of what it read: the export's `tutelage.json`, the base's weights, the data
    rows                places of the rows that entered a step; None is all of them
    """

    sheet: str
    base: str
    files: Mapping[str, str]
    rows: tuple[int, ...] | None = None
    steps: int | None = None
    dtype: Literal["float32", "bfloat16"] = "float32"
    versions: Mapping[str, str] = field(default_factory=dict)


def find(run: Path) -> Path:
    """The exported directory that RUN is, or the only one below it. Raises BadInput."""
    found = [run] if (run / SHEET).is_file() else sorted(p.parent for p in run.glob(f"*/{SHEET}"))
    if len(found) != 1:
        raise BadInput(
            f"{len(found)} exports are here." if found else f"There is no {SHEET} here.",
            expected="a directory that `tutelage export training` wrote, or a run that holds one",
            remedy="Name that directory with --from.",
            where=Where(str(run)),
        )
    return found[0]


def read(directory: Path) -> Sheet:
    """The sheet of an exported directory. Raises BadInput naming file and field."""
    made: Sheet = _record(directory / SHEET, Sheet)
    return made


def trained(directory: Path) -> Trained | None:
    """What the trainer left beside its weights, if it left anything. Raises BadInput naming file and field."""
    place = directory / TRAINED
    return _record(place, Trained) if place.is_file() else None


def same(place: Path, seen: str, expected: str, what: str, remedy: str) -> None:
    """Raise BadInput, naming the file, where two digests differ."""
    if seen != expected:
        raise BadInput(f"{what} is {seen}.", expected=expected, remedy=remedy, where=Where(str(place)))


def check_files(directory: Path, sheet: Sheet) -> None:
    """Raise BadInput, naming the file, where the export is no longer what it was."""
    for name, stated in sheet.files.items():
        place = directory / name
        seen = digest_file(place) if place.is_file() else "absent"
        same(place, seen, stated, "This file", "Export again: what was trained on is no longer known.")


def _record(place: Path, kind: Any) -> Any:
    try:
        return decode(kind, jsonl.parse(place.read_bytes(), place))
    except BadInput as error:
        raise error.at(file=place) from None
