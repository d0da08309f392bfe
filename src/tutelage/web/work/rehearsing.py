"""Five tasks done by whoever runs a project, as contributors see them: how long each took is kept, and no more."""

from __future__ import annotations

import json
import statistics
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from tutelage import kinds, records
from tutelage.errors import BadInput
from tutelage.records import Json, decode
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.projects.queries import MANAGE, project_for
from tutelage.web.projects.rules import amount, money
from tutelage.web.shared.refusals import Unprocessable
from tutelage.web.work import caring, queries
from tutelage.web.work.models import Item, Rehearsal, Seat, Slot

FIVE = 5
MARK = "preview-"
KEPT = "Nothing of this is stored as a judgment."


class Found(NamedTuple):
    """What the tasks done so far say: how many, the median minutes, and what an hour pays at that pace."""

    done: int
    of: int
    minutes: float
    hourly_minor: int


def is_token(token: str) -> bool:
    """Whether a lease is one of these."""
    return token.startswith(MARK)


@transaction.atomic
def take(user: User, project: Project, now: datetime) -> dict[str, Any]:
    """The next of five, begun now where it was not; what they say once all are done."""
    item = _next(user, project)
    if item is None:
        return _said(found(user, project), project)
    guideline = queries.latest_guideline(project.pk)
    row, new = Rehearsal.objects.get_or_create(
        project=project, user=user, item=item, defaults={"guideline": guideline, "began_at": now}
    )
    if not new:
        Rehearsal.objects.filter(pk=row.pk).update(began_at=now)  # it is before them again: the time runs anew
    return caring.hidden(_task(user, project, item, guideline.pk, now))


def reveal(user: User, token: str, now: datetime) -> dict[str, Any]:
    """What such a task holds that may upset."""
    row = _row(user, token)
    task = _task(user, row.project, row.item, row.guideline_id, now)
    return {name: task[name] for name in ("item", "responses", "care")}


@transaction.atomic
def submit(user: User, token: str, answer: Json, now: datetime) -> dict[str, Any]:
    """Check an answer as its kind does, keep how long it took and forget it; gives the next."""
    row = _row(user, token)
    item: records.Item = decode(records.Item, json.loads(row.item.body.record))
    try:
        kinds.get(item.kind).parse_answer(item, answer)
    except BadInput as why:
        raise Unprocessable(f"{why.where}: {why.seen}" if str(why.where) else why.seen, expected=why.expected,
                            remedy=why.remedy, safe=KEPT) from why  # fmt: skip
    took = max(0, int((now - row.began_at).total_seconds() * 1000))
    Rehearsal.objects.filter(pk=row.pk).update(ms=min(took, row.project.lease_s * 1000))
    return take(user, row.project, now)


def found(user: User, project: Project) -> Found:
    """What somebody's tasks say so far."""
    took = list(Rehearsal.objects.filter(project=project, user=user, ms__isnull=False).values_list("ms", flat=True))
    minutes = statistics.median(took) / 60_000 if took else 0.0
    hourly = money(project.piece_minor, 0, max(minutes, 1 / 600)).you_get_hour if took else 0
    return Found(len(took), min(FIVE, Item.objects.filter(project=project)[:FIVE].count()), minutes, hourly)


def _next(user: User, project: Project) -> Item | None:
    first = list(Item.objects.filter(project=project).select_related("body").order_by("rank", "pk")[:FIVE])
    done = set(Rehearsal.objects.filter(project=project, user=user, ms__isnull=False).values_list("item_id", flat=True))
    return next((item for item in first if item.pk not in done), None)


def _row(user: User, token: str) -> Rehearsal:
    """The task of such a lease, for whoever runs its project. Raises Http404."""
    named = token.removeprefix(MARK)
    rows = Rehearsal.objects.select_related("item__body", "project").filter(user=user, ms=None)
    row = rows.filter(item=int(named)).first() if named.isdecimal() else None
    if row is None:
        raise Http404
    project_for(user, row.project_id, *MANAGE)
    return row


def _task(user: User, project: Project, item: Item, guideline: int, now: datetime) -> dict[str, Any]:
    """As the workbench shows it, of nobody's queue."""
    seat, slot = Seat(project=project, user=user), Slot(pk=0, item_id=item.pk, guideline_id=guideline, epoch=0)
    task = queries.task(seat, slot, f"{MARK}{item.pk}", now + timedelta(seconds=project.lease_s))
    said = found(user, project)
    if task["care"] is not None:
        task["care"]["dose_left_s"] = project.lease_s  # an owner who looks is not working through a queue of it
    minor = {"earned_minor": 0, "currency": project.currency, "paid_s": 0}
    return task | {
        "draft": None,
        "progress": {"done": said.done, "left": said.of - said.done, **minor},
        "preview": True,
    }


def _said(one: Found, project: Project) -> dict[str, Any]:
    """After the last: one's own pace against what the offer says."""
    back = {"href": reverse("project", args=[project.pk]), "label": _("To the offer")}
    if not one.done:
        return {"none": {"reason": _("There are no tasks yet. Import items first."), "when": None, "do": back}}
    reason = _("You took %(mine).1f minutes for a task, at the median; the offer says %(said).1f. At your pace it pays "
               "%(hour)s an hour. Nothing was stored as a judgment, and nothing paid.") % {
        "mine": one.minutes, "said": project.minutes, "hour": amount(one.hourly_minor, project.currency)}  # fmt: skip
    return {"none": {"reason": reason, "when": None, "do": back}}


def project_to_rehearse(user: User, pk: UUID) -> Project:
    """A project that somebody runs. Raises Http404."""
    return project_for(user, pk, *MANAGE)
