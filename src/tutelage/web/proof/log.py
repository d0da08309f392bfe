"""The hall's log: `provenance.log` over rows, and each project's secrets, so that releases are sealed from it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from tutelage.errors import StoreDamaged
from tutelage.provenance.checkpoints import Checkpoint
from tutelage.provenance.frames import Entry
from tutelage.provenance.keys import SigningKey
from tutelage.provenance.log import Log
from tutelage.provenance.release.project import Project as Sealed
from tutelage.web import installation
from tutelage.web.projects.models import Project
from tutelage.web.proof.models import Barred, Leaf
from tutelage.web.proof.models import Checkpoint as Kept
from tutelage.web.proof.storage import Keys, Rows

SEQUENCER_LOCK = 7_462_001  # any number that nothing else uses


class HallLog(Log):
    """All sequenced leaves of this installation. Others may append between two calls: each catches up first."""

    def __init__(self) -> None:
        self._rows, self._keys = Rows(), Keys(installation.key_encryption_key(settings.HALL))
        self._keys.load()
        super().__init__(installation.origin(settings.HALL), self._rows, self._keys)
        self._check_kept()
        self._barred = _barred()
        for owner in self._keys.owners(self._barred):  # a backup brought them back
            self._erase_owner(owner)

    def catch_up(self) -> None:
        """Count what was sequenced since."""
        fresh = list(self._rows.since(len(self)))
        if fresh:
            self._keys.load()
        for entry in fresh:
            self._count(entry)

    def checkpoint(self, key: SigningKey) -> Checkpoint:
        """The present size and root, signed and kept: the log will never open with less."""
        with alone():
            self.catch_up()
            made = super().checkpoint(key)
            Kept.objects.get_or_create(size=made.size, defaults={"root": made.root, "note": made.note()})
        return made

    def stands(self) -> bool:
        """Whether the rows still are those that were counted: a transaction may have been undone, a backup restored."""
        last = len(self) - 1
        there = last < 0 or Leaf.objects.filter(index=last, leaf=self.tree.leaf(last)).exists()
        return there and Barred.objects.count() == len(self._barred)  # what somebody else erased is not held here

    def signed(self) -> bool:
        """Whether a checkpoint covers every leaf."""
        return len(self) == 0 or Kept.objects.filter(size=len(self)).exists()

    def kept(self) -> list[Checkpoint]:
        """All kept checkpoints, by size."""
        return [Checkpoint.parse(note) for note in Kept.objects.order_by("size").values_list("note", flat=True)]

    def close(self) -> None:
        """Nothing is held."""

    def _bar(self, who: bytes) -> None:
        super()._bar(who)
        Barred.objects.get_or_create(who=who)

    def _append(self, entries: Sequence[Entry]) -> None:
        with alone():
            self.catch_up()
            super()._append(entries)

    def _check_kept(self) -> None:
        last = Kept.objects.order_by("-size").first()
        if last and (last.size > len(self) or (last.size and self.tree.root(last.size) != bytes(last.root))):
            raise StoreDamaged(f"The log does not continue its checkpoint of {last.size} leaves.",
                               expected="every leaf that was ever signed for",
                               remedy="Restore the database from a backup.")  # fmt: skip


def _barred() -> set[bytes]:
    return {bytes(who) for who in Barred.objects.values_list("who", flat=True)}


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One sequencer at a time; whoever submits never waits for it on PostgreSQL."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCER_LOCK])
        yield


def number(base: int) -> int:
    """Number the leaves that have no place yet, from `base` on, in the order of their rows. Within `alone`."""
    if not Leaf.objects.filter(index=None).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE proof_leaf SET "index" = n.place FROM (SELECT id, %s - 1 + row_number() OVER (ORDER BY id) '
            'AS place FROM proof_leaf WHERE "index" IS NULL) AS n WHERE proof_leaf.id = n.id',
            [base],
        )
        return cursor.rowcount


class HallProject(Sealed):
    """A project of the hall as `provenance.release.seal` wants it: its pepper, the operator's key, the one log."""

    def __init__(self, project: Project) -> None:
        root = Path(settings.HALL) / "projects" / str(project.pk)
        root.mkdir(parents=True, exist_ok=True)
        super().__init__(str(project.pk), root)
        object.__setattr__(self, "_pepper", bytes(project.pepper))

    _pepper: bytes

    @property
    def origin(self) -> str:
        """The log's name on its checkpoints."""
        return installation.origin(settings.HALL)

    def operator(self) -> SigningKey:
        """The key that signs checkpoints and releases."""
        return installation.operator_key(settings.HALL)

    def secret(self, name: str) -> bytes:
        """The project's pepper; any other secret is derived from the installation's."""
        if name == "pepper":
            return self._pepper
        kek = installation.key_encryption_key(settings.HALL)
        return hashlib.sha256(kek + f"\x00{self.name}\x00{name}".encode()).digest()

    @contextlib.contextmanager
    def log(self) -> Iterator[Any]:
        """The hall's log, with everything that was submitted until now in its place."""
        with alone():
            log = HallLog()
            number(len(log))
            log.catch_up()
        yield log
