"""Signing the gate of a run: with one's passkey for the project where there is one, else with one's password again.

What is to be signed is written down by the server and kept in the signer's session until it is: the browser only
returns the passkey's assertion, or the password. The first proves itself; the second rests on this platform's word.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from tutelage.errors import BadInput, Failed
from tutelage.gate import Decision, Signature
from tutelage.pipeline import signing
from tutelage.pipeline.signing import Signed
from tutelage.provenance.webauthn import Assertion, base64url
from tutelage.records import Json, decode, encode
from tutelage.store import digest
from tutelage.web.people.models import User
from tutelage.web.proof import actions as proof
from tutelage.web.proof import queries as proofs
from tutelage.web.proof import rules
from tutelage.web.proof.models import Enrolment
from tutelage.web.runs import loops
from tutelage.web.runs.models import Loop
from tutelage.web.shared.refusals import Forbidden, Refused, Unprocessable

SAFE = "Nothing was signed; the run and its gate are as they were."


def person(user: User) -> str:
    """How a signer stands in the decision: two people never look like one."""
    return f"{user.name} <{user.email}>" if user.name else user.email


def statement(
    user: User, found: loops.Gate, *, role: str, team: str, approves: bool, words: str, days: int, now: datetime
) -> Json:
    """What somebody is about to sign, as their session keeps it."""
    at = now.replace(microsecond=0)
    said = Signature(person(user), role.strip(), team.strip(), found.decision.model, approves, words.strip(), at,
                     at + timedelta(days=days))  # fmt: skip
    return {"signature": encode(said), "basis": found.basis}


def read(kept: Json, now: datetime) -> tuple[Signature, str]:
    """(signature, basis) of what a session keeps. Raises Refused where there is none, or it is old."""
    if not kept:
        raise Refused("There is nothing to be signed in this session.", expected="a statement from the gate's page",
                      remedy="Write it there first.", safe=SAFE)  # fmt: skip
    said: Signature = decode(Signature, kept["signature"])
    if not rules.is_fresh(said.at, now=now):
        raise Refused("This statement is too old to be signed.", expected="one of the last half hour",
                      remedy="Write it again.", safe=SAFE)  # fmt: skip
    return said, str(kept["basis"])


def to_sign(kept: Json, key: Enrolment, now: datetime) -> Json:
    """What the browser asks the passkey."""
    said, basis = read(kept, now)
    enrolled = _enrolled(key)
    return {"at": said.at.isoformat(), "judgments": [], "challenge": base64url(signing.challenge(said, basis)),
            "rp": enrolled.rp, "credential": base64url(bytes(key.credential_id))}  # fmt: skip


def _enrolled(key: Enrolment) -> Any:
    from tutelage.provenance.batches import Enrolment as Enrolled

    return Enrolled.parse(key.payload.encode())


def by_password(user: User, loop: Loop, kept: Json, *, right: bool, now: datetime) -> Decision:
    """Sign with one's password, given again just now. Raises Forbidden where it was wrong or a passkey is there."""
    if proofs.enrolment(user, loop.project) is not None:
        raise Forbidden("You have a passkey for this project.", expected="a signature by it",
                        remedy="Sign with the passkey: a password proves less.", safe=SAFE)  # fmt: skip
    if not right:
        raise Forbidden("This is not your password.", expected="the password you sign in with",
                        remedy="Try again.", safe=SAFE)  # fmt: skip
    said, basis = read(kept, now)
    return _sign(user, loop, Signed(said, basis, "password"), now)


def by_passkey(user: User, loop: Loop, kept: Json, assertion: Assertion, now: datetime) -> Decision:
    """Sign with one's passkey for the project. Raises Refused or Unprocessable where it does not hold."""
    key = proofs.enrolment(user, loop.project)
    if key is None:
        raise Refused("You have no passkey for this project yet.", expected="a passkey", remedy="Make one first.",
                      safe=SAFE)  # fmt: skip
    said, basis = read(kept, now)
    enrolled = _enrolled(key)
    try:
        return _sign(user, loop, Signed(said, basis, "passkey", enrolled.rp, enrolled.key, assertion), now)
    except (Failed, BadInput) as why:
        raise Unprocessable(why.seen, expected=why.expected, remedy="Load the gate's page again, and sign there.",
                            safe=SAFE) from why  # fmt: skip


def _sign(user: User, loop: Loop, one: Signed, now: datetime) -> Decision:
    """The signature into the run's directory, and its digest into the log by way of the audit trail."""
    if one.signature.person != person(user):
        raise Forbidden(
            "Somebody else wrote this statement.", expected="your own", remedy="Write it yourself.", safe=SAFE
        )
    loops.gate(loop)  # 404 before there is one
    with transaction.atomic():
        decision = signing.sign(loops.folder(loop), one, now=now)
        Loop.objects.filter(pk=loop.pk).update(outcome=decision.outcome, moved_at=now)
        proof.audit(
            user, "signed", "gate", loop.pk, at=now, project=loop.project, number=loop.number, level=one.level,
            role=one.signature.role, approves=one.signature.approves, outcome=decision.outcome,
            digest=digest(encode(one)),
        )  # fmt: skip
    return decision
