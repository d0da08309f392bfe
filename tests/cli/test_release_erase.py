"""`tutelage release erase`: a contributor of a project on this machine, or a person of the platform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.web.database.halls import python, rows, tutelage

pytest.importorskip("django", reason="the web extra is not installed")
SEED = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.utils import timezone
from tests.web.halls import a_hall
from tests.web.proof.signers import judge
judge(a_hall(items=2), 1, timezone.now())
"""


def test_a_person_of_the_platform_is_erased_by_address(tmp_path: Path) -> None:
    hall = tmp_path / "hall"
    hall.mkdir()
    python(hall, SEED)
    done = tutelage(hall, "release", "erase", "hall", "person0@example.org", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["contributions"] == 1
    assert rows(hall, "select count(*) from people_user where email like 'person0%'") == [(0,)]
    assert rows(hall, "select answer, receipt from work_judgment") == [("{}", "")]
    again = tutelage(hall, "release", "erase", "hall", "person0@example.org", "--yes")
    assert again.returncode != 0 and "Nobody here" in again.stderr
