"""The machine's way to runs of recipes: launch, look, pause, let go on, end, read the gate, sign it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema, Status

from tutelage.errors import BadInput
from tutelage.provenance.webauthn import Assertion
from tutelage.records import encode
from tutelage.web.people.queries import signed_in
from tutelage.web.proof import rules as proof_rules
from tutelage.web.proof import signing
from tutelage.web.proof.api import CHALLENGE
from tutelage.web.runs import gating, launching, loop_rules, loops, outside, queries
from tutelage.web.runs.models import Loop
from tutelage.web.runs.views.loops import STATEMENT
from tutelage.web.shared.refusals import Refused, Unprocessable

router = Router()
Number = Annotated[int, Field(ge=1, lt=2**31)]
Text = Annotated[str, Field(max_length=loop_rules.MOST_TEXT, pattern=r"^[^\x00]*$")]
Key = Annotated[str, Field(min_length=8, max_length=58, pattern=r"^[\x21-\x7e]+$")]
WebAuthn = Annotated[str, Field(min_length=1, max_length=8_000)]


class LaunchIn(Schema):
    """A recipe and its criteria as TOML (ours where there are none); `key` makes sending it twice safe."""

    recipe: Text
    criteria: Text = ""
    key: Key | None = None


class RunOut(Schema):
    """A run. `wish` is what it is about to do, `error` what stopped it."""

    number: int
    name: str
    source: str
    state: str
    wish: str
    attempt: int
    needed: int
    given: int
    outcome: str
    error: dict[str, Any]
    at: datetime
    moved_at: datetime


class StepOut(Schema):
    """A step of a run; `expected` seconds are those of a run before."""

    name: str
    state: str
    expected: float | None
    seconds: float | None
    cached: bool


class RunWhole(RunOut):
    """A run and how far it is; `left_s` where something tells."""

    steps: list[StepOut]
    share: float
    left_s: float | None
    note: str


class GateOut(Schema):
    """The decision as `tutelage gate --json` prints it, the digest of what it is about, and who signed.

    broken  why the files do not add up; "" where they do
    """

    decision: dict[str, Any]
    basis: str
    signed: list[dict[str, Any]]
    missing: list[str]
    broken: str


class MadeIn(Schema):
    """What a browser gives for a new passkey; all but the ids in base64url."""

    id: Annotated[str, Field(min_length=1, max_length=2_000)]
    key: Annotated[str, Field(min_length=1, max_length=4_000)]
    client_data: WebAuthn
    authenticator_data: WebAuthn


class SignedIn(Schema):
    """The passkey's assertion over the statement that the session keeps."""

    client_data: WebAuthn
    authenticator_data: WebAuthn
    signature: WebAuthn


def _loop(request: HttpRequest, pk: UUID, number: int, *roles: str) -> Loop:
    return loops.loop_for(queries.project_for(request.user, pk, *roles), number)


@router.get("/projects/{pk}/runs", response=list[RunOut], summary="Runs of recipes")
def runs(request: HttpRequest, pk: UUID) -> Any:
    """Newest first, the last fifty."""
    return loops.loops(queries.project_for(request.user, pk, *queries.OVERSEE))


@router.post("/projects/{pk}/runs", response={201: RunOut}, summary="Launch a run")
def launch(request: HttpRequest, pk: UUID, said: LaunchIn) -> Any:
    """A worker takes it up within seconds; a recipe that cannot be run is refused with its line."""
    project = queries.project_for(request.user, pk, *queries.MANAGE)
    criteria = said.criteria or loop_rules.starter_criteria()
    try:
        made = launching.launch(signed_in(request), project, said.recipe, criteria, timezone.now(), said.key)
    except BadInput as error:
        raise Unprocessable(f"{error.where}: {error.seen}", expected=error.expected, remedy=error.remedy) from error
    return Status(201, made)


@router.get("/projects/{pk}/runs/{number}", response=RunWhole, summary="A run")
def run(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """Its state, and how far it is."""
    found = _loop(request, pk, number, *queries.OVERSEE)
    seen = loops.seen(found)
    row = {name: getattr(found, name) for name in RunOut.model_fields}
    return row | {"steps": seen.steps, "share": seen.share, "left_s": seen.left_s, "note": seen.note}


@router.post("/projects/{pk}/runs/{number}/pause", response=RunOut, summary="Pause a run")
def pause(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """After the step that runs now; at once while it waits for people."""
    return launching.pause(signed_in(request), _loop(request, pk, number, *queries.MANAGE), timezone.now())


@router.post("/projects/{pk}/runs/{number}/resume", response=RunOut, summary="Let a run go on")
def resume(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """A paused one, or one that stopped: with the step that failed."""
    return launching.resume(signed_in(request), _loop(request, pk, number, *queries.MANAGE), timezone.now())


@router.post("/projects/{pk}/runs/{number}/go-on", response=RunOut, summary="Go on with what there is")
def go_on(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """Without waiting for the judgments that are still missing."""
    return launching.go_on(signed_in(request), _loop(request, pk, number, *queries.MANAGE), timezone.now())


@router.post("/projects/{pk}/runs/{number}/cancel", response=RunOut, summary="End a run")
def cancel(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """For good; its tasks that nobody holds are taken back."""
    return launching.cancel(signed_in(request), _loop(request, pk, number, *queries.MANAGE), timezone.now())


@router.get("/projects/{pk}/runs/{number}/gate", response=GateOut, summary="The gate of a run")
def gate(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """What was decided on which figures, and who signed for it."""
    found = loops.gate(_loop(request, pk, number, *queries.OVERSEE))
    return {"decision": encode(found.decision), "basis": found.basis, "signed": [encode(s) for s in found.signed],
            "missing": found.missing, "broken": found.broken}  # fmt: skip


@router.post("/projects/{pk}/runs/{number}/passkey", response=dict[str, Any], summary="A passkey for signing gates")
def passkey(request: HttpRequest, pk: UUID, number: Number, body: MadeIn) -> Any:
    """The one by which you sign in this project from now on, also your own work."""
    found = _loop(request, pk, number, *queries.OVERSEE)
    rp = proof_rules.relying_party(request.get_host(), secure=request.is_secure())
    challenge = request.session.pop(CHALLENGE, None) if hasattr(request, "session") else None
    if rp is None or challenge is None:
        raise Refused("No passkey was asked for here.", expected="a passkey made on the page for signing",
                      remedy="Load that page again.", safe=gating.SAFE)  # fmt: skip
    user = signed_in(request)
    made = signing.enrol(
        user, found.project, outside.nym(found.project, str(user.pk)), rp=rp, challenge=challenge,
        credential_id=body.id, key=body.key, client_data=body.client_data,
        authenticator_data=body.authenticator_data, now=timezone.now(),
    )  # fmt: skip
    return {"enrolled": made.public_key}


@router.post("/projects/{pk}/runs/{number}/signature", response=GateOut, summary="Sign the gate by passkey")
def sign(request: HttpRequest, pk: UUID, number: Number, body: SignedIn) -> Any:
    """What the gate's page wrote into your session, signed by your passkey."""
    found = _loop(request, pk, number, *queries.OVERSEE)
    kept = request.session.get(STATEMENT, {}) if hasattr(request, "session") else {}
    assertion = Assertion(body.client_data, body.authenticator_data, body.signature)
    gating.by_passkey(signed_in(request), found, kept if kept.get("run") == found.pk else {}, assertion, timezone.now())
    del request.session[STATEMENT]
    return gate(request, pk, number)
