"""A contributor's own batch, signed by their passkey with what they were paid; and enrolment of the passkey."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from tutelage.errors import BadInput, Failed
from tutelage.provenance.merkle import leaf_hash, root_of
from tutelage.provenance.receipts import Receipt
from tutelage.provenance.untrusted import parsed
from tutelage.provenance.webauthn import Assertion, Credential, Signed, check_assertion
from tutelage.store import canonical

MOST_RECEIPTS = 50  # a person can still look through what they sign


@dataclass(frozen=True, slots=True)
class PayStatement:
    """What the batch earned: `minor` is the sum over its `count` receipts; `active_s` are seconds of attention.

    at  when the person signs: part of what is signed, so that nobody can date a batch back
    """

    project: str
    nym: str
    minor: int
    currency: str
    active_s: float
    count: int
    at: datetime
    schema: Literal["pay/1"] = "pay/1"


@dataclass(frozen=True, slots=True)
class Batch:
    """`batch/1`: receipts by id, in the order signed."""

    log: str
    project: str
    nym: str
    credential: str
    receipts: tuple[str, ...]
    pay: PayStatement
    assertion: Assertion
    schema: Literal["batch/1"] = "batch/1"

    def payload(self) -> bytes:
        """The bytes of its own leaf."""
        return canonical(self)

    @classmethod
    def parse(cls, payload: bytes) -> Batch:
        """A batch from its payload. Raises BadInput."""
        return parsed(cls, payload)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """`enrolment/1`: from now on this key signs for this nym. `proof` is by the key before, if there was one."""

    log: str
    project: str
    nym: str
    key: Credential
    rp: str
    at: datetime
    proof: Assertion | None = None
    schema: Literal["enrolment/1"] = "enrolment/1"

    def payload(self) -> bytes:
        """The bytes of its own leaf."""
        return canonical(self)

    @classmethod
    def parse(cls, payload: bytes) -> Enrolment:
        """An enrolment from its payload. Raises BadInput."""
        return parsed(cls, payload)

    def challenge(self) -> bytes:
        """What the key before signs."""
        return leaf_hash(replace(self, proof=None).payload())


def pay_statement(receipts: Sequence[Receipt], active_s: float, now: datetime) -> PayStatement:
    """The sum of what the receipts say. Raises BadInput on an empty, mixed or too large batch."""
    owners = {(r.project, r.nym, r.pay.currency) for r in receipts}
    if len(owners) != 1 or len(receipts) > MOST_RECEIPTS:
        raise BadInput(f"{len(receipts)} receipts of {len(owners)} people, projects or currencies.",
                       expected=f"1 … {MOST_RECEIPTS} receipts of one person in one project and currency",
                       remedy="Sign them in several batches.")  # fmt: skip
    project, nym, currency = owners.pop()
    return PayStatement(project, nym, sum(r.pay.minor for r in receipts), currency, active_s, len(receipts), now)


def challenge(leaves: Sequence[bytes], pay: PayStatement) -> bytes:
    """What the passkey signs: the Merkle root over the receipts' leaf hashes and the pay statement."""
    return root_of([*leaves, leaf_hash(canonical(pay))])


def check_batch(batch: Batch, receipts: Sequence[Receipt], enrolled: Enrolment) -> Signed:
    """Raise Failed unless the key enrolled for this nym signed exactly these receipts and this pay.

    receipts  those that the batch names, in its order
    """
    for holds, why in (
        (batch.receipts == tuple(r.id for r in receipts), "it names other receipts"),
        (len(set(batch.receipts)) == len(batch.receipts), "it names a receipt twice"),
        ({(r.log, r.project, r.nym) for r in receipts} == {(batch.log, batch.project, batch.nym)}, "of someone else"),
        ((enrolled.log, enrolled.project, enrolled.nym) == (batch.log, batch.project, batch.nym), "enrolled elsewhere"),
        (batch.credential == enrolled.key.id(), "it names another key than the enrolled one"),
        (
            batch.pay == pay_statement(receipts, batch.pay.active_s, batch.pay.at),
            "the pay is not what its receipts say",
        ),
    ):
        if not holds:
            raise Failed(f"The batch does not hold: {why}.", expected="a batch as it was signed",
                         remedy="Count its receipts as unsigned (H1).")  # fmt: skip
    root = challenge([leaf_hash(r.payload()) for r in receipts], batch.pay)
    return check_assertion(batch.assertion, enrolled.key, enrolled.rp, root)


def enrolled_keys(log: str, enrolments: Iterable[tuple[int, Enrolment]]) -> dict[str, list[tuple[int, Enrolment]]]:
    """By pseudonym the (leaf index, enrolment) that stand, of those in a log.

    The first stands by itself; each later one only with a proof by the key before it. Others are left out: they may be
    an operator enrolling a key of its own. A key stands for one pseudonym, the first: two would look like two people.
    """
    found: dict[str, list[tuple[int, Enrolment]]] = {}
    holder: dict[str, str] = {}
    for index, one in sorted(enrolments, key=lambda e: e[0]):
        chain = found.setdefault(one.nym, [])
        free = holder.get(one.key.id(), one.nym) == one.nym
        if one.log == log and free and (not chain or _continues(one, chain[-1][1])):
            chain.append((index, one))
            holder[one.key.id()] = one.nym
    return found


def key_at(chain: Sequence[tuple[int, Enrolment]], index: int) -> Enrolment | None:
    """The enrolment that counts for a batch at this leaf: the last one before it. Places are proven, clocks are not."""
    return next((one for place, one in reversed(chain) if place < index), None)


def entry(index: int, leaf: bytes, payload: bytes) -> bytes | None:
    """The line of an enrolment in the list that checkpoints sign; None for any other payload.

    It says where the leaf stands and for whom, as a hash, so that a release can show the whole list and the keys of its
    own people alone.
    """
    said = json.loads(payload) if b'"schema":"enrolment/1"' in payload else {}
    if said.get("schema") != "enrolment/1":
        return None
    return canonical({"index": index, "leaf": leaf.hex(), "nym": hashlib.sha256(said["nym"].encode()).hexdigest()})


def _continues(one: Enrolment, before: Enrolment) -> bool:
    if one.proof is None:
        return False
    try:
        check_assertion(one.proof, before.key, before.rp, one.challenge())
    except (Failed, BadInput):
        return False
    return True
