"""Erasing a contributor: what is deleted, what the log says, and the list that tells buyers which rows to drop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tutelage.provenance.keys import PublicKey, SigningKey, open_sealed, seal
from tutelage.provenance.log import Log
from tutelage.provenance.untrusted import parsed
from tutelage.records import Json
from tutelage.store import canonical

REVOCATIONS_TYPE = "application/vnd.tutelage.revocations.v1+json"
Reason = Literal["request", "age", "legal", "error"]


@dataclass(frozen=True, slots=True)
class Revocations:
    """`revocations/1`: ids of receipts whose rows must be dropped, sorted; every list holds all before it."""

    log: str
    size: int
    receipts: tuple[str, ...] = ()
    schema: Literal["revocations/1"] = "revocations/1"

    def digest(self) -> str:
        """`sha256:<hex>` as the tombstone has it; the ids are random, so nobody can guess the list from it."""
        return "sha256:" + hashlib.sha256(canonical(self)).hexdigest()


@dataclass(frozen=True, slots=True)
class Tombstone:
    """`tombstone/1`: some contributions were erased. It names the list by its digest, and no contribution."""

    log: str
    revocations: str
    erased: int
    reason: Reason
    at: datetime
    schema: Literal["tombstone/1"] = "tombstone/1"


def erase(
    log: Log, contributor: str, nym: str, before: Revocations, reason: Reason, now: datetime,
    keep: Callable[[Revocations], object],
) -> Revocations:  # fmt: skip
    """Forget a contributor, log a tombstone, and give the list that now counts.

    keep  writes the new list down, durably (signed, to be published): after erasure nobody can make it again. Killed at
          any moment, all of this can be done once more.
    """
    receipts = receipts_of(log, nym)
    every = tuple(sorted({*before.receipts, *receipts}))
    after = Revocations(log.origin, len(log), every)
    if receipts:
        log.publish(canonical(Tombstone(log.origin, after.digest(), len(receipts), reason, now)))
        keep(after)
    log.erase(contributor)
    return after if receipts else before


def receipts_of(log: Log, nym: str) -> list[str]:
    """Ids of all receipts of a pseudonym that can still be read, in log order."""
    found = []
    published = {index for index, _ in log.published()}
    for index in range(len(log)):
        given = None if index in published else log.given(index)
        if given is not None and given.receipt.nym == nym:
            found.append(given.receipt.id)
    return found


def sign_revocations(revocations: Revocations, key: SigningKey) -> Json:
    """The list as published: DSSE, signed by the operator."""
    return seal(REVOCATIONS_TYPE, canonical(revocations), key)


def open_revocations(sealed: Json, operators: Sequence[PublicKey]) -> Revocations:
    """A published list that one of the operator's keys signed. Raises Failed or BadInput."""
    return parsed(Revocations, open_sealed(sealed, REVOCATIONS_TYPE, operators)[0])
