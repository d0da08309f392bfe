"""What is read of one moment does not change under the reader, and nobody waits for the reader."""

from __future__ import annotations

from pathlib import Path

from tests.web.database.halls import migrate, python, rows, tutelage

READ = """
import sqlite3
from django.conf import settings
from tutelage.web.database.reading import one_moment
from tutelage.web.people.models import Organisation
with one_moment():
    before = Organisation.objects.count()
    with sqlite3.connect(settings.HALL / "hall.db", timeout=1) as other:
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("INSERT INTO people_organisation (id, name, made_at) VALUES ('aa', 'Later', '2026-01-01')")
    other.close()
    within = Organisation.objects.count()
print(before, within, Organisation.objects.count())
"""


def test_a_reader_sees_one_moment_while_somebody_writes(tmp_path: Path) -> None:
    """None, still none, and one after; the writer waited less than a second."""
    migrate(tmp_path / "hall")
    assert python(tmp_path / "hall", READ).split() == ["0", "0", "1"]
    out = tmp_path / "ledger.beancount"
    done = tutelage(tmp_path / "hall", "db", "ledger", "--beancount", str(out))
    assert done.returncode == 0, done.stderr
    assert out.read_text().startswith('option "title" "Tutelage"')
    assert rows(tmp_path / "hall", "SELECT count(*) FROM pay_transfer") == [(0,)]
