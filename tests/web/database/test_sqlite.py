"""The SQLite rule: commits last, one writer at a time, checkpoints only while nobody writes."""

from __future__ import annotations

import random
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from benchmarks.sqlite_stress import stress

from tutelage.web.database import checkpoints
from tutelage.web.database.sqlite.base import READS, DatabaseWrapper


@pytest.fixture
def opened(tmp_path: Path, django_db_blocker: Any) -> Any:
    """Opens connections of our backend to one file, and closes them."""
    from django.db import connections

    made: list[DatabaseWrapper] = []

    def connect() -> DatabaseWrapper:
        plain = connections["default"].settings_dict
        settings = {**plain, "NAME": str(tmp_path / "hall.db"), "OPTIONS": {}, "ENGINE": "tutelage.web.database.sqlite"}
        made.append(DatabaseWrapper(settings, alias="default"))
        made[-1].inc_thread_sharing()
        made[-1].connect()
        return made[-1]

    with django_db_blocker.unblock():  # files of our own, not the tests' database
        yield connect
        for connection in made:
            connection.close()


def run(connection: DatabaseWrapper, sql: str) -> list[Any]:
    """All rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_every_connection_commits_durably_and_never_checkpoints_by_itself(opened: Any) -> None:
    """WAL, synchronous=FULL (2), foreign keys on, no memory map; automatic checkpoints off below 3.51.3."""
    connection = opened()
    asked = ("journal_mode", "synchronous", "foreign_keys", "mmap_size", "wal_autocheckpoint", "busy_timeout")
    got = {name: run(connection, f"PRAGMA {name}")[0][0] for name in asked}
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0, "busy_timeout": 30_000}
    assert got == {**wanted, "wal_autocheckpoint": 1000 if sqlite3.sqlite_version_info >= (3, 51, 3) else 0}


def test_a_transaction_holds_the_write_lock_from_begin_to_commit(opened: Any) -> None:
    """BEGIN takes it, COMMIT and ROLLBACK give it back; what only reads never takes it."""
    connection = opened()
    run(connection, "CREATE TABLE t (n INTEGER)")
    assert not connection.writing
    run(connection, "SELECT * FROM t")
    assert not connection.writing
    for end in (connection._commit, connection._rollback):
        connection._start_transaction_under_autocommit()
        assert connection.writing
        end()
        assert not connection.writing


def test_what_only_reads_takes_no_lock_however_it_begins() -> None:
    """A long query with a common table expression must not keep people from submitting; one that writes must."""
    reads = ("SELECT 1", " select 1", "WITH a AS (SELECT 1) SELECT * FROM a", "EXPLAIN QUERY PLAN SELECT 1")
    writes = (
        "INSERT INTO t VALUES (1)",
        "WITH a AS (SELECT 1)\nUPDATE t SET n = 1",
        "BEGIN IMMEDIATE",
        "CREATE TABLE t",
    )
    assert [bool(READS.match(sql)) for sql in (*reads, *writes)] == [True] * 4 + [False] * 4


def test_a_row_returned_by_an_insert_outside_a_transaction_is_committed_before_the_lock_goes_on(opened: Any) -> None:
    """RETURNING commits only with its last row: the next writer, here another connection, sees both rows at once."""
    one, two = opened(), opened()
    run(one, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)")
    with one.cursor() as cursor:
        cursor.execute("INSERT INTO t (n) VALUES (7), (8) RETURNING id, n")
        assert not one.writing
        assert run(two, "UPDATE t SET n = n + 1 RETURNING n") == [(8,), (9,)]
        assert (cursor.fetchone(), cursor.fetchmany(5), cursor.fetchall()) == ((1, 7), [(2, 8)], [])


def test_a_failed_statement_and_a_closed_connection_give_the_lock_back(opened: Any) -> None:
    """A lost lock would stop the whole platform."""
    from django.db import OperationalError

    one, two = opened(), opened()
    with pytest.raises(OperationalError, match="no such table"):
        run(one, "INSERT INTO nowhere VALUES (1)")
    one._start_transaction_under_autocommit()
    one.close()
    run(two, "CREATE TABLE t (n INTEGER)")


def test_two_hundred_increments_by_eight_threads_are_two_hundred(opened: Any) -> None:
    """8 threads × 25 read-then-write transactions: none is lost, none is told `database is locked`."""
    run(opened(), "CREATE TABLE t (n INTEGER)")
    run(opened(), "INSERT INTO t VALUES (0)")

    def count(connection: DatabaseWrapper) -> None:
        for _ in range(25):
            connection._start_transaction_under_autocommit()
            seen = run(connection, "SELECT n FROM t")[0][0]
            run(connection, f"UPDATE t SET n = {seen + 1}")
            connection._commit()

    threads = [threading.Thread(target=count, args=(opened(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run(opened(), "SELECT n FROM t") == [(200,)]


def test_a_checkpoint_waits_for_the_writer_and_empties_the_wal(opened: Any, tmp_path: Path) -> None:
    """While a transaction is open the checkpoint has not begun; after it the WAL has 0 bytes."""
    connection, name = opened(), str(tmp_path / "hall.db")
    run(connection, "CREATE TABLE t (n INTEGER)")
    connection._start_transaction_under_autocommit()
    run(connection, "INSERT INTO t VALUES (1)")
    done = threading.Event()
    thread = threading.Thread(target=lambda: (checkpoints.checkpoint(name), done.set()))
    thread.start()
    assert not done.wait(0.2)
    connection._commit()
    thread.join()
    assert checkpoints.wal_size(name) == 0


@pytest.mark.skipif(checkpoints.fixed(), reason="this SQLite checkpoints by itself")
def test_without_a_maintenance_thread_the_wal_stays_bounded(opened: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """The writer that finds it larger than HARD empties it first: 200 × 20 kB never make more than 1 MB + one row."""
    monkeypatch.setattr(checkpoints, "HARD", 1 << 20)
    monkeypatch.setattr("tutelage.web.database.sqlite.base.RETRY_S", 0.0)
    connection = opened()
    run(connection, "CREATE TABLE t (x TEXT)")
    largest = 0
    for _ in range(200):
        run(connection, f"INSERT INTO t VALUES ('{'x' * 20_000}')")
        largest = max(largest, checkpoints.wal_size(str(tmp_path / "hall.db")))
    assert 1 << 20 < largest < (1 << 20) + 50_000


def test_three_processes_that_are_killed_while_they_write_lose_nothing(tmp_path: Path) -> None:
    """The short form of benchmarks/sqlite_stress.py: whole file, equal sums, every acknowledged row there."""
    result = stress(tmp_path / "hall.db", 6.0, random.Random(3))
    assert result["faults"] == []
    assert result["kills"] >= 1
    assert result["acknowledged"] > 100
