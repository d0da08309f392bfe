"""A backup is whole or absent, is written while others write, and is put back only where nobody is at work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.web.database.halls import migrate, rows, tutelage


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hall in this version's shape."""
    where = tmp_path_factory.mktemp("backup") / "hall"
    migrate(where)
    return where


def test_restore_brings_back_what_was_there_and_keeps_what_it_replaces(hall: Path, tmp_path: Path) -> None:
    """A row written after the backup is gone from the hall, and is in the kept file."""
    saved = tmp_path / "monday.db"
    assert tutelage(hall, "db", "backup", "--out", str(saved)).returncode == 0
    assert saved.stat().st_mode & 0o777 == 0o600
    assert tutelage(hall, "db", "backup", "--out", str(saved)).returncode == 2  # never over another file
    rows(hall, "INSERT INTO people_organisation (id, name, made_at) VALUES ('aa', 'Later', '2026-01-01')")
    done = tutelage(hall, "db", "restore", str(saved))
    assert done.returncode == 0, done.stderr
    assert rows(hall, "SELECT * FROM people_organisation WHERE name = 'Later'") == []
    assert len(list((hall / "backups").glob("replaced-*.db"))) == 1
    assert tutelage(hall, "db", "check").returncode == 0


def test_a_damaged_backup_is_refused_and_nothing_changes(hall: Path, tmp_path: Path) -> None:
    """Zeros in the middle: quick_check sees it before the hall is touched."""
    saved = tmp_path / "damaged.db"
    tutelage(hall, "db", "backup", "--out", str(saved))
    whole = saved.read_bytes()
    saved.write_bytes(whole[:8192] + b"\0" * 65536 + whole[8192 + 65536 :])
    done = tutelage(hall, "db", "restore", str(saved))
    assert (done.returncode, "damaged" in done.stderr) == (3, True)
    assert tutelage(hall, "db", "check").returncode == 0


def test_check_names_a_ledger_that_does_not_sum_to_zero(hall: Path) -> None:
    """An entry of 5 with no other side: exit 3, and which check failed."""
    rows(hall, "INSERT INTO pay_account (id, kind, currency, balance) VALUES (1, 'fees', 'EUR', 0)")
    one, day = "b" * 32, "2026-01-01"
    rows(hall, f"INSERT INTO pay_transfer (id, key, kind, seconds, at) VALUES ('{one}', 'k', 'deposit', 0, '{day}')")
    rows(hall, f"INSERT INTO pay_entry (id, transfer_id, account_id, minor) VALUES (1, '{one}', 1, 5)")
    done = tutelage(hall, "db", "check", "--json")
    assert done.returncode == 3, done.stderr
    said = {one["name"]: one["ok"] for one in json.loads(done.stdout)["checks"]}
    assert said == {"database": True, "migrations": True, "ledger": False, "log": True, "receipts": True}
