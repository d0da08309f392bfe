"""A software authenticator and a small project, for tests: real keys, real signatures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from tutelage.provenance.batches import Batch, Enrolment, challenge, pay_statement
from tutelage.provenance.commitments import Salt, pseudonym
from tutelage.provenance.merkle import leaf_hash
from tutelage.provenance.receipts import Given, Pay, Receipt, Terms, issue
from tutelage.provenance.webauthn import Assertion, Credential, base64url
from tutelage.records import Judgment

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LOG, PROJECT, RP = "log.example/p1", "p1", "work.example"
TERMS = Terms(LOG, PROJECT, "sha256:" + "a" * 64, "sha256:" + "b" * 64)
PEPPER = hashlib.sha256(b"pepper of a test").digest()
KEK = hashlib.sha256(b"operator's key of a test").digest()


class Passkey:
    """An authenticator: `flags` 5 is present and verified; 8 more says that the key may be copied."""

    def __init__(self, alg: str = "ES256", flags: int = 5) -> None:
        self.alg, self.flags = alg, flags
        self._p256, self._ed = generate_private_key(SECP256R1()), Ed25519PrivateKey.generate()
        point = self._p256.public_key().public_numbers()
        self.public = (
            Credential("ES256", f"{point.x:064x}", f"{point.y:064x}")
            if alg == "ES256"
            else Credential("Ed25519", self._ed.public_key().public_bytes_raw().hex())
        )

    def sign(self, what: bytes, *, rp: str = RP, origin: str | None = None, kind: str = "webauthn.get") -> Assertion:
        said = {"type": kind, "challenge": base64url(what), "origin": origin or f"https://{rp}", "crossOrigin": False}
        client = json.dumps(said).encode()
        data = hashlib.sha256(rp.encode()).digest() + bytes([self.flags]) + bytes(4)
        message = data + hashlib.sha256(client).digest()
        raw = self._p256.sign(message, ECDSA(SHA256())) if self.alg == "ES256" else self._ed.sign(message)
        return Assertion(base64url(client), base64url(data), base64url(raw))


@dataclass
class Worker:
    """A person with an id, a pseudonym and a passkey."""

    id: str
    key: Passkey

    @property
    def nym(self) -> str:
        return pseudonym(PEPPER, self.id)

    def enrolment(self) -> Enrolment:
        return Enrolment(LOG, PROJECT, self.nym, self.key.public, RP, NOW)

    def work(self, name: str, answer: str = "A") -> Given:
        return given(self.id, name, answer)

    def batch(self, receipts: Sequence[Receipt]) -> Batch:
        pay = pay_statement(receipts, 60.0, NOW)
        signed = self.key.sign(challenge([leaf_hash(r.payload()) for r in receipts], pay))
        return Batch(LOG, PROJECT, self.nym, self.key.public.id(), tuple(r.id for r in receipts), pay, signed)


def given(contributor: str, name: str, answer: str = "A") -> Given:
    """One judgment of a contributor, with its receipt."""
    judgment = Judgment(name, "item-1", contributor, {"type": "choice", "value": answer}, at=NOW)
    item = (b'{"id":"item-1"}', Salt.fresh())
    pay = Pay(35, "EUR", "card-1")
    return issue(
        judgment, TERMS, receipt_id="r-" + name, nym=pseudonym(PEPPER, contributor), pay=pay, level="H1", now=NOW,
        item=item,
    )  # fmt: skip


def changed(receipt: Receipt, **fields: object) -> Receipt:
    """A receipt with other fields."""
    return replace(receipt, **fields)  # type: ignore[arg-type]  the test chooses the fields
