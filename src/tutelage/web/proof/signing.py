"""A person's own signature: their passkey for a project, and each batch that it signs."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from tutelage.errors import BadInput, Failed
from tutelage.provenance.batches import Batch as Signed
from tutelage.provenance.batches import Enrolment as Enrolled
from tutelage.provenance.batches import check_batch
from tutelage.provenance.webauthn import Assertion, base64url, site_of, unbase64url
from tutelage.web import installation
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof import queries, rules
from tutelage.web.proof.actions import audit, publish
from tutelage.web.proof.models import Batch, Enrolment, Lost, Signature
from tutelage.web.shared.refusals import Refused, Unprocessable

SAFE = "Your work and pay are safe: they count whether you sign them or not."
VERIFIED = 5  # flags of an authenticator: the user is present and was verified


def new_challenge() -> str:
    """What a new passkey has to answer, so that nothing prepared elsewhere is enrolled."""
    return base64url(secrets.token_bytes(32))


@transaction.atomic
def enrol(
    user: User, project: Project, nym: str, *, rp: str, challenge: str, credential_id: str, key: str, client_data: str,
    authenticator_data: str, now: datetime,
) -> Enrolment:  # fmt: skip
    """The passkey by which a person signs in this project from now on; its public key is written into the log.

    The first one of a pseudonym stands for ever, or whoever runs the platform could put another in its place: what one
    that replaces a lost one signs is kept and shown, but verifiers count it as unsigned (decision 0007, rule 2).
    """
    lost = _may_enrol(user, project, now)
    _check_made(unbase64url(client_data), unbase64url(authenticator_data), rp, challenge)
    public = rules.credential(unbase64url(key))
    payload = Enrolled(installation.origin(settings.HALL), str(project.pk), nym, public, rp,
                       now.replace(microsecond=0)).payload()  # fmt: skip
    made = Enrolment.objects.create(
        user=user, project=project, credential_id=unbase64url(credential_id),
        public_key={"alg": public.alg, "x": public.x, "y": public.y}, payload=payload.decode(), leaf=publish(payload),
        at=now,
    )  # fmt: skip
    if lost is not None:
        Lost.objects.filter(pk=lost.pk).update(ended_at=now)
    verb = "enrolled" if lost is None else "replaced"
    audit(user, verb, "passkey", public.id()[:40], at=now, project=project)
    return made


def _may_enrol(user: User, project: Project, now: datetime) -> Lost | None:
    """Refused with a passkey at hand; gives the lost one that the new one replaces, once the wait for it is over."""
    if queries.enrolment(user, project) is None:
        return None
    lost = queries.lost(user, project)
    if lost is None:
        raise Refused("You have a passkey for this project already.", expected="one passkey a project",
                      remedy="Sign with it.", safe=SAFE)  # fmt: skip
    if now < rules.ripe_at(lost.at):
        raise Refused("The wait for another passkey is not over.", expected=f"{rules.ripe_at(lost.at):%F} or later",
                      remedy="Come back then, or say that you found it.", safe=SAFE)  # fmt: skip
    return lost


@transaction.atomic
def lose(user: User, project: Project, now: datetime) -> Lost:
    """Somebody says that their passkey is lost: from now the wait runs, and it can be called off. Twice is once."""
    if queries.enrolment(user, project) is None:
        raise Refused("You have no passkey for this project.", expected="one to lose", remedy="Make one.", safe=SAFE)
    found, fresh = Lost.objects.get_or_create(user=user, project=project, ended_at=None, defaults={"at": now})
    if fresh:
        audit(user, "lost", "passkey", found.pk, at=now, project=project)
    return found


@transaction.atomic
def find(user: User, project: Project, now: datetime) -> None:
    """It was found again, or somebody else had said that it was lost: no other can be made."""
    lost = queries.lost(user, project)
    if lost is not None:
        Lost.objects.filter(pk=lost.pk).update(ended_at=now)
        audit(user, "found", "passkey", lost.pk, at=now, project=project)


@transaction.atomic
def sign(
    user: User, project: Project, judgments: Sequence[UUID], at: datetime, assertion: Assertion, now: datetime
) -> Batch:
    """Keep a person's signature over some of their judgments and their pay, if it holds.

    What was signed is worked out here again from the rows, never taken from the browser. Raises Refused or Failed.
    """
    enrolled = queries.enrolment(user, project)
    if enrolled is None:
        raise Refused("You have no passkey for this project yet.", expected="a passkey", remedy="Make one first.",
                      safe=SAFE)  # fmt: skip
    if not rules.is_fresh(at, now=now):
        raise Refused("This page is too old to be signed.", expected="a statement of the last half hour",
                      remedy="Load it again.", safe=SAFE)  # fmt: skip
    mine = queries.unsigned(user, project, judgments)
    if [one.judgment.pk for one in mine] != list(judgments):
        raise Refused("Some of these were signed already, or are not yours.", expected="your own unsigned judgments",
                      remedy="Load the page again.", safe=SAFE)  # fmt: skip
    said, key = queries.statement(mine, at), Enrolled.parse(enrolled.payload.encode())
    receipts = [one.receipt for one in mine]
    signed = Signed(key.log, key.project, key.nym, key.key.id(), tuple(r.id for r in receipts), said.pay, assertion)
    try:
        check_batch(signed, receipts, key)
    except (Failed, BadInput) as why:
        raise Unprocessable(why.seen, expected=why.expected, remedy="Try again with the passkey of this project.",
                            safe=SAFE) from why  # fmt: skip
    payload = signed.payload()
    batch = Batch.objects.create(user=user, project=project, receipts=list(signed.receipts), payload=payload.decode(),
                                 leaf=publish(payload, about=user), signed_at=now)  # fmt: skip
    try:
        with transaction.atomic():
            Signature.objects.bulk_create(Signature(judgment=pk, batch=batch) for pk in judgments)
    except IntegrityError:
        raise Refused("Some of these were signed just now.", expected="each judgment signed once",
                      remedy="Load the page again.", safe=SAFE) from None  # fmt: skip
    audit(user, "signed", "batch", batch.pk, at=now, project=project, count=len(receipts))
    return batch


def _check_made(client: bytes, data: bytes, rp: str, challenge: str) -> None:
    """Refused unless a browser on this site made the passkey just now, with its user there and verified."""
    try:
        said = json.loads(client)
        (_, host), asked, kind = site_of(said["origin"]), said["challenge"], said["type"]
    except (ValueError, KeyError, TypeError):
        raise Unprocessable("The browser's answer cannot be read.", expected="client data of a new passkey",
                            remedy="Try again.", safe=SAFE) from None  # fmt: skip
    here = host is not None and (host == rp or host.endswith("." + rp))
    right = kind == "webauthn.create" and secrets.compare_digest(str(asked), challenge)
    there = len(data) >= 37 and data[:32] == hashlib.sha256(rp.encode()).digest() and data[32] & VERIFIED == VERIFIED
    if not (here and right and there):
        raise Unprocessable("This passkey was not made here just now.", expected="a new passkey, made on this page",
                            remedy="Load the page again, then make it.", safe=SAFE)  # fmt: skip
