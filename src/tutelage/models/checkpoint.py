"""A trained model on disk: what it is, what it stands on, whose judgments are in it. Readable without torch.

checkpoint.json       what this is; its hash is the model's identity
adapter.safetensors   what was trained on a base (or `model.safetensors`: full weights)
parent-0.safetensors  adapters of earlier stages, merged first
head.safetensors      a reward model's last layer
contributions.jsonl   {"id", "stage"}: every judgment or artefact in it, earlier stages included
log.jsonl, run.json   the course of training and its seconds: kept, not hashed
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tutelage.errors import BadInput, StoreDamaged, Where
from tutelage.records import decode, encode, jsonl
from tutelage.store import canonical, digest, digest_file

FILE = "checkpoint.json"


@dataclass(frozen=True, slots=True)
class Adapter:
    """One stage's low-rank update: its file, its size, the digest of its bytes."""

    file: str
    rank: int
    alpha: float
    digest: str


@dataclass(frozen=True, slots=True)
class Parent:
    """An earlier stage: its checkpoint's digest and method."""

    digest: str
    method: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """One human (or simulated, or AI) piece of work in a model, and the stage that used it."""

    id: str
    stage: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What `checkpoint.json` holds.

    base           `local:NAME` of a packaged model, or `local:DIR`; the spec is a place, `base_digest` the identity
    adapters       in the order they are merged; the last is this stage's
    weights        digest of `model.safetensors` where the weights were trained in full
    head           digest of `head.safetensors`; `offset` is subtracted so that rewards have mean zero on the rows
    """

    base: str
    base_digest: str
    method: str
    config: Mapping[str, Any]
    dtype: str
    code_version: str
    data_digest: str
    contributions: str
    adapters: tuple[Adapter, ...] = ()
    weights: str | None = None
    head: str | None = None
    offset: float = 0.0
    parents: tuple[Parent, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    schema: Literal["checkpoint/1"] = "checkpoint/1"

    @property
    def digest(self) -> str:
        """`sha256:…` of the model: of everything here except the place of its base."""
        return digest({k: v for k, v in encode(self).items() if k != "base"})


def is_checkpoint(directory: Path) -> bool:
    """Whether a directory holds a checkpoint of ours."""
    return (directory / FILE).is_file()


def read(directory: Path) -> Checkpoint:
    """The checkpoint of a directory. Raises BadInput, naming file and field."""
    place = directory / FILE
    if not place.is_file():
        raise BadInput(
            "This directory holds no checkpoint.",
            expected=f"a {FILE}",
            remedy="Name a directory that `tutelage train` wrote.",
            where=Where(str(directory)),
        )
    try:
        found: Checkpoint = decode(Checkpoint, jsonl.parse(place.read_bytes(), place))
    except BadInput as error:
        raise error.at(file=place) from None
    return found


def write(directory: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint.json` into a directory that is not yet published."""
    (directory / FILE).write_bytes(canonical(checkpoint) + b"\n")


def contributions(directory: Path) -> list[Contribution]:
    """Every piece of work in a checkpoint, earlier stages first."""
    return list(jsonl.read(directory / "contributions.jsonl", Contribution))


def write_contributions(directory: Path, earlier: Iterable[Contribution], ids: Iterable[str], stage: str) -> str:
    """Write `contributions.jsonl`; returns its digest. Ids are sorted, each named once per stage."""
    place = directory / "contributions.jsonl"
    jsonl.write(place, [*earlier, *(Contribution(i, stage) for i in sorted(set(ids)))])
    return digest_file(place)


def verify(directory: Path, checkpoint: Checkpoint) -> None:
    """Compare every file with its digest. Raises StoreDamaged naming the file."""
    claims = {a.file: a.digest for a in checkpoint.adapters} | {"contributions.jsonl": checkpoint.contributions}
    claims |= {"model.safetensors": checkpoint.weights} if checkpoint.weights else {}
    claims |= {"head.safetensors": checkpoint.head} if checkpoint.head else {}
    for name, claimed in claims.items():
        place = directory / name
        seen = digest_file(place) if place.is_file() else "absent"
        if seen != claimed:
            raise StoreDamaged(
                f"{name} is {seen}.",
                expected=claimed,
                remedy="Copy the checkpoint again or train it again.",
                where=Where(str(place)),
            )


def log(directory: Path) -> list[dict[str, Any]]:
    """The metrics of every step."""
    place = directory / "log.jsonl"
    return [json.loads(line) for line in place.read_text().splitlines()] if place.is_file() else []
