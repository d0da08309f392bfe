"""The log's storage and the contributors' keys, as rows; the same protocols that files fulfil in `provenance`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence

from django.db import transaction

from tutelage.provenance.frames import NOBODY, Entry
from tutelage.provenance.people import KEY, OWNER, DataKey, decrypt, encrypt
from tutelage.web.proof.models import Leaf, PersonKey

_keys: dict[str, DataKey] = {}
MOST_KEPT = 20_000


class Rows:
    """Sequenced leaves as `provenance.frames.Storage`."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Not here: leaves come with what they stand for, and the sequencer gives them their place."""
        raise NotImplementedError("leaves are written by proof.actions and sequenced")

    def read(self, index: int) -> Entry:
        """The entry at an index."""
        return _entry(Leaf.objects.get(index=index))

    def __iter__(self) -> Iterator[Entry]:
        return (_entry(leaf) for leaf in Leaf.objects.exclude(index=None).order_by("index").iterator(2000))

    def erase(self, owner: bytes) -> int:
        """Blank what stands behind all leaves of an owner; gives how many. Leaves stay."""
        return Leaf.objects.filter(owner=owner).update(tag=None, owner=None, body=None)


def _entry(leaf: Leaf) -> Entry:
    return Entry(bytes(leaf.leaf), bytes(leaf.tag or NOBODY), bytes(leaf.owner or NOBODY), bytes(leaf.body or b""))


class Keys:
    """Contributors' data keys as rows, wrapped by the operator's key; the same face as `provenance.people.People`."""

    def __init__(self, kek: bytes) -> None:
        self._kek = kek

    def tag(self, contribution: str) -> bytes:
        """A keyed name by which the log knows a contribution that it already has."""
        return hmac.new(self._kek, b"tag\x00" + contribution.encode(), hashlib.sha256).digest()[:OWNER]

    def key_of(self, contributor: str) -> DataKey:
        """The contributor's key, made on first use within the caller's transaction."""
        if contributor in _keys:
            return _keys[contributor]
        row = PersonKey.objects.filter(contributor=contributor).first()
        if row is None:
            made = DataKey(secrets.token_bytes(OWNER), secrets.token_bytes(KEY))
            PersonKey.objects.create(contributor=contributor, owner=made.owner,
                                     wrapped=encrypt(self._kek, made.key, made.owner))  # fmt: skip
            return made
        if len(_keys) > MOST_KEPT:
            _keys.clear()
        found = self._unwrapped(row)
        transaction.on_commit(lambda: _keys.__setitem__(contributor, found))  # until then it may yet be undone
        return found

    def owner_of(self, contributor: str) -> bytes | None:
        """The contributor's name in the log, or None where there is no key (any more)."""
        row = PersonKey.objects.filter(contributor=contributor).first()
        return None if row is None else bytes(row.owner)

    def by_owner(self, owner: bytes) -> DataKey | None:
        """The key of that name, unless erased."""
        row = PersonKey.objects.filter(owner=owner).first()
        return None if row is None else self._unwrapped(row)

    def forget(self, owner: bytes) -> None:
        """Delete a key for good."""
        PersonKey.objects.filter(owner=owner).delete()
        _keys.clear()

    def _unwrapped(self, row: PersonKey) -> DataKey:
        owner = bytes(row.owner)
        return DataKey(owner, decrypt(self._kek, bytes(row.wrapped), owner))
