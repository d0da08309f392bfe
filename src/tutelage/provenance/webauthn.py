"""Verifying what an authenticator signed (WebAuthn level 3, section 7.2): ES256 and Ed25519, nothing else."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from tutelage.errors import BadInput, Failed
from tutelage.store import canonical

PRESENT, VERIFIED, BACKUP_ELIGIBLE = 1, 4, 8
LOCAL = "localhost"  # the one name that browsers trust without TLS
_LONGEST = 1 << 14
_COORDINATE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Credential:
    """A passkey's public key: coordinates in hex; Ed25519 has no `y`."""

    alg: Literal["ES256", "Ed25519"]
    x: str
    y: str | None = None

    def __post_init__(self) -> None:
        wanted = (self.x, self.y) if self.alg == "ES256" else (self.x,)
        if not all(_COORDINATE.fullmatch(c or "") for c in wanted) or (self.alg == "Ed25519" and self.y is not None):
            raise BadInput("The passkey's public key is not written as keys are.",  # or one key would have two ids
                           expected="64 lower-case hex digits for `x`, and for `y` with ES256 alone",
                           remedy="Pad coordinates to 32 bytes.")  # fmt: skip

    def id(self) -> str:
        """H over the canonical key: how batches, enrolments and attestations name it."""
        return hashlib.sha256(canonical(self)).hexdigest()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature. A key that is no point of its curve never did."""
        try:
            _VERIFIERS[self.alg](self, signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def _es256(key: Credential, signature: bytes, message: bytes) -> None:
    numbers = EllipticCurvePublicNumbers(int(key.x, 16), int(key.y or "", 16), SECP256R1())
    numbers.public_key().verify(signature, message, ECDSA(SHA256()))


def _ed25519(key: Credential, signature: bytes, message: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.x)).verify(signature, message)


_VERIFIERS = {"ES256": _es256, "Ed25519": _ed25519}


@dataclass(frozen=True, slots=True)
class Assertion:
    """What the browser returns after signing, in base64url without padding."""

    client_data: str
    authenticator_data: str
    signature: str


@dataclass(frozen=True, slots=True)
class Signed:
    """What a valid assertion says of itself.

    device_bound  the authenticator says that its key cannot be copied to another device
    """

    device_bound: bool


def check_assertion(assertion: Assertion, key: Credential, rp: str, challenge: bytes) -> Signed:
    """Raise Failed unless this key signed this challenge for this relying party with the user present and verified.

    The site is `https:` on the relying party, or `http://localhost` on any port where that is the relying party itself.
    """
    client, data = unbase64url(assertion.client_data), unbase64url(assertion.authenticator_data)
    said = _client_data(client)
    scheme, host = site_of(said.get("origin"))
    flags = data[32] if len(data) >= 37 else 0
    for holds, why in (
        (said.get("type") == "webauthn.get", "it is not an assertion"),
        (said.get("challenge") == base64url(challenge), "it signs something else"),
        (_trusted(scheme, host, rp), "it was made on another site"),
        (said.get("crossOrigin", False) is False, "it was made in a frame of another site"),
        (len(data) >= 37 and data[:32] == hashlib.sha256(rp.encode()).digest(), "it is for another relying party"),
        (flags & PRESENT, "nobody was present"),
        (flags & VERIFIED, "the user was not verified"),
        (key.verifies(unbase64url(assertion.signature), data + hashlib.sha256(client).digest()), "another key signed"),
    ):
        if not holds:
            raise Failed(f"The person's signature does not hold: {why}.", expected="an assertion over this batch",
                         remedy="Count the batch as unsigned (H1).")  # fmt: skip
    return Signed(device_bound=not flags & BACKUP_ELIGIBLE)


def site_of(origin: object) -> tuple[str, str | None]:
    """Scheme and host of an origin as a browser states it; ("", None) where it is none."""
    try:
        site = urlsplit(origin if isinstance(origin, str) else "")
    except ValueError:  # such as an open bracket
        return "", None
    return site.scheme, site.hostname


def base64url(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    """Bytes of base64url without padding. Raises BadInput."""
    if len(text) <= _LONGEST and not set(text) & set("+/="):
        with contextlib.suppress(binascii.Error, ValueError):
            return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    raise BadInput("This is not base64url.", expected="base64url without padding", remedy="Copy it again.")


def _client_data(raw: bytes) -> dict[str, object]:
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BadInput("The client data is not an object.", expected="JSON", remedy="Copy it as the browser gave it.")
    return said


def _trusted(scheme: str, host: str | None, rp: str) -> bool:
    """Browsers make keys on these sites alone: what is on the wire to `localhost` never leaves the machine."""
    return (scheme == "https" and _within(host, rp)) or (scheme == "http" and host == rp == LOCAL)


def _within(host: str | None, rp: str) -> bool:
    return host is not None and bool(rp) and (host == rp or host.endswith("." + rp))
