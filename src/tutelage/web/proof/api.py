"""The machine door to signing: a new passkey, and a signature by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tutelage.provenance.webauthn import Assertion
from tutelage.web.proof import queries, rules, signing
from tutelage.web.proof.rightward import seat_for
from tutelage.web.shared.refusals import Refused

router = Router()
CHALLENGE = "proof-passkey"  # in the session, for the passkey that is being made


class Made(Schema):
    """What a browser gives for a new passkey; all but the ids in base64url."""

    project: UUID
    id: str = Field(min_length=1, max_length=2_000)
    key: str = Field(min_length=1, max_length=4_000)
    client_data: str = Field(min_length=1, max_length=8_000)
    authenticator_data: str = Field(min_length=1, max_length=8_000)


class Signed(Schema):
    """Which judgments, when, and the passkey's assertion over them (base64url)."""

    project: UUID
    judgments: list[UUID] = Field(min_length=1, max_length=50)
    at: datetime
    client_data: str = Field(min_length=1, max_length=8_000)
    authenticator_data: str = Field(min_length=1, max_length=8_000)
    signature: str = Field(min_length=1, max_length=8_000)


@router.post("proof/enrol", response=dict[str, Any])
def enrol(request: HttpRequest, body: Made) -> Any:
    """Make a passkey the one by which you sign in a project."""
    seat = seat_for(request.user, body.project)
    rp = rules.relying_party(request.get_host(), secure=request.is_secure())
    challenge = request.session.pop(CHALLENGE, None) if hasattr(request, "session") else None
    if rp is None or challenge is None:
        raise Refused("No passkey was asked for here.", expected="a passkey made on the page for signing",
                      remedy="Load that page again.", safe=signing.SAFE)  # fmt: skip
    made = signing.enrol(
        seat.user, seat.project, seat.nym, rp=rp, challenge=challenge, credential_id=body.id, key=body.key,
        client_data=body.client_data, authenticator_data=body.authenticator_data, now=timezone.now(),
    )  # fmt: skip
    return {"enrolled": made.public_key}


@router.post("proof/sign", response=dict[str, Any])
def sign(request: HttpRequest, body: Signed) -> Any:
    """Sign some of your own judgments, with what you were paid for them."""
    seat = seat_for(request.user, body.project)
    assertion = Assertion(body.client_data, body.authenticator_data, body.signature)
    batch = signing.sign(seat.user, seat.project, body.judgments, body.at, assertion, timezone.now())
    return {"batch": str(batch.pk), "signed": len(batch.receipts),
            "left": queries.unsigned_count(seat.user, seat.project)}  # fmt: skip
