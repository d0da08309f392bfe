"""One data key for each contributor, wrapped by the operator's key: deleting it is what erases a person.

A directory of its own, to be backed up apart from the log and for at most 30 days: whoever holds a copy of both, and
the operator's key, can read what the copies hold.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tutelage.errors import BadInput, StoreDamaged
from tutelage.store import write_whole
from tutelage.store.files import sync_directory

NONCE, KEY, OWNER = 12, 32, 16


def encrypt(key: bytes, content: bytes, bound_to: bytes) -> bytes:
    """AES-256-GCM with a random nonce in front."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to)


def decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """The reverse. Raises StoreDamaged where the key or what it is bound to is another."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)
    except (InvalidTag, ValueError):
        raise StoreDamaged("Stored bytes do not open.", expected="what was encrypted with this key",
                           remedy="Use the operator's key of this store, or restore a backup.") from None  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """A contributor's key, and the random name it has in the log."""

    owner: bytes
    key: bytes


class People:
    """The data keys on disk: `people/<owner>.key`."""

    def __init__(self, root: Path, kek: bytes) -> None:
        if len(kek) != KEY:
            raise BadInput(f"The operator's key has {len(kek)} bytes.", expected="32 random bytes",
                           remedy="Make one with `openssl rand 32`.")  # fmt: skip
        self._root, self._kek = root, kek
        root.mkdir(parents=True, exist_ok=True)
        self._by_id: dict[str, DataKey] = {}
        for path in root.glob("*.key"):
            owner = bytes.fromhex(path.stem)
            held = json.loads(decrypt(kek, path.read_bytes(), owner))
            self._by_id[held["id"]] = DataKey(owner, bytes.fromhex(held["key"]))
        self._by_owner = {k.owner: k for k in self._by_id.values()}

    def tag(self, contribution: str) -> bytes:
        """A keyed name by which the log knows a contribution that it already has."""
        return hmac.digest(self._kek, b"tag\x00" + contribution.encode(), "sha256")[:OWNER]

    def bar(self, contributor: str) -> bytes:
        """A keyed hash by which an erased contributor is known again; without the operator's key it tells nothing."""
        return hmac.digest(self._kek, b"erased\x00" + contributor.encode(), "sha256")

    def owners(self, barred: Collection[bytes]) -> set[bytes]:
        """Whose keys are here though they were erased: a backup brought them back."""
        return {key.owner for one, key in self._by_id.items() if barred and self.bar(one) in barred}

    def key_of(self, contributor: str) -> DataKey:
        """The contributor's key, made and durable on first use."""
        if contributor not in self._by_id:
            made = DataKey(secrets.token_bytes(OWNER), secrets.token_bytes(KEY))
            content = json.dumps({"id": contributor, "key": made.key.hex()}).encode()
            write_whole(self._path(made.owner), encrypt(self._kek, content, made.owner))
            self._by_id[contributor] = self._by_owner[made.owner] = made
        return self._by_id[contributor]

    def contributors(self) -> list[str]:
        """Who has a key."""
        return sorted(self._by_id)

    def owner_of(self, contributor: str) -> bytes | None:
        """The contributor's name in the log, or None where there is no key (any more)."""
        found = self._by_id.get(contributor)
        return None if found is None else found.owner

    def by_owner(self, owner: bytes) -> DataKey | None:
        """The key of that name, unless erased."""
        return self._by_owner.get(owner)

    def forget(self, owner: bytes) -> None:
        """Delete a key for good. Nothing happens where it is gone already."""
        self._by_owner.pop(owner, None)
        self._by_id = {one: key for one, key in self._by_id.items() if key.owner != owner}
        self._path(owner).unlink(missing_ok=True)
        sync_directory(self._root)

    def _path(self, owner: bytes) -> Path:
        return self._root / f"{owner.hex()}.key"
