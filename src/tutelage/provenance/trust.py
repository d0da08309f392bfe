"""The verifier's own trust list, and what issuers outside the operator attest about a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from tutelage.errors import BadInput, Failed, Where
from tutelage.provenance.checkpoints import Checkpoint
from tutelage.provenance.keys import PublicKey, SigningKey, open_sealed, seal
from tutelage.provenance.untrusted import parsed, record
from tutelage.records import Json, jsonl
from tutelage.store import canonical

ATTESTATION_TYPE = "application/vnd.tutelage.attestation.v1+json"


@dataclass(frozen=True, slots=True)
class Attestation:
    """An issuer says that it knows who holds this key, and until when that is good.

    method  how it knows; `live` is a meeting, by video or in person, at `issued_at`
    """

    issuer: str
    credential: str
    method: Literal["live", "document", "register", "institution", "wallet"]
    issued_at: datetime
    expires_at: datetime
    schema: Literal["attestation/1"] = "attestation/1"


def attest(attestation: Attestation, issuer: SigningKey) -> Json:
    """The attestation as DSSE, signed by the issuer."""
    return seal(ATTESTATION_TYPE, canonical(attestation), issuer)


@dataclass(frozen=True, slots=True)
class TrustList:
    """Whom the verifier believes, for what. Comes from the verifier, never out of a release.

    issuers  name to Ed25519 key in hex: who may say how far a person is known
    quorum   how many witnesses H4 needs
    known    a checkpoint that the verifier saw before
    """

    log: str
    operators: tuple[str, ...]
    witnesses: tuple[str, ...] = ()
    issuers: dict[str, str] = field(default_factory=dict)
    quorum: int = 1
    known: str | None = None

    def __post_init__(self) -> None:
        raw = [k.raw for k in (*self.operator_keys(), *self.witness_keys(), *self.issuer_keys())]
        if len(set(raw)) != len(raw) or not self.operators or self.quorum < 1:
            raise BadInput("One key stands in two roles, or there is no operator or quorum.",
                           expected="each key once: operator, witness or issuer",
                           remedy="An issuer or witness that is the operator adds nothing; remove it.")  # fmt: skip

    @classmethod
    def read(cls, path: Path) -> TrustList:
        """A trust list from its JSON file."""
        try:
            found = record(cls, jsonl.parse(path.read_bytes(), path))
        except FileNotFoundError:
            raise BadInput("There is no such file.", expected="a trust list in JSON", remedy="Check the path.",
                           where=Where(str(path))) from None  # fmt: skip
        return found

    def operator_keys(self) -> list[PublicKey]:
        """Keys that sign checkpoints, before rotations."""
        return [PublicKey.parse(k) for k in self.operators]

    def witness_keys(self) -> list[PublicKey]:
        """Keys that cosign."""
        return [PublicKey.parse(k) for k in self.witnesses]

    def issuer_keys(self) -> list[PublicKey]:
        """Keys that attest people."""
        return [PublicKey(name, _hex(key)) for name, key in self.issuers.items()]

    def known_checkpoint(self) -> Checkpoint | None:
        """The checkpoint seen before."""
        return None if self.known is None else Checkpoint.parse(self.known)

    def attested(self, sealed: Mapping[str, Any]) -> Attestation:
        """What a trusted issuer says. Raises Failed where none of them signed it in its own name."""
        payload, signer = open_sealed(sealed, ATTESTATION_TYPE, self.issuer_keys())
        found = parsed(Attestation, payload)
        if found.issuer != signer.name:
            raise Failed(f"{signer.name} signed for {found.issuer}.", expected="an issuer speaking for itself",
                         remedy="Do not rely on it.")  # fmt: skip
        return found


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadInput("An issuer's key is not hex.", expected="64 hex digits", remedy="Copy the key again.") from None
