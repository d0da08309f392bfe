"""The worker's part in runs: starts the process of each, asks people when it waits, brings their answers back.

One process drives one run: it inherits the lock of the run's directory from the worker, so that no two ever drive the
same, and ends with its worker. What became of it lies in the directory, so that a worker that is killed loses nothing.
"""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from tutelage import records
from tutelage.errors import TutelageError
from tutelage.pipeline import driver, sources
from tutelage.pipeline.sources.platform import as_ranking, asked_as
from tutelage.records import Item as Record
from tutelage.records import Person, Response, Simulated, decode, jsonl, standing
from tutelage.store import digest, write_json
from tutelage.web.proof import actions as proof
from tutelage.web.runs import hooks, loops, outside
from tutelage.web.runs.launching import close_tasks
from tutelage.web.runs.models import Loop
from tutelage.web.shared.ids import Choice
from tutelage.web.work import loading, slices
from tutelage.web.work import queries as work
from tutelage.web.work.models import Item, Judgment
from tutelage.web.work.rules import UNDO_S

log = logging.getLogger(__name__)
S = Loop.State
AT_ONCE = 1  # runs that one hall drives at a time
TRIES = 3  # processes that may die without a word before people are told
CHUNK = 500
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")  # for the worker alone: training wants all there are
REQUEST = Path("waiting") / "gather.json"
_children: list[subprocess.Popen[bytes]] = []


def tend(now: datetime) -> None:
    """Look after every run that is under way or waits for people, the oldest first."""
    _children[:] = [child for child in _children if child.poll() is None]
    busy = 0
    for row in Loop.objects.filter(state__in=(S.WORKING, S.WAITING)).select_related("project").order_by("at", "pk"):
        try:
            busy += _look_after(row, now, room=busy < AT_ONCE)
        except TutelageError as why:
            _fail(row, why.to_json(), now)
        except Exception:
            log.exception("Run %s of project %s could not be looked after.", row.number, row.project_id)


def _look_after(row: Loop, now: datetime, *, room: bool) -> bool:
    """Whether a process drives it now."""
    place = loops.folder(row)
    handle = os.open(place / loops.LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _remind(row, place)
            return True
        row.refresh_from_db(fields=["state", "wish", "attempt", "tries", "steps", "enough", "given", "needed"])
        act = ACTS.get(row.state)
        return act(row, place, now, handle, room) if act else False
    finally:
        os.close(handle)  # the process that inherited it holds on to the lock


def _remind(row: Loop, place: Path) -> None:
    """A wish that was written into the row alone reaches the process as well."""
    if row.wish and driver.wish(place) != row.wish:
        write_json(place / driver.WISH, {"wish": row.wish})


def _work(row: Loop, place: Path, now: datetime, handle: int, room: bool) -> bool:
    """Nobody drives it: either it has ended, or it is to be started."""
    ended = loops.read(place / driver.ENDED)
    if ended.get("attempt") == row.attempt:
        ENDS[ended["how"]](row, place, ended, now)
        return False
    if row.wish:
        _to(row, now, state=S.PAUSED, wish="")
        return False
    if not room:
        return False
    done = sum(step["state"] == "done" for step in loops.read(place / driver.PROGRESS).get("steps", []))
    tries = 1 if done > row.steps else row.tries + 1
    if tries > TRIES:
        _fail(row, {"seen": f"The process that ran it ended {TRIES} times without a word.",
                    "expected": "a process that is left to end", "remedy": "See whether the machine has enough memory, "
                    "then try again: finished steps are kept."}, now)  # fmt: skip
        return False
    _to(row, None, steps=done, tries=tries)
    _start(row, place, handle)
    return True


def _start(row: Loop, place: Path, handle: int) -> None:
    """A process of its own for the run, which holds the directory's lock for as long as it lives."""
    write_json(place / driver.WISH, {"wish": ""})
    asked = [sys.executable, "-m", "tutelage.pipeline.driver", str(place), str(row.attempt), str(os.getpid())]
    env = {k: v for k, v in os.environ.items() if k not in ONE_THREAD} | {driver.MODELS: str(loops.models_folder())}
    with (place / "driver.log").open("ab") as out:
        _children.append(
            subprocess.Popen(asked, stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=(handle,), env=env)
        )


def _done(row: Loop, place: Path, ended: dict[str, Any], now: datetime) -> None:
    _to(row, now, state=S.DONE, wish="", outcome=str(ended.get("outcome", "")), error={})


def _paused(row: Loop, place: Path, ended: dict[str, Any], now: datetime) -> None:
    _to(row, now, state=S.PAUSED, wish="")


def _failed(row: Loop, place: Path, ended: dict[str, Any], now: datetime) -> None:
    _fail(row, ended, now)


def _fail(row: Loop, said: dict[str, Any], now: datetime) -> None:
    error = {name: str(said.get(name, "")) for name in ("seen", "expected", "remedy")}
    _to(row, now, state=S.FAILED, wish="", error=error)


def _ask(row: Loop, place: Path, ended: dict[str, Any], now: datetime) -> None:
    """It waits for people: its items go into the project's queue, by the door of every import."""
    request = loops.read(place / REQUEST)
    items: tuple[Record, ...] = decode(tuple[Record, ...], request["items"])
    given: tuple[Response, ...] = decode(tuple[Response, ...], request["responses"])
    asked, each = asked_as(items, {r.id: r for r in given}, row.project.kind), int(request["per_item"])
    rng = np.random.default_rng(int(digest(str(row.pk)).removeprefix("sha256:")[:15], 16))
    with transaction.atomic():
        offered = (loading.Offered(one.item, one.responses) for one in asked)
        new = loading.load(row.project, offered, rng, needed=each)
        slices.queue(row.project, [one.item.id for one in asked], each, alone=False)
        write_json(place / loops.ASKED, {one.item.id: one.of for one in asked})
        proof.audit(row.asked_by, "asked people", "run", row.pk, at=now, project=row.project, new=new, items=len(asked))
        state = S.PAUSED if row.wish else S.WAITING
        _to(row, now, state=state, wish="", needed=each * len(asked), given=_given(row, place, each))


def _wait(row: Loop, place: Path, now: datetime, handle: int, room: bool) -> bool:
    """Count what is there; when it is enough, bring it into the run and let it go on."""
    each = int(loops.read(place / REQUEST).get("per_item", 1))
    given = _given(row, place, each)
    if given != row.given:
        _to(row, None, given=given)
    if (given >= row.needed or row.enough) and _settled(row, place, now):
        _bring(row, place)
        with transaction.atomic():
            if row.enough:
                close_tasks(row)
            proof.audit(None, "brought in", "run", row.pk, at=now, project=row.project, judgments=given,
                        needed=row.needed)  # fmt: skip
            _to(row, now, state=S.WORKING, attempt=row.attempt + 1, tries=0)
    return False


def _given(row: Loop, place: Path, each: int) -> int:
    """How many of the wanted judgments are there."""
    found = (Item.objects.filter(project=row.project_id, name__in=names).values_list("given", flat=True)
             for names in _chunks(list(loops.asked_items(place))))  # fmt: skip
    return sum(min(given, each) for some in found for given in some)


def _settled(row: Loop, place: Path, now: datetime) -> bool:
    """Whether nobody can take an answer back any more."""
    since = now - timedelta(seconds=UNDO_S)
    rows = Judgment.objects.filter(project=row.project_id, accepted_at__gt=since)
    return not any(rows.filter(item__name__in=names).exists() for names in _chunks(list(loops.asked_items(place))))


def _bring(row: Loop, place: Path) -> None:
    """The people's judgments where the run's source looks: as rankings of its own items, under pseudonyms."""
    asked = loops.asked_items(place)
    judgments: list[records.Judgment] = []
    judges: dict[str, records.Judge] = {}
    for names in _chunks(list(asked)):
        rows = Judgment.objects.filter(project=row.project_id, item__name__in=names, user__isnull=False)
        for one in rows.select_related("item__body", "guideline", "user").order_by("pk"):
            nym = outside.nym(row.project, str(one.user_id))
            judges[nym] = Simulated(nym, "demo") if one.user.simulated else Person(nym, level="H1")
            judgments.append(replace(work.record_of(one), item_id=asked[one.item.name], judge_id=nym))
    kept = [replace(j, answer=as_ranking(j.answer)) for j in standing(judgments)]
    jsonl.write(place / sources.PEOPLE / "judges.jsonl", list(judges.values()))
    jsonl.write(place / sources.PEOPLE / "judgments.jsonl", kept)  # last: where it is, all is


def _to(row: Loop, now: datetime | None, **to: Any) -> None:
    """Change the row, if it is still what it was when we looked; tell those who listen of a new state."""
    if now is not None:
        to["moved_at"] = now
    with transaction.atomic():
        if not Loop.objects.filter(pk=row.pk, state=row.state, attempt=row.attempt).update(**to):
            return
        if "state" in to:
            event = EVENTS.get(to["state"])
            if event:
                hooks.announce(row.project_id, event, {"run": row.number})
    for name, value in to.items():
        setattr(row, name, value)


EVENTS: dict[Choice, str] = {S.WAITING: "run.waiting", S.DONE: "run.done", S.FAILED: "run.failed"}
ACTS: dict[Choice, Callable[[Loop, Path, datetime, int, bool], bool]] = {S.WORKING: _work, S.WAITING: _wait}
ENDS: dict[str, Callable[[Loop, Path, dict[str, Any], datetime], None]] = {
    "done": _done, "waiting": _ask, "paused": _paused, "stopped": _paused, "failed": _failed,
}  # fmt: skip


def _chunks(names: list[str]) -> list[list[str]]:
    return [names[start : start + CHUNK] for start in range(0, len(names), CHUNK)]
