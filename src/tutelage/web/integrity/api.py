"""The trail, its check, and the evidence by machine."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from tutelage.web.integrity import actions, checking, queries, tasks
from tutelage.web.people.queries import signed_in

router = Router()


class Entry(Schema):
    """A row of the trail; contributors by pseudonym."""

    id: int
    at: datetime
    who: str
    verb: str
    what: str
    which: str
    detail: dict[str, Any]
    sealed: bool


class Checked(Schema):
    """What recomputing found."""

    sound: bool
    ranges: int
    rows: int
    open_rows: int
    broken: list[str]
    size: int
    root: str
    log: str


class Asked(Schema):
    """Which project."""

    project: UUID


@router.get("audit", response=list[Entry])
def trail(request: HttpRequest, project: UUID, before: int | None = None) -> Any:
    """A page of the trail, newest first."""
    found = queries.trail(queries.watched(signed_in(request), project), before)
    return [{"id": e.row.pk, "at": e.row.at, "who": e.who, "verb": e.row.verb, "what": e.row.what,
             "which": e.row.which, "detail": e.row.detail, "sealed": e.row.sealed_in_id is not None}
            for e in found]  # fmt: skip


@router.post("audit/check", response=Checked)
def check(request: HttpRequest, body: Asked) -> Any:
    """Recompute the sealed ranges and the latest checkpoint. Changes nothing."""
    found = checking.check(queries.watched(signed_in(request), body.project))
    return {**asdict(found), "sound": found.sound}


@router.get("evidence", response=dict[str, Any])
def evidence(request: HttpRequest, project: UUID) -> Any:
    """The last examination of a project's work."""
    look = queries.latest(queries.watched(signed_in(request), project))
    return {"found": look.found if look else {}, "done_at": look.done_at.isoformat() if look and look.done_at else None}


@router.post("evidence", response=dict[str, int])
def examine(request: HttpRequest, body: Asked) -> Any:
    """Have a project's work examined in the background."""
    user = signed_in(request)
    look = actions.ask(user, queries.may_examine(user, body.project), timezone.now())
    tasks.examine.enqueue(look.pk)
    return {"look": look.pk}
