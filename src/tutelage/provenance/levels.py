"""H0 – H4: how far the person behind a contribution is known. A key is known, never a soul."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tutelage.provenance.receipts import Level
from tutelage.provenance.trust import Attestation

LIVE_FOR = timedelta(days=30)
MEANING: dict[Level, str] = {
    "H0": "said so by whoever delivered it",
    "H1": "logged and signed by the operator",
    "H2": "signed by the key first enrolled for this pseudonym",
    "H3": "and an issuer outside the operator, whom the verifier trusts, knows who held that device-bound key",
    "H4": "and met them within 30 days before, and independent witnesses saw the log",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was verified about one contribution; nothing here is taken from a claim.

    logged        its leaf is under a checkpoint that a trusted operator key signed
    signed_at     when its batch was signed by the enrolled key, as the batch says; None if unsigned
    credential    id of that key
    device_bound  the authenticator says that the key cannot be copied
    witnesses     trusted witnesses who cosigned the checkpoint
    logged_after  when a trusted witness saw the log without the batch; None if none did: then `signed_at`, which the
                  signer chose, stands alone
    """

    logged: bool
    signed_at: datetime | None = None
    credential: str | None = None
    device_bound: bool = False
    witnesses: int = 0
    logged_after: datetime | None = None


def level_of(evidence: Evidence, attestations: Iterable[Attestation], quorum: int) -> Level:
    """The highest level whose conditions, and those of all levels below, hold.

    attestations  of issuers in the verifier's trust list, already checked by `TrustList.attested`
    """
    at = evidence.signed_at
    late = max(at, evidence.logged_after or at) if at else None
    own = [a for a in attestations if a.credential == evidence.credential]
    good = [a for a in own if at and late and a.issued_at <= at and late < a.expires_at]
    live = [a for a in good if a.method == "live" and late and late - a.issued_at <= LIVE_FOR]
    steps: tuple[tuple[bool, Level], ...] = (
        (evidence.logged, "H1"),
        (at is not None and evidence.credential is not None, "H2"),
        (bool(good) and evidence.device_bound, "H3"),
        (bool(live) and evidence.witnesses >= quorum >= 1, "H4"),
    )
    reached: Level = "H0"
    for holds, level in steps:
        if not holds:
            break
        reached = level
    return reached
