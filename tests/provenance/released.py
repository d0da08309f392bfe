"""A small sealed release for tests, and its own verifier run outside our package."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tutelage.formats.corpus import Corpus, folded
from tutelage.provenance.release.project import Project
from tutelage.provenance.release.seal import seal
from tutelage.provenance.release.source import Source
from tutelage.provenance.verifier import script
from tutelage.records import Anonymous, Item, Judgment, Person, Response, Simulated, assistant, user

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def corpus(count: int = 12) -> Corpus:
    """`count` judgments on a third as many items, by two people, a simulation and somebody."""
    items = (count + 2) // 3
    names = ("ana", "bo", "sim", "anonymous:x")
    return Corpus(
        tuple(
            Item(f"i{n:03}", "comparison", user(f"Wie viel ist {n}?"), responses=(f"a{n:03}", f"b{n:03}"))
            for n in range(items)
        ),
        tuple(Response(f"{s}{n:03}", assistant(f"Für {s} {n} –"), author="ana") for n in range(items) for s in "ab"),
        tuple(
            Judgment(f"j{n:03}", f"i{n // 3:03}", names[n % 4], {"type": "prefer", "winner": "first"},
                     active_s=0.1 * n + 1e-7, at=NOW) for n in range(count)
        ),
        (Person("ana"), Person("bo"), Simulated("sim", "fair"), Anonymous("anonymous:x", "x")),
    )  # fmt: skip


def source(data: Corpus | None = None) -> Source:
    """As read from a directory."""
    found = data or corpus()
    return Source("small", found, tuple(sorted((v for _, v, _ in folded(found)), key=lambda v: v.item_id)))


def sealed(root: Path, name: str = "release", data: Corpus | None = None) -> Path:
    """Seal into `root/name` by the project in `root/project`; gives the release."""
    seal(source(data), Project("small", root / "project"), root / name, now=NOW, licence="CC0-1.0")
    return root / name


def verify(release: Path, key: Path, *more: str) -> tuple[int, str]:
    """(exit status, table) of a pristine verifier, in isolated mode: neither our package nor any other is seen."""
    own = release.parent / "pristine_verify.py"
    if not own.exists():
        own.write_bytes(script())
    argv = [sys.executable, "-I", "-S", "-W", "error", str(own), str(release), "--trust", str(key), *more]
    done = subprocess.run(argv, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, check=False)
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout


def rows(path: Path) -> list[bytes]:
    """The lines of a packed file."""
    return gzip.decompress(path.read_bytes()).split(b"\n")[:-1]


def rewrite(path: Path, lines: list[bytes]) -> None:
    """Write a packed file anew."""
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines), mtime=0))


def digest(path: Path) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
