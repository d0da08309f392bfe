"""The log's storage and the contributors' keys, as rows; the same protocols that files fulfil in `provenance`."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence

from django.db import transaction
from django.db.models import Max

from tutelage.provenance.frames import NOBODY, Entry
from tutelage.provenance.people import KEY, OWNER, DataKey, People, decrypt, encrypt
from tutelage.web.proof.models import Leaf, PersonKey

MOST_KEPT = 20_000


class Rows:
    """Sequenced leaves as `provenance.frames.Storage`."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Store entries behind the last sequenced one. The caller holds the sequencer's lock."""
        last = Leaf.objects.aggregate(index=Max("index"))["index"]
        base = 0 if last is None else last + 1
        Leaf.objects.bulk_create(
            (Leaf(index=base + n, leaf=e.leaf, tag=e.tag, owner=None if e.owner == NOBODY else e.owner, body=e.body)
             for n, e in enumerate(entries)),
            batch_size=500,
        )  # fmt: skip

    def read(self, index: int) -> Entry:
        """The entry at an index."""
        return _entry(Leaf.objects.get(index=index))

    def __iter__(self) -> Iterator[Entry]:
        return self.since(0)

    def since(self, index: int) -> Iterator[Entry]:
        """The sequenced entries from an index on."""
        return (_entry(leaf) for leaf in Leaf.objects.filter(index__gte=index).order_by("index").iterator(2000))

    def erase(self, owner: bytes) -> int:
        """Blank what stands behind all leaves of an owner; gives how many. Leaves stay."""
        return Leaf.objects.filter(owner=owner).update(tag=None, owner=None, body=None)


def _entry(leaf: Leaf) -> Entry:
    return Entry(bytes(leaf.leaf), bytes(leaf.tag or NOBODY), bytes(leaf.owner or NOBODY), bytes(leaf.body or b""))


class Keys(People):
    """Contributors' data keys as rows, wrapped by the operator's key; what was read once is kept until it is forgotten.

    `load` reads all of them, which `by_owner` needs: a log asks it for every entry.
    """

    def __init__(self, kek: bytes) -> None:
        self._kek = kek
        self._by_id: dict[str, DataKey] = {}
        self._by_owner: dict[bytes, DataKey] = {}

    def load(self) -> None:
        """Read every key."""
        self._by_id = {row.contributor: self._unwrapped(row) for row in PersonKey.objects.iterator(2000)}
        self._by_owner = {key.owner: key for key in self._by_id.values()}

    def owners(self, barred: Collection[bytes]) -> set[bytes]:
        """Whose keys are here though they were erased: a backup brought them back."""
        self.load()
        return super().owners(barred)

    def key_of(self, contributor: str) -> DataKey:
        """The contributor's key, made on first use within the caller's transaction."""
        if contributor not in self._by_id:
            found = self._read(contributor) or self._made(contributor)
            transaction.on_commit(lambda: self._keep(contributor, found))  # until then it may yet be undone
            return found
        return self._by_id[contributor]

    def owner_of(self, contributor: str) -> bytes | None:
        """The contributor's name in the log, or None where there is no key (any more)."""
        found = self._read(contributor)
        return None if found is None else found.owner

    def forget(self, owner: bytes) -> None:
        """Delete a key for good."""
        PersonKey.objects.filter(owner=owner).delete()
        self._by_owner.pop(owner, None)
        self._by_id = {one: key for one, key in self._by_id.items() if key.owner != owner}

    def _keep(self, contributor: str, key: DataKey) -> None:
        if len(self._by_id) > MOST_KEPT:
            self._by_id.clear()
        self._by_id[contributor] = self._by_owner[key.owner] = key

    def _read(self, contributor: str) -> DataKey | None:
        row = PersonKey.objects.filter(contributor=contributor).first()
        return None if row is None else self._unwrapped(row)

    def _made(self, contributor: str) -> DataKey:
        made = DataKey(secrets.token_bytes(OWNER), secrets.token_bytes(KEY))
        PersonKey.objects.create(contributor=contributor, owner=made.owner,
                                 wrapped=encrypt(self._kek, made.key, made.owner))  # fmt: skip
        return made

    def _unwrapped(self, row: PersonKey) -> DataKey:
        owner = bytes(row.owner)
        return DataKey(owner, decrypt(self._kek, bytes(row.wrapped), owner))
