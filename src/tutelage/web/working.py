"""`tutelage worker`: background tasks one after the other, and beside them what must happen every few seconds.

An app adds work of its own as `PERIODIC = [Job(...)]` in its `tasks.py`. A task may run twice, after a crash: each
must be written so that this changes nothing.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.module_loading import import_string

from tutelage.store.files import locked
from tutelage.web.database import backup, checkpoints
from tutelage.web.settings import APPS

log = logging.getLogger(__name__)
IDLE_S, DAY_S = 1.0, 86_400


class Job(NamedTuple):
    """Something to do every so many seconds: a function by its dotted name, called with the time if it is `timed`."""

    every_s: float
    name: str
    timed: bool = False

    def run(self, now: datetime) -> None:
        """Do it once."""
        function: Callable[..., Any] = import_string(self.name)
        function(*([now] if self.timed else []))


KEPT = 7  # nightly backups
OURS = (
    Job(3600.0, "tutelage.web.working.tidy", timed=True),
    Job(2.0, "tutelage.web.proof.actions.sequence"),
    Job(15.0, "tutelage.web.work.claiming.reclaim", timed=True),
)


def jobs() -> list[Job]:
    """Ours, and those of every app that has some."""
    found = list(OURS)
    for app in APPS:
        if find_spec(f"tutelage.web.{app}.tasks"):
            found += getattr(import_module(f"tutelage.web.{app}.tasks"), "PERIODIC", [])
    return found


def work(hall: Path, *, once: bool = False) -> None:
    """Work until SIGTERM or SIGINT; with `once`, until no task is left."""
    from django_tasks_db.management.commands.db_worker import Worker

    me = get_random_string(32)
    for name in ("django_tasks", "django_tasks_db"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with contextlib.ExitStack() as held:
        held.enter_context(locked(_mark(hall, me)))
        held.callback(_mark(hall, me).unlink, missing_ok=True)
        again = requeue(hall)
        if again:
            log.warning("%d tasks of a worker that died run again.", again)
        if connection.vendor == "sqlite" and not checkpoints.fixed():
            held.enter_context(checkpoints.maintained(str(connection.settings_dict["NAME"])))
        held.enter_context(_periodic(jobs()))
        worker = Worker(queue_names=["*"], excluded_queue_names=[], interval=IDLE_S, batch=once, backend_name="default",
                        startup_delay=False, max_tasks=None, worker_id=me)  # fmt: skip
        if threading.current_thread() is threading.main_thread():
            worker.configure_signals()
        worker.run()


def requeue(hall: Path) -> int:
    """Tasks whose worker, once of this hall, is no more wait again; gives how many."""
    from django_tasks_db.compat import TaskResultStatus
    from django_tasks_db.models import DBTaskResult

    dead = set()
    for mark in (hall / "workers").glob("*.lock"):
        with locked(mark, wait=False) as free:
            if free:
                dead.add(mark.stem)
    with transaction.atomic():
        running = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
        lost = [row.pk for row in running if row.worker_ids and row.worker_ids[-1] in dead]
        DBTaskResult.objects.filter(pk__in=lost).update(status=TaskResultStatus.READY, started_at=None)
    for name in dead:
        (hall / "workers" / f"{name}.lock").unlink(missing_ok=True)
    return len(lost)


def tidy(now: datetime) -> None:
    """Once a day: a backup (of SQLite; PostgreSQL has its own ways), checked; results and sessions of old removed."""
    backups = Path(settings.HALL) / "backups"
    before = sorted(backups.glob("nightly-*"))
    if before and now.timestamp() - before[-1].stat().st_mtime < DAY_S:
        return
    call_command("prune_db_task_results", verbosity=0)
    call_command("clearsessions", verbosity=0)
    if connection.vendor == "sqlite":
        made = backup.save(backups / f"nightly-{now:%Y%m%dT%H%M%S}.db")
        found = backup.damage(made)
        if found:
            log.error("The database is damaged: %s. See `tutelage db check`, and restore a backup.", found[0])
        for old in before[: 1 - KEPT]:
            old.unlink()


def _mark(hall: Path, worker: str) -> Path:
    return hall / "workers" / f"{worker}.lock"


@contextlib.contextmanager
def _periodic(asked: list[Job]) -> Iterator[None]:
    """A thread that does each job when it is due; what fails is logged and tried again when it is due next."""
    stop = threading.Event()

    def repeat() -> None:
        due = dict.fromkeys(asked, 0.0)
        while not stop.wait(max(0.05, min(due.values()) - time.monotonic())):
            for job in [job for job, at in due.items() if at <= time.monotonic()]:
                due[job] = time.monotonic() + job.every_s
                close_old_connections()
                try:
                    job.run(timezone.now())
                except Exception:  # a job must not end the others
                    log.exception("%s failed; it is tried again in %g s", job.name, job.every_s)
        connection.close()

    thread = threading.Thread(target=repeat, name="periodic", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
