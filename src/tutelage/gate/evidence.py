"""What is known about a checkpoint: figures, findings on capabilities, signatures. Each is bound to one model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from tutelage.errors import BadInput, TutelageError, Where
from tutelage.records import Estimate, Rate, Undefined, decode, encode, jsonl

Level = Literal["none", "High", "Critical"]


@dataclass(frozen=True, slots=True)
class Capability:
    """What was found in one domain of dangerous capability, and what the finding rests on."""

    level: Level
    basis: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a gate looks at.

    model         digest of the checkpoint that it is about
    figures       by name; a missing one and an Undefined one are the same: nothing is known
    capabilities  domain -> finding
    held_out      whether the figures were measured on prompts that no stage of training has seen
    alarms        what sounded while it was trained; with one a gate cannot pass, only fail or find too little
    """

    model: str
    at: datetime
    figures: Mapping[str, Estimate | Rate | Undefined] = field(default_factory=dict)
    capabilities: Mapping[str, Capability] = field(default_factory=dict)
    held_out: bool = True
    notes: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    schema: Literal["evidence/1"] = "evidence/1"


@dataclass(frozen=True, slots=True)
class Signature:
    """A named person's word about one model.

    role, team  as the criteria name them; team "model" is those who made it
    approves    False is dissent: recorded, whatever is decided
    domains     the High capabilities it accepts; a signature that names none accepts none
    Who really signed is for `tutelage.provenance` to prove; here it is taken as stated.
    """

    person: str
    role: str
    team: str
    model: str
    approves: bool
    statement: str
    at: datetime
    expires: datetime
    domains: tuple[str, ...] = ()
    schema: Literal["signature/1"] = "signature/1"


def read(path: Path) -> Evidence:
    """The evidence of a JSON file. Raises BadInput with file and field."""
    _must_exist(path)
    try:
        found: Evidence = decode(Evidence, jsonl.parse(path.read_bytes(), path))
    except TutelageError as error:
        raise error.at(file=path) from None
    return found


def write(path: Path, evidence: Evidence) -> None:
    """Write evidence as JSON that `read` reads."""
    path.write_text(json.dumps(encode(evidence), indent=1, sort_keys=True, allow_nan=False) + "\n", encoding="utf-8")


def read_signatures(path: Path) -> list[Signature]:
    """The signatures of a JSONL file. Raises BadInput with file, line and field."""
    return list(jsonl.read(path, Signature))


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise BadInput(
            "There is no such file.",
            expected="evidence as JSON",
            remedy="Check the path, or let the gate sample: leave --evidence out.",
            where=Where(str(path)),
        )
