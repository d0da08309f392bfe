"""Ed25519 keys with a name, their rotation, and DSSE envelopes.

Key ids and verifier keys are those of C2SP signed notes: `name+id+base64(type ‖ key)`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tutelage.errors import BadInput, Failed
from tutelage.provenance.untrusted import parsed, record
from tutelage.records import Json
from tutelage.store import canonical

ED25519, COSIGNATURE = 1, 4


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A name and 32 bytes of Ed25519."""

    name: str
    raw: bytes

    def __post_init__(self) -> None:
        if not self.name or any(c.isspace() or c == "+" for c in self.name) or len(self.raw) != 32:
            raise BadInput(f"The key {self.name[:40]!r} cannot be.", expected="a name without blanks or `+`, 32 bytes",
                           remedy="Copy the key again.")  # fmt: skip

    @classmethod
    def parse(cls, vkey: str) -> PublicKey:
        """A key from `name+id+base64`; the id must fit."""
        name, _, rest = vkey.strip().partition("+")
        given, _, packed = rest.partition("+")
        raw = unbase64(packed)
        key = cls(name, raw[1:])
        if raw[:1] != bytes([ED25519]) or given != key.id().hex():
            raise BadInput("The key does not fit its id.", expected="name+id+base64 of an Ed25519 key",
                           remedy="Copy the key again.")  # fmt: skip
        return key

    def id(self, kind: int = ED25519) -> bytes:
        """Four bytes that name the key on a signature line; not proof of anything."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([kind]) + self.raw).digest()[:4]

    def vkey(self) -> str:
        """The key as a trust list holds it."""
        return f"{self.name}+{self.id().hex()}+{base64.b64encode(bytes([ED25519]) + self.raw).decode()}"

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """The secret half. Kept in a file or environment, never in a log or release."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(name, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519."""
        return self._key.sign(message)


def unbase64(text: str) -> bytes:
    """Bytes of standard base64. Raises BadInput."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("This is not base64.", expected="base64", remedy="Copy it again.") from None


def pae(payload_type: str, payload: bytes) -> bytes:
    """What DSSE signs: lengths before contents, so that no two messages run together."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def seal(payload_type: str, payload: bytes, key: SigningKey) -> Json:
    """A DSSE envelope with one signature."""
    return {
        "payloadType": payload_type,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {"keyid": key.public.id().hex(), "sig": base64.b64encode(key.sign(pae(payload_type, payload))).decode()}
        ],
    }


def open_sealed(envelope: Mapping[str, Any], payload_type: str, keys: Sequence[PublicKey]) -> tuple[bytes, PublicKey]:
    """The payload and whichever of the keys signed it. Raises BadInput on another shape, Failed where none did."""
    shape = record(_Envelope, envelope)
    payload = unbase64(shape.payload)
    if shape.payloadType == payload_type:
        for signature in shape.signatures:
            for key in keys:
                if key.verifies(unbase64(signature.sig), pae(payload_type, payload)):
                    return payload, key
    raise Failed("No trusted key signed this.", expected=f"a {payload_type} signed by a key in the trust list",
                 remedy="Do not rely on it.")  # fmt: skip


@dataclass(frozen=True)
class _Signature:
    keyid: str
    sig: str


@dataclass(frozen=True)
class _Envelope:
    payloadType: str  # noqa: N815 - the name is DSSE's
    payload: str
    signatures: tuple[_Signature, ...]


ROTATION_TYPE = "application/vnd.tutelage.rotation.v1+json"


@dataclass(frozen=True, slots=True)
class Rotation:
    """The old key says which key signs checkpoints of `from_size` leaves and more."""

    log: str
    old: str
    new: str
    from_size: int
    schema: Literal["rotation/1"] = "rotation/1"


def rotate(log: str, old: SigningKey, new: PublicKey, from_size: int) -> Json:
    """A rotation signed by the old key, to be logged and published."""
    return seal(ROTATION_TYPE, canonical(Rotation(log, old.public.vkey(), new.vkey(), from_size)), old)


def keys_at(
    trusted: Sequence[PublicKey], rotations: Sequence[Mapping[str, Any]], log: str, size: int
) -> list[PublicKey]:
    """The operator's keys that count for a checkpoint of `size` leaves: the trusted ones, followed through rotations.

    A rotation that no current key signed, or of another log, raises Failed: somebody is trying something.
    """
    current = list(trusted)
    for envelope in rotations:
        payload, signer = open_sealed(envelope, ROTATION_TYPE, current)
        step = parsed(Rotation, payload)
        if step.log != log or step.old != signer.vkey():
            raise Failed("A rotation is for another log or key.", expected=f"a rotation of {log} by its own old key",
                         remedy="Do not rely on the new key.")  # fmt: skip
        if size >= step.from_size:
            current = [k for k in current if k != signer] + [PublicKey.parse(step.new)]
    return current
