"""The ledger as Beancount's own `bean-check` reads it: it adds up, and comes to what our database says."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tutelage.web.pay import actions, beancount
from tutelage.web.projects.models import Project

pytest.importorskip("beancount", reason="beancount is not installed")
NOW = timezone.now()


def bean_check(file: Path, text: str) -> str:
    """What bean-check complains of; nothing where all is well."""
    file.write_text(text, encoding="utf-8")
    program = "import sys; from beancount.scripts.check import main; main()"
    done = subprocess.run([sys.executable, "-c", program, str(file)], text=True, capture_output=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def a_week(hall: Any) -> None:
    """Work over some days, and a project in yen, which has no smaller unit."""
    for n in range(12):
        actions.pay("task", f"k{n}", hall.project, hall.people[n % 2], 25 + n, seconds=30, at=NOW + timedelta(days=n))
    terms = {"kind": "comparison", "minutes": 1.0, "piece_minor": 40, "fee_bp": 1500, "currency": "JPY"}
    yen = Project.objects.create(organisation=hall.project.organisation, slug="yen", name="Yen", **terms)
    actions.deposit(yen, 5000, "yen", at=NOW)
    actions.pay("task", "y", yen, hall.people[0], 40, seconds=30, at=NOW)


def test_bean_check_accepts_the_ledger_and_one_projects_part_of_it(hall: Any, tmp_path: Path) -> None:
    a_week(hall)
    whole = "".join(beancount.lines())
    assert bean_check(tmp_path / "whole.beancount", whole) == ""
    assert whole.count(" * ") == 15 and " JPY" in whole and "5000 JPY" in whole
    part = "".join(beancount.lines(hall.project))
    assert bean_check(tmp_path / "part.beancount", part) == "" and part.count(" * ") == 13 and "JPY" not in part
    assert "person0" not in whole and hall.project.name not in whole


def test_bean_check_finds_a_cent_that_moved_without_a_transfer(hall: Any, tmp_path: Path) -> None:
    """A line changed in the file: the balances at its end, which our database gave, are no longer reached."""
    a_week(hall)
    whole = "".join(beancount.lines())
    changed = whole.replace("0.25 EUR", "0.26 EUR", 1).replace("-0.28 EUR", "-0.29 EUR", 1)
    assert changed != whole
    assert "Balance failed" in bean_check(tmp_path / "changed.beancount", changed)


def test_bean_check_finds_a_transfer_that_does_not_balance(hall: Any, tmp_path: Path) -> None:
    a_week(hall)
    text = "".join(beancount.lines()).replace(" 0.25 EUR", " 0.24 EUR", 1)
    assert "does not balance" in bean_check(tmp_path / "odd.beancount", text)


def test_an_empty_ledger_is_a_file_too(hall: Any, tmp_path: Path) -> None:
    nothing = Project(organisation=hall.project.organisation, slug="none")
    assert bean_check(tmp_path / "none.beancount", "".join(beancount.lines(nothing))) == ""


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [(-28, "EUR", "-0.28"), (5, "JPY", "5"), (1, "KWD", "0.001"), (123456789012345678, "EUR", "1234567890123456.78")],
)
def test_amounts_are_exact_in_every_currency(minor: int, currency: str, said: str) -> None:
    assert beancount.decimal(minor, currency) == said
