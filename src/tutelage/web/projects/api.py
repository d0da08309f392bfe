"""The machine's way to projects: make, read, change, publish, invite; the public offer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from tutelage.errors import BadInput, Where
from tutelage.web.people.queries import organisation_for, signed_in
from tutelage.web.projects import actions, forms, models_here, queries

router = Router()


Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]  # PostgreSQL stores no NUL
Line = Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]
Long = Annotated[str, Field(max_length=100_000, pattern=r"^[^\x00]*$")]


class Terms(Schema):
    """The terms of a project; money in the currency's smallest unit."""

    name: Line
    kind: str = Field(max_length=24)
    purpose: Text = ""
    client_class: Line = ""
    duties: Text = ""
    minutes: float = Field(ge=0.05, le=480)
    warnings: list[str] = []
    currency: str = Field("EUR", pattern="^[A-Z]{3}$")
    piece_minor: int = Field(ge=0, le=100_000_000)
    instruction_minor: int = Field(0, ge=0, le=100_000_000)
    fee_bp: int = Field(0, ge=0, le=10_000)
    overlap: int = Field(1, ge=1, le=100)
    gold_share: float = Field(0.0, ge=0, le=0.5)
    strategy: str = Field("sequential", pattern="^(sequential|random|stratified|uncertainty|gold)$")
    lease_s: int = Field(1800, ge=60, le=86_400)
    quota_day: int = Field(0, ge=0, le=100_000)
    open_call: bool = False
    model: str = Field("", max_length=60, pattern=r"^[^\x00]*$")


class NewProject(Terms):
    """A new project: its terms, whose it is, and the first version of its guideline."""

    organisation: UUID
    guideline: Long = ""


class Changes(Schema):
    """Terms to set; what is left out stays."""

    name: Line | None = None
    purpose: Text | None = None
    client_class: Line | None = None
    duties: Text | None = None
    minutes: float | None = Field(None, ge=0.05, le=480)
    warnings: list[str] | None = None
    piece_minor: int | None = Field(None, ge=0, le=100_000_000)
    instruction_minor: int | None = Field(None, ge=0, le=100_000_000)
    fee_bp: int | None = Field(None, ge=0, le=10_000)
    overlap: int | None = Field(None, ge=1, le=100)
    quota_day: int | None = Field(None, ge=0, le=100_000)
    open_call: bool | None = None
    model: str | None = Field(None, max_length=60, pattern=r"^[^\x00]*$")


class ProjectOut(Terms):
    """A project as those see it who run it."""

    id: UUID
    slug: str
    state: str
    published_at: datetime | None


class GuidelineIn(Schema):
    """The next version."""

    text: Long
    rubric: list[dict[str, Any]] | None = None


class GuidelineOut(Schema):
    """One version."""

    version: int
    text: str
    rubric: list[dict[str, Any]]
    digest: str
    made_at: datetime


class FindingOut(Schema):
    """Why the offer cannot be published: its line, and what to do."""

    line: int
    field: str
    seen: str
    remedy: str


class Move(Schema):
    """The state to go to."""

    to: str = Field(pattern="^(open|paused|closed)$")


class Offer(Schema):
    """The offer, its digest and the operator's signature over it (DSSE)."""

    offer: dict[str, Any]
    digest: str
    key: str
    envelope: dict[str, Any]


@router.get("/projects", response=list[ProjectOut], summary="Projects I run or oversee")
def projects(request: HttpRequest) -> Any:
    """The newest 500."""
    return queries.run_by(signed_in(request))[:500]


@router.post("/projects", response={201: ProjectOut}, summary="Make a draft")
def create(request: HttpRequest, new: NewProject) -> Any:
    """A draft in an organisation that you own or operate."""
    organisation = organisation_for(request.user, new.organisation, *queries.MANAGE)
    fields = new.dict(exclude={"organisation", "guideline"})
    forms.check_kind(new.kind)
    forms.check_warnings(new.warnings)
    models_here.check(new.model)
    return Status(201, actions.create(signed_in(request), organisation, fields, text=new.guideline))


@router.get("/projects/{pk}", response=ProjectOut, summary="A project")
def project(request: HttpRequest, pk: UUID) -> Any:
    """Its terms and state."""
    return queries.project_for(request.user, pk, *queries.READ)


@router.patch("/projects/{pk}", response=ProjectOut, summary="Change its terms")
def change(request: HttpRequest, pk: UUID, changes: Changes) -> Any:
    """Only what is given changes. Pay of a published project cannot fall."""
    found = queries.project_for(request.user, pk, *queries.MANAGE)
    forms.check_warnings(changes.warnings or [])
    models_here.check(changes.model or "")
    return actions.change(signed_in(request), found, changes.dict(exclude_none=True))


@router.get("/projects/{pk}/findings", response=list[FindingOut], summary="What keeps it from being published")
def findings(request: HttpRequest, pk: UUID) -> Any:
    """By line of the offer; empty where it can be published."""
    return [f._asdict() for f in queries.findings(queries.project_for(request.user, pk, *queries.READ))]


@router.post("/projects/{pk}/move", response=ProjectOut, summary="Publish, pause, go on, close")
def move(request: HttpRequest, pk: UUID, where: Move) -> Any:
    """Refused with the wrong line where the offer cannot be published."""
    return actions.move(signed_in(request), queries.project_for(request.user, pk, *queries.MANAGE), where.to)


@router.get("/projects/{pk}/guidelines", response=list[GuidelineOut], summary="Versions of its guideline")
def guidelines(request: HttpRequest, pk: UUID) -> Any:
    """Newest first."""
    return queries.guidelines(queries.project_for(request.user, pk))


@router.post("/projects/{pk}/guidelines", response=GuidelineOut, summary="Write the next version")
def write_guideline(request: HttpRequest, pk: UUID, new: GuidelineIn) -> Any:
    """The version in force where nothing changed. Without a rubric, the one in force stays."""
    found = queries.project_for(request.user, pk, *queries.WRITE)
    rubric = queries.guideline(found).rubric if new.rubric is None else new.rubric
    for place, criterion in enumerate(rubric):
        if not isinstance(criterion.get("name"), str) or not isinstance(criterion.get("anchors", {}), dict):
            raise BadInput(f"Criterion {place} has no name or no table of examples.",
                           expected='{"name": …, "about": …, "anchors": {"1": …, "5": …}}',
                           remedy="Correct it.", where=Where(field=f"rubric[{place}]"))  # fmt: skip
    return actions.write_guideline(signed_in(request), found, new.text, rubric)


@router.get("/offers/{pk}", response=Offer, auth=None, summary="A public offer, signed")
def offer(request: HttpRequest, pk: UUID) -> Any:
    """What the offer page shows, for checking elsewhere."""
    return queries.signed_offer(queries.terms(queries.offered(pk, request.user)))
