"""Bringing the database to this program's shape: backed up before, refused where an earlier attempt broke off.

While it migrates, the database itself holds a row that says so and names the backup; the backup does not hold it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tutelage.errors import BadInput, TutelageError
from tutelage.web.database import backup

MARK = "hall_migrating"
ADVISORY = 7_462_002  # any number that nothing else uses


class State(NamedTuple):
    """How the database stands to this program. `broken`: the (backup, time) of an attempt that did not finish."""

    applied: int
    pending: list[str]
    unknown: list[str]
    broken: tuple[str, str] | None


def state() -> State:
    """Read it; changes nothing."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    known = executor.loader.disk_migrations
    applied = executor.loader.applied_migrations
    ours = {app for app, _ in known}
    unknown = sorted(f"{app}.{name}" for app, name in applied if app in ours and (app, name) not in known)
    replaced = {f"{app}.{name}" for migration in known.values() for app, name in migration.replaces}
    return State(len(applied), [f"{m.app_label}.{m.name}" for m, _ in plan], [u for u in unknown if u not in replaced],
                 _broken())  # fmt: skip


def migrate(backups: Path, now: datetime) -> list[str]:
    """Apply what is missing, after a backup into `backups`; gives the names of what was applied.

    Raises BadInput where an earlier attempt broke off, and where the database is from a later version.
    """
    with _alone():
        found = state()
        _refuse(found)
        if not found.pending:
            return []
        kept = ""
        if found.applied:
            kept = str(backup.save(backups / f"before-migrating-{now:%Y%m%dT%H%M%S}{backup.suffix()}"))
        _mark(kept, now)
        call_command("migrate", verbosity=0, interactive=False)
        _unmark()
    return found.pending


def _refuse(found: State) -> None:
    if found.broken is not None:
        kept, at = found.broken
        remedy = f"Put the backup made before it back: `tutelage db restore {kept}`." if kept else (
            "Nothing was in it yet: move the database file away (on PostgreSQL: drop and create it), and start again."
        )  # fmt: skip
        raise BadInput(f"A migration begun at {at} did not finish, so the database is half in one shape, half in "
                       "another.", expected="a database whose last migration finished", remedy=remedy)  # fmt: skip
    if found.unknown:
        raise BadInput(f"The database is from a later version: it has {', '.join(found.unknown[:3])}.",
                       expected="a database that this version or an earlier one made",
                       remedy="Install the version that made it, or restore a backup made by this one.")  # fmt: skip


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Nobody else migrates meanwhile: on SQLite the server's own lock sees to that."""
    if connection.vendor != "postgresql":
        yield
        return
    _run("SELECT pg_advisory_lock(%s)", [ADVISORY])
    try:
        yield
    finally:
        _run("SELECT pg_advisory_unlock(%s)", [ADVISORY])


def _broken() -> tuple[str, str] | None:
    if MARK not in connection.introspection.table_names():
        return None
    rows = _run(f"SELECT backup, begun_at FROM {MARK}")  # noqa: S608  its name is a constant
    return (rows[0][0], rows[0][1]) if rows else None


def _mark(kept: str, now: datetime) -> None:
    if MARK not in connection.introspection.table_names():
        _run(f"CREATE TABLE {MARK} (backup TEXT NOT NULL, begun_at TEXT NOT NULL)")
    _run(f"INSERT INTO {MARK} (backup, begun_at) VALUES (%s, %s)", [kept, now.isoformat(timespec="seconds")])  # noqa: S608  its name is a constant


def _unmark() -> None:
    _run(f"DROP TABLE {MARK}")


def _run(sql: str, given: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return cursor.fetchall() if cursor.description else []


def or_explain(error: Exception) -> TutelageError:
    """What to say when the database cannot be reached at all."""
    return BadInput(f"The database cannot be used: {str(error).strip().splitlines()[0]}.",
                    expected="a database that answers",
                    remedy="Check TUTELAGE_DATABASE_URL and that PostgreSQL runs, or unset it for SQLite.")  # fmt: skip
