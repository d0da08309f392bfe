"""The machine's way to items, judgments, files, figures and webhooks of a project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from tutelage.web.people.queries import signed_in
from tutelage.web.projects.models import Project
from tutelage.web.runs import actions, loop_api, queries
from tutelage.web.runs.models import Job
from tutelage.web.runs.queries import Asked
from tutelage.web.runs.views.files import download
from tutelage.web.shared import uploads

router = Router()
router.add_router("", loop_api.router)
CLEAN = r"^[^\x00]*$"  # PostgreSQL stores no NUL
Line = Annotated[str, Field(max_length=120, pattern=CLEAN)]
Key = Annotated[str, Field(min_length=8, max_length=58, pattern=r"^[\x21-\x7e]+$")]


class ItemOut(Schema):
    """An item in a list."""

    id: int
    name: str
    domain: str
    needed: int
    given: int
    gold: bool


class ItemsOut(Schema):
    """A page of items; `after` leads to the next, "" at the end."""

    items: list[ItemOut]
    after: str


class VoiceOut(Schema):
    """A judgment on an item; who gave it is a number or an AI judge's name."""

    id: UUID
    who: str
    sort: str
    answer: str
    reason: str
    withdrawn: bool
    receipt: str
    at: datetime


class ItemWhole(ItemOut):
    """An item with its texts, its judgments, and what they amount to."""

    messages: list[dict[str, str]]
    responses: list[dict[str, Any]]
    verdict: str
    open_why: str
    judgments: list[VoiceOut]


class JudgmentOut(Schema):
    """A judgment as an export holds it; people under their pseudonyms."""

    id: UUID
    item: str
    answer: dict[str, Any]
    reason: str
    judge: dict[str, Any]
    guideline: int
    supersedes: UUID | None
    active_s: float | None
    at: datetime
    receipt: str


class JudgeIn(Schema):
    """A model that judges."""

    name: str = Field(min_length=1, max_length=120, pattern=r"^[\w.:/@+-]+$")
    revision: Line | None = None
    prompt_hash: Line | None = None
    family: Line | None = None


class JudgmentIn(Schema):
    """One answer of the project's kind, on an item by its name; `key` makes sending it twice safe."""

    item: Line
    answer: dict[str, Any]
    reason: str = Field("", max_length=10_000, pattern=CLEAN)
    key: Key


class JudgmentsIn(Schema):
    """What an AI judge said: whole or not at all."""

    judge: JudgeIn
    judgments: list[JudgmentIn] = Field(min_length=1, max_length=500)


class Taken(Schema):
    """A judgment that was taken in, with its signed receipt."""

    id: UUID
    item: str
    receipt: str


class TakenIn(Schema):
    """All of them in the order given, and how many were new."""

    judgments: list[Taken]
    new: int


class JobOut(Schema):
    """An import or export and how far it is."""

    id: int
    kind: str
    state: str
    name: str
    done: int
    of: int
    added: int
    said: dict[str, Any]
    error: dict[str, Any]


class ImportIn(Schema):
    """How a file is to be read; `start` sets it going without a person looking at it first."""

    format: Line = ""
    columns: list[Line] = []
    answers: str = Field("none", pattern="^(none|gold|judgments)$")
    start: bool = False
    key: Key | None = None


class ExportIn(Schema):
    """Which format, in which kind of file."""

    to: Line = "judgments"
    file: str = Field("jsonl", pattern="^(jsonl|csv)$")
    key: Key | None = None


class FiguresOut(Schema):
    """What the last pass of the worker found."""

    at: datetime | None
    found: dict[str, Any]


def door(request: HttpRequest, pk: UUID, *roles: str) -> Project:
    """The project, for whoever has one of the roles. Raises Http404."""
    return queries.project_for(request.user, pk, *roles)


@router.get("/projects/{pk}/items", response=ItemsOut, summary="Items, a page at a time")
def items(request: HttpRequest, pk: UUID, state: Line = "", domain: Line = "", name: Line = "", after: Line = "",
          limit: Annotated[int, Field(ge=1, le=500)] = 50) -> Any:  # fmt: skip
    """`state` is open, begun, settled, disputed or gold; `name` is how names begin."""
    page = queries.page(door(request, pk, *queries.READ), Asked(state, domain, name, after), limit)
    return {"items": page.items, "after": page.after}


@router.get("/projects/{pk}/items/{item}", response=ItemWhole, summary="An item")
def item(request: HttpRequest, pk: UUID, item: Annotated[int, Field(ge=1, lt=2**63)]) -> Any:
    """With its texts and judgments, names hidden."""
    project = door(request, pk, *queries.READ)
    one = queries.whole(project, queries.item_for(project, item))
    row = {f: getattr(one.item, f) for f in ("id", "name", "domain", "needed", "given", "gold")}
    return row | {"messages": one.messages, "responses": one.responses, "verdict": one.verdict,
                  "open_why": one.open_why, "judgments": one.voices}  # fmt: skip


@router.get("/projects/{pk}/judgments", response=list[JudgmentOut], summary="Judgments in order")
def judgments(request: HttpRequest, pk: UUID, after: UUID | None = None,
              limit: Annotated[int, Field(ge=1, le=1000)] = 200) -> Any:  # fmt: skip
    """Oldest first; `after` is the id of the last one you have."""
    return list(queries.judgments(door(request, pk, *queries.OVERSEE), after, limit))


@router.post("/projects/{pk}/judgments", response=TakenIn, summary="An AI judge's judgments")
def judge(request: HttpRequest, pk: UUID, said: JudgmentsIn) -> Any:
    """Each is checked as a person's is, gets a receipt and an audit entry, and is never paid."""
    project = door(request, pk, *queries.MANAGE)
    given = [(j.item, j.answer, j.reason, j.key) for j in said.judgments]
    rows, new = actions.ai_judgments(signed_in(request), project, said.judge.dict(), given, timezone.now())
    return {"judgments": [{"id": r.pk, "item": j.item, "receipt": r.receipt}
                          for r, j in zip(rows, said.judgments, strict=True)], "new": new}  # fmt: skip


@router.post("/projects/{pk}/imports", response={201: JobOut}, summary="Import a file")
def import_(request: HttpRequest, pk: UUID, said: Form[ImportIn], file: File[UploadedFile]) -> Any:
    """Looked at first; `start` sets it going at once."""
    project, now = door(request, pk, *queries.MANAGE), timezone.now()
    user, options = signed_in(request), {"format": said.format, "columns": said.columns, "answers": said.answers}
    uploads.check(file, actions.MOST_BYTES)
    blocks: Iterator[bytes] = file.chunks()
    job = actions.prepare_import(user, project, file.name or "file", blocks, options, now, said.key)
    return Status(201, actions.start(user, job, now) if said.start else job)


@router.post("/projects/{pk}/exports", response={201: JobOut}, summary="Ask for an export")
def export(request: HttpRequest, pk: UUID, said: ExportIn) -> Any:
    """Written in the background; see the job."""
    project = door(request, pk, *queries.OVERSEE)
    return Status(201, actions.start_export(signed_in(request), project, said.to, said.file, timezone.now(), said.key))


Number = Annotated[int, Field(ge=1, lt=2**63)]


@router.get("/projects/{pk}/jobs/{number}", response=JobOut, summary="An import or export")
def job(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """How far it is, and what stopped it."""
    return queries.job_for(door(request, pk, *queries.OVERSEE), number)


@router.post("/projects/{pk}/jobs/{number}/start", response=JobOut, summary="Start an import")
def start(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """One that was looked at, or go on with one that stopped."""
    project = door(request, pk, *queries.MANAGE)
    found = queries.job_for(project, number)
    found.project = project
    return actions.start(signed_in(request), found, timezone.now())


DOWNLOAD = {"responses": {200: {"content": {
    sort: {"schema": {"type": "string"}} for sort in ("application/jsonl", "text/csv")
}}}}  # fmt: skip


@router.get("/projects/{pk}/exports/{number}/file", openapi_extra=DOWNLOAD, summary="The file of an export")
def file(request: HttpRequest, pk: UUID, number: Number) -> Any:
    """As a download."""
    found = queries.job_for(door(request, pk, *queries.OVERSEE), number)
    return download(found if found.kind == Job.Kind.EXPORT else Job(state=Job.State.FAILED))


@router.get("/projects/{pk}/figures", response=FiguresOut, summary="A project's figures")
def figures(request: HttpRequest, pk: UUID) -> Any:
    """Those of the run page."""
    found = queries.figures(door(request, pk, *queries.OVERSEE))
    return {"at": found.at if found else None, "found": found.found if found else {}}
