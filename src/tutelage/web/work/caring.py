"""What `care` asks of the queue: nobody is handed what they did not choose, or more of it than a day holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy as _

from tutelage.web.care import actions as care
from tutelage.web.care import queries as cared
from tutelage.web.care import rules
from tutelage.web.projects.rules import WARNINGS
from tutelage.web.shared.ids import Choice
from tutelage.web.work import claiming, queries
from tutelage.web.work.models import Seat, Skip, Slot

TRIES = 25  # tasks looked through for one without the content whose dose is used up
Task = dict[str, Any]
LEAVING: Choice = Skip.Why.DISTRESSING
GONE = _("You left the task. Your time is paid and nothing counts against you.")
LEFT: Task = {"none": {"reason": GONE, "when": None}}
FULL = _("Today's share of such content is used up, or a break is due. Other queues are open to you; nothing counts "
         "against you.")  # fmt: skip
ONE = _("Another task with such content is open before you. Finish or leave it first: one at a time.")


def closed(seat: Seat) -> Task | None:
    """Why nothing of a project is handed to somebody who has not agreed to what it warns of; None where they have."""
    missing = cared.missing(seat.user, seat.project.warnings)
    return {"none": {"reason": _off(missing), "when": None}} if missing else None


def _off(missing: list[str]) -> str:
    named = ", ".join(str(WARNINGS.get(c, c)) for c in missing)
    said = _("Tasks here may contain: %(classes)s. You have not switched that on under Your account, Content.")
    return str(said) % {"classes": named}


def suitable(seat: Seat, now: datetime, lease: Callable[[int], tuple[Slot, Task] | None]) -> Task | None:
    """The next task that somebody may look at now; those that must wait stay in the queue for others and for later."""
    passed: list[int] = []
    after, why = seat.cursor, None
    for _try in range(TRIES):
        found = lease(after)
        if found is None:
            break
        slot, task = found
        why = _refusal(seat, slot, task, now)
        if why is None:
            claiming.release(passed)
            return task
        passed.append(slot.pk)
        after = slot.rank
    claiming.release(passed)
    return {"none": {"reason": why, "when": (now + timedelta(seconds=rules.BREAK_S)).isoformat()}} if why else None


def again(seat: Seat, slot: Slot, task: Task, now: datetime) -> Task:
    """A task that somebody holds already: with its time that is left, or without its content where there is none."""
    if task["care"] is None:
        return task
    care.heard(slot.token or "", now)
    if _refusal(seat, slot, task, now) is not None:
        empty = [{**r, "html": "", "text": "", "messages": []} for r in task["responses"]]
        task |= {"responses": empty, "item": {**task["item"], "messages": [], "payload": {}}}
    return task


def looked(slot: Slot, now: datetime, *, over: bool = False) -> None:
    """A task was heard of, or is over; asks nothing in a project that warns of nothing."""
    if rules.real(slot.project.warnings):
        care.heard(slot.token or "", now, over=over)


def _refusal(seat: Seat, slot: Slot, task: Task, now: datetime) -> Any:
    """Why a task may not be shown now, or None: then its time runs, and it says how much there is."""
    said, user = task["care"], seat.user
    if said is None:
        return None
    severe = rules.severity(said["names"])
    missing = cared.missing(user, said["names"])
    if missing:
        return _off(missing)
    if cared.elsewhere(user, slot.pk, now):
        return ONE
    said["dose_left_s"] = cared.left_s(user, severe, now, partial(queries.last_benign, user, now))
    if not said["dose_left_s"]:
        return FULL
    care.begin(user, slot.pk, slot.token or "", severe, now)
    return None
