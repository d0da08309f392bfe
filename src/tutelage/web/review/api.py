"""Review, rulings and replies by machine; the same doors as the pages."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema

from tutelage.web.people.queries import signed_in
from tutelage.web.projects.queries import project_for
from tutelage.web.review import actions, queries

router = Router()


class Waiting(Schema):
    """A judgment that waits for a look: nobody's name is in it."""

    judgment: UUID
    item: str
    answer: dict[str, Any]
    reason: str


class Decided(Schema):
    """A reviewer's verdict; a reason unless it is approved."""

    project: UUID
    judgment: UUID
    verdict: Literal["approved", "redo", "expert"]
    reason: str = Field("", max_length=2_000)


class Ruled(Schema):
    """An adjudicator's own verdict on a case."""

    project: UUID
    case: UUID
    verdict: Literal["answer", "both", "neither", "principled"]
    answer: dict[str, Any] | None = None
    reason: str = Field(min_length=1, max_length=2_000)


class Replied(Schema):
    """What one says to a result of one's own."""

    judgment: UUID
    agrees: bool
    reason: str = Field("", max_length=2_000)


@router.get("review/waiting", response=list[Waiting])
def waiting(request: HttpRequest, project: UUID) -> Any:
    """A page of judgments that wait for a look, oldest first."""
    user = signed_in(request)
    found = queries.queue(project_for(user, project, *queries.REVIEWERS), user)
    return [{"judgment": x.judgment.pk, "item": x.judgment.item.name, "answer": x.judgment.answer,
             "reason": x.judgment.reason} for x in found]  # fmt: skip


@router.post("review/decide", response=dict[str, str])
def decide(request: HttpRequest, body: Decided) -> Any:
    """Approve a judgment, ask for it again, or give it to an expert."""
    user = signed_in(request)
    judgment = queries.judgment_for(user, body.project, body.judgment)
    return {"verdict": actions.decide(user, judgment, body.verdict, body.reason, timezone.now()).verdict}


@router.post("review/rule", response=dict[str, str])
def rule(request: HttpRequest, body: Ruled) -> Any:
    """Give your own verdict on a case."""
    user = signed_in(request)
    found = queries.case_for(user, body.project, body.case)
    return {"verdict": actions.rule(user, found, body.verdict, body.answer, body.reason, timezone.now()).verdict}


@router.post("review/reply", response=dict[str, bool])
def reply(request: HttpRequest, body: Replied) -> Any:
    """Agree with a result of your own work, or dispute it."""
    user = signed_in(request)
    found = queries.own_judgment_for(user, body.judgment)
    return {"agrees": actions.reply(user, found, body.agrees, body.reason, timezone.now()).agrees}
