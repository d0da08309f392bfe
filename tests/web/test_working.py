"""The worker: a task that a crash broke off runs again, and nothing periodic stops because one thing failed."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django_tasks import task
from tests.web.database.halls import python

from tutelage.store.files import locked
from tutelage.web import working
from tutelage.web.working import Job

ran: list[datetime] = []


@task
def harmless() -> None:
    """A task."""


def fails() -> None:
    """A job that never works."""
    raise RuntimeError("no")


def notes(now: datetime) -> None:
    """A job that says it ran."""
    ran.append(now)


def test_a_task_whose_worker_died_waits_again_and_that_of_a_living_one_does_not(db: None, tmp_path: Path) -> None:
    """Two running tasks; the lock of one's worker is held: one is ready again."""
    from django_tasks_db.models import DBTaskResult

    ids = [harmless.enqueue().id for _ in range(2)]
    for pk, worker in zip(ids, ("alive", "dead"), strict=True):
        DBTaskResult.objects.filter(pk=pk).update(status="RUNNING", started_at=timezone.now(), worker_ids=[worker])
    workers = tmp_path / "workers"
    workers.mkdir()
    (workers / "dead.lock").touch()
    with locked(workers / "alive.lock"):
        assert working.requeue(tmp_path) == 1
    assert [DBTaskResult.objects.get(pk=pk).status for pk in ids] == ["RUNNING", "READY"]
    assert not (workers / "dead.lock").exists()


def test_a_job_that_fails_is_tried_again_and_stops_no_other(caplog: object) -> None:
    """Both are due every 20 ms: the one that works has run at least three times."""
    ran.clear()
    with working._periodic([Job(0.02, f"{__name__}.fails"), Job(0.02, f"{__name__}.notes", timed=True)]):
        ends = time.monotonic() + 10
        while len(ran) < 3 and time.monotonic() < ends:
            time.sleep(0.02)
    assert len(ran) >= 3


def test_one_backup_a_night_and_the_last_seven_are_kept(tmp_path: Path) -> None:
    """Nine old ones, then two calls: one is made, and seven are left."""
    hall = tmp_path / "hall"
    (hall / "backups").mkdir(parents=True)
    for night in range(1, 10):
        old = hall / "backups" / f"nightly-2026010{night}T000000.db"
        old.touch()
        os.utime(old, (0, 0))
    code = (
        "from datetime import UTC, datetime\nfrom tutelage.web import working\n"
        "from tutelage.web.database import migrating\nnow = datetime.now(UTC)\n"
        f"migrating.migrate(Path({str(hall)!r}) / 'backups', now)\nworking.tidy(now)\nworking.tidy(now)"
    )
    python(hall, code)
    left = sorted(path.name for path in (hall / "backups").glob("nightly-*"))
    assert len(left) == 7
    assert left[0] == "nightly-20260104T000000.db"
    assert left[-1] > "nightly-2026011"
