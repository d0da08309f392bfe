"""The transparency log of contributions: leaf and contribution in one transaction, checkpoints, proofs, erasure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tutelage.errors import BadInput, Failed, StoreDamaged, Where
from tutelage.provenance import batches
from tutelage.provenance.checkpoints import Checkpoint, sign
from tutelage.provenance.frames import NOBODY, Entry, Frames, Storage, opposite
from tutelage.provenance.keys import SigningKey
from tutelage.provenance.merkle import Tree, leaf_hash
from tutelage.provenance.people import People, decrypt, encrypt
from tutelage.provenance.receipts import Given
from tutelage.store import locked, write_whole


@dataclass(frozen=True, slots=True)
class Submission:
    """One contribution to be logged: its own id, whose it is, and what `issue` gave."""

    contribution: str
    contributor: str
    given: Given


class Log:
    """A log over any storage. `tree` gives the proofs. Opening reads every entry: some seconds a million.

    enrolled, listed  the list of enrolments, a line each, and the tree over it that checkpoints name
    """

    def __init__(self, origin: str, storage: Storage, people: People) -> None:
        self.origin, self.tree, self._storage, self._people = origin, Tree(), storage, people
        self.enrolled: list[bytes] = []
        self.listed = Tree()
        self._known: dict[bytes, int] = {}
        self._barred: set[bytes] = set()
        for entry in storage:
            self._count(entry)

    def __len__(self) -> int:
        return len(self.tree)

    def add(self, submissions: Sequence[Submission]) -> list[int]:
        """Log contributions, durable when this returns; gives their leaf indices.

        One that is already there, by its id, keeps its first leaf: asking again after a crash is safe, and the receipt
        that counts is the one `given` reads back. Raises BadInput where a contributor was erased.
        """
        self.refuse_erased({s.contributor for s in submissions})
        tags = [self._people.tag(s.contribution) for s in submissions]
        new = {tag: s for tag, s in reversed(list(zip(tags, submissions, strict=True))) if tag not in self._known}
        self._append([self._entry(tag, new[tag]) for tag in dict.fromkeys(tags) if tag in new])
        return [self._known[tag] for tag in tags]

    def publish(self, payload: bytes, about: str | None = None) -> int:
        """Log a payload (enrolment, batch, rotation, tombstone) once; it is published as it is.

        about  the contributor whose it is: kept under their key and erased with them. A batch is; an enrolment never,
               or a second first key could be given to the erased person's pseudonym.
        """
        tag, leaf = self._people.tag("payload\x00" + payload.decode()), leaf_hash(payload)
        if tag not in self._known:
            key = None if about is None else self._people.key_of(about)
            body = payload if key is None else encrypt(key.key, payload, leaf + tag)
            self._append([Entry(leaf, tag, NOBODY if key is None else opposite(key.owner), body)])
        return self._known[tag]

    def index_of(self, contribution: str) -> int | None:
        """The leaf of a contribution, or None where it is not there or was erased."""
        return self._known.get(self._people.tag(contribution))

    def given(self, index: int) -> Given | None:
        """The contribution at a leaf, with its receipt and salts; None once erased. Raises Failed on a payload's."""
        entry = self._storage.read(index)
        if not entry.body:
            return None
        key = self._people.by_owner(entry.owner)
        if key is not None:
            return Given.parse(decrypt(key.key, entry.body, entry.leaf + entry.tag))
        if entry.owner == NOBODY or self._people.by_owner(opposite(entry.owner)):
            raise Failed(f"Leaf {index} is no contribution.", expected="a receipt's leaf", remedy="Use `published`.")
        return None

    def published(self) -> Iterator[tuple[int, bytes]]:
        """(index, payload) of all payloads that were not erased."""
        by_owner = cache(self._people.by_owner)
        for index, entry in enumerate(self._storage):
            key = by_owner(opposite(entry.owner))
            if key is not None:
                yield index, decrypt(key.key, entry.body, entry.leaf + entry.tag)
            elif entry.owner == NOBODY and entry.body:
                yield index, entry.body

    def erase(self, contributor: str) -> int:
        """Forget a contributor: key, bodies, owners and tags. Gives how many contributions; 0 if already forgotten.

        Every leaf stays, so that every earlier checkpoint, proof and release still verifies. Nothing of theirs is
        logged again: of their id only a hash keyed with the operator's key is kept.
        """
        self._bar(self._people.bar(contributor))
        owner = self._people.owner_of(contributor)
        return 0 if owner is None else self._erase_owner(owner)

    def refuse_erased(self, contributors: Iterable[str]) -> None:
        """Raise BadInput where one of them was erased."""
        gone = [one for one in contributors if self._barred and self._people.bar(one) in self._barred]
        if gone:
            raise BadInput(f"{len(gone)} of the contributors were erased, {min(gone)!r} first.",
                           expected="work of people who were not erased",
                           remedy="Delete their rows from the source: nobody erased is logged again.")  # fmt: skip

    def checkpoint(self, key: SigningKey) -> Checkpoint:
        """The present size and root, and those of the list of enrolments, signed."""
        return sign(self.origin, len(self), self.tree.root(), key, (len(self.listed), self.listed.root()))

    def kept(self) -> list[Checkpoint]:
        """All kept checkpoints, by size; a log in memory keeps none."""
        return []

    def _bar(self, who: bytes) -> None:
        self._barred.add(who)

    def _erase_owner(self, owner: bytes) -> int:
        gone = [e.tag for e in self._storage if e.owner in (owner, opposite(owner))]
        self._people.forget(owner)
        self._storage.erase(opposite(owner))
        count = self._storage.erase(owner)
        for tag in gone:
            self._known.pop(tag, None)
        return count

    def _entry(self, tag: bytes, one: Submission) -> Entry:
        key, leaf = self._people.key_of(one.contributor), leaf_hash(one.given.receipt.payload())
        return Entry(leaf, tag, key.owner, encrypt(key.key, one.given.body(), leaf + tag))

    def _append(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._storage.append(entries)
        for entry in entries:
            self._count(entry)

    def _count(self, entry: Entry) -> None:
        index = self.tree.append(entry.leaf)
        if entry.tag != NOBODY and self._known.setdefault(entry.tag, index) != index:
            raise StoreDamaged(f"Leaves {self._known[entry.tag]} and {index} are one contribution.",
                               expected="one leaf a contribution", remedy="Restore a backup.")  # fmt: skip
        line = batches.entry(index, entry.leaf, entry.body) if entry.owner == NOBODY else None
        if line is not None:
            self.enrolled.append(line)
            self.listed.append(leaf_hash(line))


class FileLog(Log):
    """A log in a directory, its one writer: `log.frames`, `checkpoints/`, `erased/`; `people/` unless kept elsewhere.

    `erased/` is never restored from a backup older than the newest: a person's key that comes back with one is deleted
    again when the log opens.
    """

    def __init__(self, root: Path, origin: str, kek: bytes, people: Path | None = None) -> None:
        self._root, self._frames = root, Frames(root / "log.frames")
        super().__init__(origin, self._frames, People(people or root / "people", kek))
        self._check_kept()
        self._barred = {bytes.fromhex(mark.name) for mark in (root / "erased").glob("*")}
        marked = {bytes.fromhex(mark.name) for mark in (root / "erasing").glob("*")}
        for owner in marked | self._people.owners(self._barred):
            self._erase_owner(owner)

    def checkpoint(self, key: SigningKey) -> Checkpoint:
        """The present size and root, signed and kept: the log will never open with less."""
        made = super().checkpoint(key)
        self.keep(made)
        return made

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep a note, for example with a witness's line."""
        write_whole(self._root / "checkpoints" / str(checkpoint.size), checkpoint.note().encode())

    def kept(self) -> list[Checkpoint]:
        """All kept checkpoints, by size."""
        paths = sorted((self._root / "checkpoints").glob("[0-9]*"), key=lambda p: int(p.name))
        return [Checkpoint.parse(p.read_text(encoding="utf-8")) for p in paths]

    def close(self) -> None:
        """Let the file go."""
        self._frames.close()

    def _bar(self, who: bytes) -> None:
        super()._bar(who)
        write_whole(self._root / "erased" / who.hex(), b"")

    def _erase_owner(self, owner: bytes) -> int:
        mark = self._root / "erasing" / owner.hex()  # a kill from here on is made good when the log opens again
        write_whole(mark, b"")
        count = super()._erase_owner(owner)
        mark.unlink(missing_ok=True)
        return count

    def _check_kept(self) -> None:
        for one in self.kept():
            if one.size > len(self) or (one.size and self.tree.root(one.size) != one.root):
                raise StoreDamaged(f"The log does not continue its checkpoint of {one.size} leaves.",
                                   expected="every leaf that was ever signed for", remedy="Restore the log.",
                                   where=Where(str(self._root)))  # fmt: skip


@contextlib.contextmanager
def opened(root: Path, origin: str, kek: bytes, people: Path | None = None) -> Iterator[FileLog]:
    """The log in a directory, made if absent. Raises BadInput where another process has it open."""
    with locked(root / "lock", wait=False) as mine:
        if not mine:
            raise BadInput("Another process writes this log.", expected="one writer",
                           remedy="Wait for it to end.", where=Where(str(root)))  # fmt: skip
        log = FileLog(root, origin, kek, people)
        try:
            yield log
        finally:
            log.close()
