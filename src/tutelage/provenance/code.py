"""Which code made something."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import tutelage
from tutelage.records import Json
from tutelage.store import digest, digest_file


@dataclass(frozen=True, slots=True)
class Sealed:
    """Something with a digest that a checkpoint rests on, with what is to be said about it."""

    label: str
    digest: str
    facts: Json = field(default_factory=dict)


def code_version() -> Sealed:
    """Tutelage's version, and the digest of its source files: it tells apart two states of one version."""
    root = Path(tutelage.__file__).parent
    sources = [[p.relative_to(root).as_posix(), digest_file(p)] for p in sorted(root.rglob("*.py"))]
    return Sealed(f"tutelage {tutelage.__version__}", digest(sources))
