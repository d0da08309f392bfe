"""The store on this machine's disk: `$TUTELAGE_HOME/store`.

objects/ab/ab12…     an artefact: a file, or a directory whose digest is that of its listing
listings/ab12….json  the listing of a directory: it hashes to the digest itself, so it needs no other proof
pins/….json          who keeps what
tmp/                 copies under way
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tutelage.errors import BadInput, StoreDamaged, Where
from tutelage.records import decode
from tutelage.store import files
from tutelage.store.canonical import canonical, digest_file, listing

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """Who keeps which artefacts; it lapses when `while_exists` (a path) is gone."""

    owner: str
    digests: tuple[str, ...]
    while_exists: str | None = None
    schema: str = "pin/1"

    def holds(self) -> bool:
        """Whether the pin still counts."""
        return self.while_exists is None or Path(self.while_exists).exists()


@dataclass(frozen=True)
class Usage:
    """What the store holds, in bytes; `kept_bytes` is what pins hold."""

    artefacts: int
    bytes: int
    kept_artefacts: int
    kept_bytes: int


@dataclass(frozen=True)
class Swept:
    """What a collection removed."""

    digests: tuple[str, ...]
    bytes: int


class Store(Protocol):
    """Content-addressed artefacts. A digest names the bytes, so a stored artefact never changes."""

    def put(self, source: Path, *, move: bool = False) -> str:
        """Store a file or directory; returns its digest. With `move` the source is taken, not copied."""
        ...

    def has(self, digest: str) -> bool:
        """Whether an artefact is here."""
        ...

    def path(self, digest: str) -> Path:
        """Where an artefact lies, to be read. Raises BadInput where the store has none of that digest."""
        ...

    def verify(self, digest: str) -> None:
        """Raise StoreDamaged, naming the file, unless every byte is as it was stored."""
        ...

    def keep(self, owner: str, digests: Collection[str], *, while_exists: Path | None = None) -> None:
        """Pin artefacts for an owner (replacing what it pinned before); an empty collection lets go."""
        ...

    def in_use(self) -> contextlib.AbstractContextManager[None]:
        """Hold off collection while artefacts are being made or read."""
        ...

    def tidy(self) -> None:
        """Remove what killed processes left half done."""
        ...


class LocalStore:
    """A `Store` in a directory. Safe with any number of processes, and after kill -9 at any moment."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else files.home() / "store"

    def put(self, source: Path, *, move: bool = False) -> str:
        """Store a file or directory; returns its digest. Links inside it are refused (BadInput).

        move  take the source itself (it must lie on the store's disk): one rename, so it is stored or untouched
        """
        with files.writing(self.root), self.in_use():
            staged = source if move else self._copy(source)
            try:
                name = self._address(staged)
                files.seal(staged)
                self._place(staged, name)
            finally:
                if not move:
                    files.remove(staged)
        return name

    def has(self, digest: str) -> bool:
        """Whether an artefact is here."""
        return self._object(digest).exists()

    def path(self, digest: str) -> Path:
        """Where an artefact lies, to be read. Raises BadInput where the store has none of that digest."""
        found = self._object(digest)
        if not found.exists():
            raise BadInput(
                f"The store at {self.root} has no {digest}.",
                expected="an artefact that was stored and not collected",
                remedy="Run the recipe that makes it again.",
            )
        return found

    def verify(self, digest: str) -> None:
        """Raise StoreDamaged, naming the first file at fault, unless every byte is as it was stored."""
        stored = self.path(digest)
        if stored.is_file():
            if digest_file(stored) != digest:
                raise _damaged(stored, "The bytes do not match the digest.")
            return
        expected = dict(self._listing(digest))
        found = dict(listing(stored))
        for name in sorted(expected.keys() | found.keys()):
            if name not in found:
                raise _damaged(stored / name, "The file is missing.")
            if name not in expected:
                raise _damaged(stored / name, "The file was not in the artefact when it was stored.")
            if found[name] != expected[name]:
                raise _damaged(stored / name, "The bytes do not match the digest.")

    def keep(self, owner: str, digests: Collection[str], *, while_exists: Path | None = None) -> None:
        """Pin artefacts for an owner, replacing what it pinned before; an empty collection lets go.

        while_exists  the pin lapses when this path is gone: a run's artefacts go with the run's directory
        """
        path = self.root / "pins" / f"{hashlib.sha256(owner.encode()).hexdigest()[:32]}.json"
        if not digests:
            path.unlink(missing_ok=True)
            return
        there = str(while_exists.absolute()) if while_exists else None
        with files.writing(self.root):
            files.write_json(path, Pin(owner, tuple(sorted(set(digests))), there))

    def pins(self) -> list[Pin]:
        """Every pin, lapsed ones included."""
        return [decode(Pin, json.loads(p.read_bytes())) for p in sorted((self.root / "pins").glob("*.json"))]

    def digests(self) -> list[str]:
        """Every artefact here."""
        return sorted(f"sha256:{p.name}" for p in (self.root / "objects").glob("??/*"))

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Hold off collection while artefacts are being made or read."""
        with files.locked(self.root / "lock", shared=True):
            yield

    def tidy(self) -> None:
        """Remove what killed processes left half done."""
        for name in ("tmp", "listings", "pins"):
            files.tidy(self.root / name)

    def gc(self, keep: Collection[str] = (), *, dry_run: bool = False) -> Swept:
        """Remove every artefact that neither a living pin nor `keep` holds. Raises BadInput while a run is going on."""
        with files.writing(self.root), files.locked(self.root / "lock", wait=False) as alone:
            if not alone:
                raise BadInput(
                    "A run is using the store.",
                    expected="nobody reading or writing artefacts during a clean-up",
                    remedy="Wait for the run to end, then try again.",
                    where=Where(str(self.root)),
                )
            kept = set(keep) | self._pinned()
            gone = [d for d in self.digests() if d not in kept]
            freed = sum(files.size(self._object(d)) for d in gone)
            if not dry_run:
                self._sweep(gone)
            return Swept(tuple(gone), freed)

    def du(self) -> Usage:
        """How much the store holds, and how much of it is kept by pins."""
        held = self._pinned()
        sizes = {d: files.size(self._object(d)) for d in self.digests()}
        kept = [d for d in sizes if d in held]
        return Usage(len(sizes), sum(sizes.values()), len(kept), sum(sizes[d] for d in kept))

    def _object(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise BadInput(f"Saw the digest {digest!r}.", expected="sha256:<64 hex digits>", remedy="Copy it whole.")
        name = digest.removeprefix("sha256:")
        return self.root / "objects" / name[:2] / name

    def _listing_file(self, digest: str) -> Path:
        return self.root / "listings" / f"{digest.removeprefix('sha256:')}.json"

    def _listing(self, digest: str) -> list[tuple[str, str]]:
        path = self._listing_file(digest)
        raw = path.read_bytes() if path.is_file() else b""
        if "sha256:" + hashlib.sha256(raw).hexdigest() != digest:
            raise _damaged(path, "The listing of the artefact is not the one its digest names.")
        return [(name, file) for name, file in json.loads(raw)]

    def _copy(self, source: Path) -> Path:
        staged = self.root / "tmp" / f".copy.{secrets.token_hex(8)}.{os.getpid()}.tmp"
        staged.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, staged, symlinks=True)
        else:
            shutil.copyfile(source, staged)
        return staged

    def _address(self, staged: Path) -> str:
        """The digest of what is about to be stored; a directory's listing is written first, so none lacks one."""
        if staged.is_file():
            return digest_file(staged)
        raw = canonical(listing(staged))
        name = "sha256:" + hashlib.sha256(raw).hexdigest()
        path = self._listing_file(name)
        if not path.is_file() or path.read_bytes() != raw:
            files.write_whole(path, raw)
        return name

    def _place(self, staged: Path, digest: str) -> None:
        final = self._object(digest)
        final.parent.mkdir(parents=True, exist_ok=True)
        while not _renamed(staged, final):
            if self._sound(digest):
                files.remove(staged)
                return
            self._set_aside(final)
        files.sync_directory(final.parent)

    def _sound(self, digest: str) -> bool:
        try:
            self.verify(digest)
        except StoreDamaged:
            return False
        return True

    def _set_aside(self, damaged: Path) -> None:
        aside = self.root / "tmp" / f"damaged-{damaged.name[:12]}-{secrets.token_hex(4)}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            damaged.rename(aside)

    def _pinned(self) -> set[str]:
        return {d for pin in self.pins() if pin.holds() for d in pin.digests}

    def _sweep(self, gone: Collection[str]) -> None:
        for digest in gone:
            # Out of sight first: a half-deleted artefact must never be found under its digest.
            self._set_aside(self._object(digest))
            self._listing_file(digest).unlink(missing_ok=True)
        present = {d.removeprefix("sha256:") for d in self.digests()}
        for path in (self.root / "listings").glob("*.json"):
            if path.stem not in present:
                path.unlink()
        for path in (self.root / "tmp").glob("*"):
            files.remove(path)
        self.tidy()
        for path in (self.root / "pins").glob("*.json"):
            pin: Pin = decode(Pin, json.loads(path.read_bytes()))
            if not pin.holds():
                path.unlink()


def _renamed(staged: Path, final: Path) -> bool:
    """Whether the one rename went through; False where the artefact is already there."""
    try:
        staged.rename(final)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _damaged(path: Path, seen: str) -> StoreDamaged:
    return StoreDamaged(
        seen,
        expected="the bytes that were stored",
        remedy="Run the recipe again: storing the same artefact replaces the damaged one.",
        where=Where(str(path)),
    )
