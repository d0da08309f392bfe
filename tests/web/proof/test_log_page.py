"""Anybody reads the log; a receipt and the log's growth are checked by one file of the standard library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.web.proof.signers import judge

from tutelage.web.proof import actions
from tutelage.web.proof.models import Checkpoint

NOW = timezone.now().replace(microsecond=0)


def check(folder: Path, file: str) -> tuple[bool, str]:
    """What `check_receipt.py`, as it is downloaded, says of a file beside it."""
    for name in ("check_receipt.py", "operator.pub"):
        (folder / name).write_bytes(Client().get(f"/log/{name}").content)
    argv = [sys.executable, "-I", "-S", "check_receipt.py", file, "--trust", "operator.pub"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def test_nobody_needs_an_account_to_see_that_the_log_only_grew(hall: Any, tmp_path: Path) -> None:
    """Three checkpoints; the path from the first to the last holds, and one from a forged first does not."""
    for _ in range(3):
        judge(hall, 1, NOW)
        actions.sequence()
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    old, new = sizes[0], sizes[-1]
    client = Client()
    assert Checkpoint.objects.get(size=new).note in client.get("/log/").content.decode().replace("&#x27;", "'")
    assert client.get(f"/log/?old={old}&new={new}").status_code == 200
    assert "no signed checkpoint" in client.get(f"/log/?old={old}&new={new + 9}").content.decode()
    assert client.get("/log/checkpoint").content.decode() == Checkpoint.objects.get(size=new).note
    said = client.get(f"/log/consistency.json?old={old}&new={new}").json()
    (tmp_path / "consistency.json").write_text(json.dumps(said))
    holds, told = check(tmp_path, "consistency.json")
    assert holds and f"its {old} leaves of then are the first of the {new}" in told, told
    said["path"] = said["path"][:-1]
    (tmp_path / "consistency.json").write_text(json.dumps(said))
    assert not check(tmp_path, "consistency.json")[0]


@pytest.mark.parametrize("asked", ["old=0&new=1", "old=x&new=1", "old=9&new=3", "", "old=1&new=99999999999999999"])
def test_sizes_that_are_none_are_absent(hall: Any, asked: str) -> None:
    assert Client().get(f"/log/consistency.json?{asked}").status_code == 404


def test_every_part_of_a_receipts_file_counts(hall: Any, tmp_path: Path) -> None:
    """A word of the answer, the place, a step of the path, another receipt's envelope: each is found."""
    first, second = judge(hall, 2, NOW)
    actions.sequence()
    client = Client()
    client.force_login(hall.people[0], "django.contrib.auth.backends.ModelBackend")
    address = f"/proof/{hall.project.pk}/receipts/"
    good = client.get(f"{address}{first}.json").json()
    other = client.get(f"{address}{second}.json").json()
    (tmp_path / "r.json").write_text(json.dumps(good))
    holds, told = check(tmp_path, "r.json")
    assert holds and "VERIFIED" in told, told
    for change in (
        {"line": good["line"].replace("even", "odd")},
        {"index": good["index"] + 1},
        {"path": good["path"][::-1]},
        {"envelope": other["envelope"]},
        {"note": other["note"].replace("\n", "\n\n", 1)},
        {"schema": "else"},
    ):
        (tmp_path / "r.json").write_text(json.dumps(good | change))
        holds, told = check(tmp_path, "r.json")
        assert not holds and "Traceback" not in told, (change, told)


def test_somebody_elses_receipt_is_absent(hall: Any) -> None:
    [mine] = judge(hall, 1, NOW)
    client = Client()
    client.force_login(hall.people[1], "django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/proof/{hall.project.pk}/receipts/{mine}.json").status_code == 404


def test_pages_of_ones_own_work_cost_the_same_for_one_row_and_for_three(
    make_hall: Any, django_assert_max_num_queries: Any
) -> None:
    hall = make_hall(items=8)
    client = Client()
    client.force_login(hall.people[0], "django.contrib.auth.backends.ModelBackend")
    seen: dict[str, list[int]] = {}
    for more in (1, 2):
        judge(hall, more, NOW)
        actions.sequence()
        for page in (f"/proof/{hall.project.pk}/sign/", f"/proof/{hall.project.pk}/receipts/", "/me/earnings/"):
            client.get(page)
            with django_assert_max_num_queries(40) as found:
                assert client.get(page).status_code == 200
            seen.setdefault(page, []).append(len(found))
    assert all(a == b for a, b in seen.values()), seen


def test_the_statement_of_pay_is_every_line(hall: Any) -> None:
    """Two tasks of 25 cents: two lines and a total of 50."""
    judge(hall, 2, NOW)
    client = Client()
    client.force_login(hall.people[0], "django.contrib.auth.backends.ModelBackend")
    said = client.get("/me/earnings/pay.json").json()
    assert said["totals"]["EUR"]["minor"] == 50 and [line["minor"] for line in said["lines"]] == [25, 25]
