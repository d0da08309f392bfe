"""What an owner does to a run: launch it, pause it, let it go on, end it. Each writes its audit row with the change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from tutelage.pipeline import driver, sources
from tutelage.pipeline.recipe import Recipe
from tutelage.store import write_json, write_whole
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof import actions as proof
from tutelage.web.runs import loop_rules, loops
from tutelage.web.runs.models import Loop
from tutelage.web.shared.ids import Choice
from tutelage.web.shared.refusals import Refused
from tutelage.web.work.models import Slot

S = Loop.State
MOST = 20  # unfinished runs of a project
SAFE = "Every step that was finished is kept."


def check(project: Project, recipe: str, criteria: str) -> Recipe:
    """The recipe, if it may be launched here. Raises BadInput with the line, of either file."""
    found = loop_rules.checked(recipe, loops.bases(), project.kind)
    loop_rules.criteria_of(criteria)
    return found


def launch(user: User, project: Project, recipe: str, criteria: str, now: datetime, key: str | None = None) -> Loop:
    """A new run, which a worker takes up at once. Raises BadInput, Refused. The same key again is the same run."""
    known = Loop.objects.filter(project=project, key=key).first() if key else None
    if known is not None:
        return known
    found = check(project, recipe, criteria)
    if project.state == Project.State.CLOSED and found.judgments.source == sources.PLATFORM:
        raise Refused("The project is closed: nobody can be asked.", expected="a project that is not",
                      remedy="Launch it from another.")  # fmt: skip
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        rows = Loop.objects.filter(project=project)
        if rows.exclude(state__in=loops.OVER).count() >= MOST:
            raise Refused(f"{MOST} runs are not finished.", expected="fewer", remedy="End one of them.")
        number = (rows.aggregate(last=Max("number"))["last"] or 0) + 1
        made = Loop.objects.create(project=project, number=number, name=found.name, source=found.judgments.source,
                                   key=key, asked_by=user, at=now, moved_at=now)  # fmt: skip
        place = loops.folder(made)
        write_whole(place / loop_rules.CRITERIA, criteria.encode())
        write_whole(place / driver.RECIPE, recipe.encode())
        proof.audit(user, "launched", "run", made.pk, at=now, project=project, name=made.name, number=number)
    return made


def pause(user: User, loop: Loop, now: datetime) -> Loop:
    """After the step that runs now; at once where it waits for people, whose answers count all the same."""
    if loop.state == S.WAITING:
        return _move(user, loop, "paused", now, (S.WAITING,), state=S.PAUSED)
    moved = _move(user, loop, "paused", now, (S.WORKING,), wish="pause")
    _tell(moved)
    return moved


def stop(user: User, loop: Loop, now: datetime) -> Loop:
    """Pause at once: what the running step has saved so far is kept, and the rest of it done again."""
    moved = _move(user, loop, "stopped", now, (S.WORKING,), wish="stop")
    _tell(moved)
    return moved


def resume(user: User, loop: Loop, now: datetime) -> Loop:
    """Go on where it was; also after a failure, with the step that failed."""
    states = (S.PAUSED, S.FAILED)
    return _move(user, loop, "resumed", now, states, state=S.WORKING, wish="", attempt=loop.attempt + 1, tries=0,
                 error={})  # fmt: skip


def go_on(user: User, loop: Loop, now: datetime) -> Loop:
    """Do not wait for more judgments: go on with what there is."""
    if not loop.given:
        raise Refused("Nobody has judged anything for this run yet.", expected="one judgment or more",
                      remedy="Wait for the first.", safe=SAFE)  # fmt: skip
    return _move(user, loop, "cut short", now, (S.WAITING,), enough=True)


def cancel(user: User, loop: Loop, now: datetime) -> Loop:
    """End it for good. Its tasks that nobody holds are taken back; what people did stays theirs, and paid."""
    states = tuple(state for state in S.values if state not in loops.OVER)
    with transaction.atomic():
        moved = _move(user, loop, "cancelled", now, states, state=S.CANCELLED, wish="stop")
        close_tasks(moved)
        _tell(moved)
    return moved


def close_tasks(loop: Loop) -> int:
    """Take the run's tasks that nobody holds out of the queue for good; gives how many."""
    names, closed = list(loops.asked_items(loops.folder(loop))), 0
    for start in range(0, len(names), 500):
        free = Slot.objects.filter(project=loop.project_id, item__name__in=names[start : start + 500],
                                   state__in=(Slot.FREE, Slot.HELD))  # fmt: skip
        closed += free.update(state=Slot.CLOSED)
    return closed


@transaction.atomic
def _move(user: User, loop: Loop, verb: str, now: datetime, states: tuple[Choice, ...], **to: Any) -> Loop:
    """Change a run that is in one of these states. Raises Refused where it is not any more."""
    rows = Loop.objects.filter(pk=loop.pk, state__in=states, attempt=loop.attempt)
    if not rows.update(**to, moved_at=now):
        row = Loop.objects.get(pk=loop.pk)
        raise Refused(f"The run is {row.get_state_display()}.", expected=" or ".join(str(S(s).label) for s in states),
                      remedy="Look at it again.", safe=SAFE)  # fmt: skip
    proof.audit(user, verb, "run", loop.pk, at=now, project=loop.project, number=loop.number)
    moved = Loop.objects.select_related("project", "asked_by").get(pk=loop.pk)
    moved.project = loop.project  # with the roles that its reader holds
    return moved


def _tell(loop: Loop) -> None:
    """Say it to the process that runs; a worker says it again, should this be lost."""
    write_json(loops.folder(loop) / driver.WISH, {"wish": loop.wish})
