"""What `care` asks of the queue: nobody is handed what they did not choose, or more of it than a day holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tutelage.web.care import actions as care
from tutelage.web.care import clock, rules
from tutelage.web.care import queries as cared
from tutelage.web.people.models import User
from tutelage.web.projects.rules import WARNINGS
from tutelage.web.shared.ids import Choice
from tutelage.web.shared.refusals import TooMuch
from tutelage.web.work import claiming, queries
from tutelage.web.work.models import Seat, Skip, Slot
from tutelage.web.work.rules import BY_NEED, FROM_START

TRIES = 25  # tasks looked through for one without the content whose dose is used up
Task = dict[str, Any]
LEAVING: Choice = Skip.Why.DISTRESSING
GONE = _("You left the task. Your time is paid and nothing counts against you.")
GONE_ON = _("Your work and pay are safe, and nothing counts against you.")
LEFT: Task = {"none": {"reason": GONE, "when": None}}
FULL = _("Today's share of such content is used up, or a break is due. Other queues are open to you; nothing counts "
         "against you.")  # fmt: skip
ONE = _("Another task with such content is open before you. Finish or leave it first: one at a time.")


def closed(seat: Seat) -> Task | None:
    """Why nothing of a project is handed to somebody who has not agreed to what it warns of; None where they have."""
    missing = cared.missing(seat.user, seat.project.warnings)
    choose = {"href": reverse("care"), "label": _("Choose what you are ready for")}
    return {"none": {"reason": _off(missing), "when": None, "do": choose}} if missing else None


def _off(missing: list[str]) -> str:
    named = ", ".join(str(WARNINGS.get(c, c)) for c in missing)
    said = _("Tasks here may contain: %(classes)s. You have not switched that on under Your account, Content.")
    return str(said) % {"classes": named}


def suitable(seat: Seat, now: datetime, lease: Callable[[int], tuple[Slot, Task] | None]) -> Task | None:
    """The next task that somebody may look at now; those that must wait stay in the queue for others and for later."""
    passed: list[int] = []
    after, why = FROM_START if seat.project.strategy in BY_NEED else seat.cursor, None
    for _try in range(TRIES):
        found = lease(after)
        if found is None:
            break
        slot, task = found
        why = _refusal(seat, slot, task, now)
        if why is None:
            claiming.release(passed)
            return hidden(task)
        passed.append(slot.pk)
        after = slot.rank
    claiming.release(passed)
    return {"none": {"reason": why, "when": (now + timedelta(seconds=rules.BREAK_S)).isoformat()}} if why else None


def hidden(task: Task) -> Task:
    """A task without what may upset in it: that leaves the server only when its holder asks to see it."""
    if task["care"] is None:
        return task
    item = {**task["item"], "messages": [], "payload": {}}
    return task | {
        "responses": [{**r, "html": "", "text": "", "messages": []} for r in task["responses"]],
        "item": item,
    }


def again(seat: Seat, slot: Slot, task: Task, now: datetime) -> Task:
    """A task that somebody holds already, with its time that is left; 0 where it may not be shown now."""
    if task["care"] is not None:
        care.heard(slot.token or "", clock.steady(now))
        _refusal(seat, slot, task, now)
    return hidden(task)


def reveal(seat: Seat, slot: Slot, task: Task, now: datetime) -> Task:
    """What a task may upset with, from now on before its holder; raises TooMuch where it may not be shown now."""
    if task["care"] is not None:
        care.heard(slot.token or "", clock.steady(now))
        why = _refusal(seat, slot, task, now)
        if why is not None:
            raise TooMuch(str(why), expected=str(_("time that is left for it")), remedy=str(_("Leave it, paid.")),
                          safe=str(GONE_ON))  # fmt: skip
        severe = rules.severity(task["care"]["names"])
        care.begin(seat.user, slot.pk, slot.token or "", severe, clock.steady(now))
    return {name: task[name] for name in ("item", "responses", "care")}


def looked(slot: Slot, now: datetime, *, over: bool = False) -> None:
    """A task was heard of, or is over or hidden; asks nothing in a project that warns of nothing."""
    if rules.real(slot.project.warnings):
        care.heard(slot.token or "", clock.steady(now), over=over)


def unseen(slot: Slot, classes: list[str]) -> bool:
    """Whether a task that may upset was never shown to whoever answers it."""
    return bool(rules.real(slot.project.warnings) and rules.classes_of(classes, slot.project.warnings)
                and not cared.met(slot.token or ""))  # fmt: skip


def _refusal(seat: Seat, slot: Slot, task: Task, now: datetime) -> Any:
    """Why a task may not be shown now, or None: then it says how much time there is for it."""
    said, user = task["care"], seat.user
    if said is None:
        return None
    ahead = timedelta(seconds=clock.ahead_s())
    missing = cared.missing(user, said["names"])
    if missing:
        return _off(missing)
    if cared.elsewhere(user, slot.pk, now - ahead):
        return ONE
    benign = partial(_last_benign, user, now, ahead)
    said["dose_left_s"] = cared.left_s(user, rules.severity(said["names"]), now - ahead, benign)
    return None if said["dose_left_s"] else FULL


def _last_benign(user: User, now: datetime, ahead: timedelta) -> datetime | None:
    """By the steady clock: earlier, if anything, than it was, so that setting a clock ends no stretch."""
    found = queries.last_benign(user, now)
    return found and found - max(ahead, timedelta())
