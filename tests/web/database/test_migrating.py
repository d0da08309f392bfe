"""A migration is backed up before, and refused where an earlier one broke off or a later version was here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.web.database.halls import migrate, python, rows, tutelage

BACK = "from django.core.management import call_command\ncall_command('migrate', 'pay', '0001', verbosity=0)\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hall in this version's shape, to be copied."""
    hall = tmp_path_factory.mktemp("made") / "hall"
    assert migrate(hall) > 20
    return hall


@pytest.fixture
def hall(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "hall"))


def test_an_empty_database_needs_no_backup_and_a_finished_one_no_migration(hall: Path) -> None:
    """The first migration left none; the second finds nothing to do."""
    assert not (hall / "backups").exists()
    assert migrate(hall) == 0


def test_before_a_database_changes_its_shape_a_backup_is_written(hall: Path) -> None:
    """One migration was missing: it is applied, and the backup is of the shape before."""
    python(hall, BACK)
    assert migrate(hall) >= 1
    kept = hall / "backups" / "before-migrating-20260102T000000.db"
    shutil.copy(kept, hall / "hall.db")
    assert rows(hall, "SELECT name FROM django_migrations WHERE app = 'pay'") == [("0001_initial",)]


def test_a_migration_that_broke_off_is_refused_until_its_backup_is_put_back(hall: Path) -> None:
    """Its trigger is there though its row is not, so it fails; then: exit 2, which names the backup; restore; done."""
    rows(
        hall, "DELETE FROM django_migrations WHERE app = 'pay' AND name IN ('0002_append_only', '0003_running_balance')"
    )
    first = tutelage(hall, "serve", "--port", "1")
    assert first.returncode != 0
    again = tutelage(hall, "serve", "--port", "59999")
    assert again.returncode == 2, again.stderr
    assert "did not finish" in again.stderr
    kept = next((hall / "backups").glob("before-migrating-*.db"))
    assert f"tutelage db restore {kept}" in again.stderr
    checked = tutelage(hall, "db", "check")
    assert (checked.returncode, "did not finish" in checked.stdout) == (3, True)
    assert tutelage(hall, "db", "restore", str(kept)).returncode == 0
    rows(hall, "DROP TRIGGER pay_transfer_no_update")
    rows(hall, "DROP TRIGGER pay_entry_balance")
    rows(hall, "ALTER TABLE pay_account DROP COLUMN balance")
    for name in ("transfer_no_delete", "entry_no_update", "entry_no_delete"):
        rows(hall, f"DROP TRIGGER pay_{name}")
    assert migrate(hall) >= 1


def test_a_database_from_a_later_version_is_refused_by_name(hall: Path) -> None:
    """An older program would write rows that the newer one does not understand."""
    rows(hall, "INSERT INTO django_migrations (app, name, applied) VALUES ('work', '9999_later', '2026-01-01')")
    done = tutelage(hall, "serve", "--port", "59999")
    assert done.returncode == 2
    assert "later version: it has work.9999_later" in done.stderr
