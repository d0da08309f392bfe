"""What holds on SQLite holds on PostgreSQL: first start, backup, restore, refusal of a half migration."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from benchmarks.hall_server import Hall

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hall(cluster: Hall) -> Hall:
    """With three items and one person."""
    cluster.tool("seed", "3", "1")
    return cluster


def run(hall: Hall, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command on the hall."""
    return subprocess.run([sys.executable, "-m", "tutelage", *arguments, "--data", str(hall.data)], text=True,
                          check=False, capture_output=True, env=hall.environment)  # fmt: skip


def sql(hall: Hall, statement: str) -> str:
    """What a statement gives."""
    asked = ["psql", "--tuples-only", "--no-align", hall.environment["TUTELAGE_DATABASE_URL"], "-c", statement]
    return subprocess.run(asked, text=True, check=True, capture_output=True, env=dict(os.environ)).stdout.strip()


def test_restore_brings_back_what_was_there_and_is_refused_while_somebody_is_connected(hall: Hall) -> None:
    """Backup, one more row, restore: the row is gone. With a server running: exit 2."""
    saved = hall.data / "monday.dump"
    assert run(hall, "db", "backup", "--out", str(saved)).returncode == 0
    sql(hall, "INSERT INTO people_organisation (id, name, made_at) VALUES (gen_random_uuid(), 'Later', now())")
    hall.start()
    try:
        refused = run(hall, "db", "restore", str(saved))
    finally:
        hall.stop()
    assert refused.returncode == 2
    done = run(hall, "db", "restore", str(saved))
    assert done.returncode == 0, done.stderr
    assert sql(hall, "SELECT count(*) FROM people_organisation WHERE name = 'Later'") == "0"
    assert run(hall, "db", "check").returncode == 0


def test_the_ledger_is_append_only_here_as_well(hall: Hall) -> None:
    """The database refuses to change or delete an entry, whoever asks."""
    for statement in ("UPDATE pay_entry SET minor = 0", "DELETE FROM pay_transfer"):
        with pytest.raises(subprocess.CalledProcessError) as refused:
            sql(hall, statement)
        assert "append-only" in refused.value.stderr


def test_a_migration_that_broke_off_is_refused_by_every_start(hall: Hall) -> None:
    """The mark is in the database, so a start on another machine sees it too; without it all is well."""
    sql(hall, "CREATE TABLE hall_migrating (backup TEXT NOT NULL, begun_at TEXT NOT NULL)")
    sql(hall, "INSERT INTO hall_migrating VALUES ('/backups/before.dump', '2026-01-02')")
    refused = run(hall, "serve", "--port", "59997")
    assert refused.returncode == 2
    assert "tutelage db restore /backups/before.dump" in refused.stderr
    sql(hall, "DROP TABLE hall_migrating")
    assert run(hall, "db", "check").returncode == 0


def test_a_database_that_does_not_answer_is_said_so(hall: Hall) -> None:
    """A port where nobody listens: exit 2 and which variable to look at."""
    elsewhere = Hall(hall.data.parent, "postgres://hall@127.0.0.1:1/hall")
    done = run(elsewhere, "serve", "--port", "59997")
    assert done.returncode == 2
    assert "TUTELAGE_DATABASE_URL" in done.stderr
