"""What a checkpoint's directory says of itself, and the code that made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tutelage
from tutelage.errors import BadInput, Where
from tutelage.records import Json, jsonl
from tutelage.store import digest, digest_file
from tutelage.store.canonical import listing

GRAPH, WORK = "lineage.json", "lineage-work.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Sealed:
    """Something with a digest that a checkpoint rests on, with what is to be said about it."""

    label: str
    digest: str
    facts: Json = field(default_factory=dict)


def about_checkpoint(checkpoint: Path) -> dict[str, Any]:
    """What checkpoint.json says. Raises BadInput where there is none."""
    path = checkpoint / "checkpoint.json"
    if not path.is_file():
        raise BadInput(
            "There is no checkpoint.json here.",
            expected="the directory of a checkpoint",
            remedy="Check the path.",
            where=Where(str(checkpoint)),
        )
    about: dict[str, Any] = jsonl.parse(path.read_bytes(), path)
    return about


def contributions(checkpoint: Path) -> list[str]:
    """Ids of the judgments and artefacts a checkpoint learned from: the file its checkpoint.json names, an id a line.

    Raises BadInput where the checkpoint states none.
    """
    about = about_checkpoint(checkpoint)
    name = about.get("contributions")
    if not isinstance(name, str) or not (checkpoint / name).is_file():
        raise BadInput(
            "The checkpoint does not say from which contributions it learned.",
            expected="checkpoint.json naming a file of contribution ids",
            remedy="Train it again with `tutelage train`.",
            where=Where(str(checkpoint / "checkpoint.json"), field="contributions"),
        )
    return sorted({_id_in(value) for value in _lines(checkpoint / name)})


def checkpoint_digest(checkpoint: Path) -> str:
    """The digest of a checkpoint's files without the lineage beside them."""
    return digest([pair for pair in listing(checkpoint) if pair[0] not in (GRAPH, WORK)])


def code_version() -> Sealed:
    """Tutelage's version, and the digest of its source files: it tells apart two states of one version."""
    root = Path(tutelage.__file__).parent
    sources = [[p.relative_to(root).as_posix(), digest_file(p)] for p in sorted(root.rglob("*.py"))]
    return Sealed(f"tutelage {tutelage.__version__}", digest(sources))


def _lines(path: Path) -> Iterable[Any]:
    """The values of a file of ids: bare in a `.txt`, a list in a `.json`, else one JSON value a line."""
    if path.suffix == ".txt":
        return path.read_text().split()
    if path.suffix == ".json":
        return list(jsonl.parse(path.read_bytes(), path))
    return (value for _, value in jsonl.objects(path))


def _id_in(value: Any) -> str:
    return str(value["id"]) if isinstance(value, Mapping) else str(value)
