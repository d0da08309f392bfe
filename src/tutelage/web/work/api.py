"""The workbench's door: next, draft, submit, skip, undo."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import StringConstraints

from tutelage.records import Rate, encode
from tutelage.web.people.queries import signed_in
from tutelage.web.shared.refusals import Refused
from tutelage.web.shared.rendering import safe_html
from tutelage.web.work import actions, queries, rehearsing
from tutelage.web.work.models import Skip

router = Router()
NOTHING = queries.NOTHING


class Asked(Schema):
    """What every change names: the lease, and a key that makes asking twice safe."""

    token: str = Field(min_length=8, max_length=32)
    key: str = Field(min_length=8, max_length=64)


class Answered(Asked):
    """An answer of the project's kind."""

    answer: dict[str, Any]
    reason: str = Field("", max_length=10_000)
    telemetry: dict[str, int] = Field(default_factory=dict, max_length=12)


class Skipped(Asked):
    """Why a task is given back."""

    reason: Skip.Why
    note: str = Field("", max_length=2_000)


class Drafted(Schema):
    """What was typed so far."""

    token: str = Field(min_length=8, max_length=32)
    version: int = 0
    answer: dict[str, Any] | None = None
    reason: str = Field("", max_length=10_000)


ShortcutId = Annotated[str, StringConstraints(max_length=80, pattern=r"^[\w./:-]+$")]
Chord = Annotated[str, StringConstraints(max_length=30, pattern=r"^[^\x00-\x1f]+$")]


class KeysKept(Schema):
    """Shortcut by chord: `frame.skip` everywhere, `comparison/act.tie` of a kind; off: no single keys."""

    mapped: dict[ShortcutId, Chord] = Field(default_factory=dict, max_length=300)
    off: bool = False


class Revealing(Schema):
    """Which task to show, or to hide again."""

    token: str = Field(min_length=8, max_length=32)
    shown: bool = True


class Trying(Schema):
    """A problem as far as it is written."""

    token: str = Field(min_length=8, max_length=32)
    answer: dict[str, Any]


class Tries(Schema):
    """What the current model made of it: how often it passed, between what bounds, and what it said."""

    model: str
    passed: int
    of: int
    unscored: int
    lo: float
    hi: float
    pass_rate: dict[str, Any]
    results: list[dict[str, Any]]


class TriedOut(Schema):
    """The grader's finding of the author's own answer; the model's tries, or why there are none."""

    check: dict[str, Any]
    tries: Tries | None
    why: str


class Undone(Schema):
    """Which judgment to take back."""

    judgment: UUID
    key: str = Field(min_length=8, max_length=64)


@router.get("work/next", response=dict[str, Any])
def next_task(request: HttpRequest, project: UUID) -> Any:
    """The task you hold in a project, or the next one."""
    seat = queries.seat_for(request.user, project)
    return actions.take(seat, timezone.now()) or NOTHING


@router.get("work/rehearse", response=dict[str, Any])
def rehearse(request: HttpRequest, project: UUID) -> Any:
    """The next of five tasks that an owner does to see how long one takes; nothing of it is a judgment."""
    user = signed_in(request)
    return rehearsing.take(user, rehearsing.project_to_rehearse(user, project), timezone.now())


@router.put("work/draft", response=dict[str, Any])
def save_draft(request: HttpRequest, body: Drafted) -> Any:
    """Keep what was typed so far; nothing of a rehearsal."""
    if rehearsing.is_token(body.token):
        return {"version": body.version + 1, "expires_at": (timezone.now() + timedelta(hours=1)).isoformat()}
    version, until = actions.save_draft(
        request.user, body.token, body.version, body.answer, body.reason, timezone.now()
    )
    return {"version": version, "expires_at": until.isoformat()}


@router.post("work/submit", response=dict[str, Any])
def submit(request: HttpRequest, body: Answered) -> Any:
    """Store an answer; the reply brings its receipt, its pay and the next task."""
    now = timezone.now()
    if rehearsing.is_token(body.token):
        return {"next": rehearsing.submit(signed_in(request), body.token, body.answer, now)}
    done = actions.submit(request.user, body.token, body.key, body.answer, body.reason, body.telemetry, now)
    made = done.judgment
    return {
        "judgment": str(made.pk),
        "receipt": done.receipt,
        "pay": {"minor": made.pay_minor, "currency": made.project.currency},
        "undo_until": queries.undo_until(made).isoformat(),
        "next": done.next or NOTHING,
    }


@router.post("work/reveal", response=dict[str, Any])
def reveal(request: HttpRequest, body: Revealing) -> Any:
    """What a task holds that may upset: item, responses and the seconds left, which run from now; or hide it again."""
    if rehearsing.is_token(body.token):
        return rehearsing.reveal(signed_in(request), body.token, timezone.now())
    return actions.reveal(signed_in(request), body.token, timezone.now(), shown=body.shown)


@router.post("work/try", response=TriedOut)
def try_out(request: HttpRequest, body: Trying) -> Any:
    """The grader judges the author's own answer; where it passes, the current model tries the problem."""
    found = actions.try_out(signed_in(request), body.token, body.answer, timezone.now())
    rate = found.rate
    tries = {
        "model": found.model, "passed": rate.k, "of": rate.n, "unscored": len(found.grades) - rate.n,
        "lo": rate.lo, "hi": rate.hi, "pass_rate": encode(rate),
        "results": [{"text": said, "grade": encode(grade)}
                    for said, grade in zip(found.answers, found.grades, strict=True)],
    } if isinstance(rate, Rate) else None  # fmt: skip
    return {"check": encode(found.check), "tries": tries, "why": found.why}


@router.post("work/skip", response=dict[str, Any])
def skip(request: HttpRequest, body: Skipped) -> Any:
    """Give a task back, paid for the time it took."""
    if rehearsing.is_token(body.token):
        raise Refused("These are five tasks for you alone.", expected="an answer, to see how long it takes",
                      remedy="Answer it, or go back to the offer.", safe=rehearsing.KEPT)  # fmt: skip
    due, task = actions.skip(request.user, body.token, body.key, body.reason, body.note, timezone.now())
    return {"pay": {"minor": due}, "next": task or NOTHING}


@router.post("work/undo", response=dict[str, Any])
def undo(request: HttpRequest, body: Undone) -> Any:
    """Take back what you submitted in the last ten seconds."""
    return actions.undo(request.user, body.judgment, body.key, timezone.now()) or NOTHING


@router.get("work/keys", response=KeysKept)
def keys(request: HttpRequest) -> Any:
    """The keys that you work with, wherever you sign in."""
    return queries.keys(signed_in(request)) or {}


@router.put("work/keys", response=KeysKept)
def keep_keys(request: HttpRequest, body: KeysKept) -> Any:
    """Work with these keys from now on."""
    actions.keep_keys(signed_in(request), body.mapped, body.off, timezone.now())
    return body


@router.get("work/guideline", response=dict[str, Any])
def guideline(request: HttpRequest, project: UUID, version: int) -> Any:
    """The text of a guideline's version."""
    found = queries.guideline_for(queries.seat_for(request.user, project), version)
    return {"version": found.version, "html": safe_html(found.text)}
