"""`tutelage doctor`: each line is ok or says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tutelage.cli import doctor
from tutelage.cli.doctor import Finding
from tutelage.errors import MissingExtra


def test_every_finding_that_is_not_ok_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELAGE_HOME", str(tmp_path))
    monkeypatch.setattr(doctor, "CHECKS", tuple(c for c in doctor.CHECKS if c is not doctor._packages))
    result = CliRunner().invoke(doctor.command, ["--json"], catch_exceptions=False)
    findings = json.loads(result.stdout)["findings"]
    assert {"python", "disk", "home", "memory", "sandbox", "browser", "sqlite", "smollm2", "minilm"} <= {
        f["name"] for f in findings
    }
    assert all(f["ok"] or f["remedy"] for f in findings)


def test_packages_of_an_extra_are_not_required_and_name_their_extra() -> None:
    found = doctor._package("no-such-distribution", "train")
    assert not found.required
    assert "pip install 'tutelage[train]'" in str(found)


def test_a_missing_required_part_exits_6_after_all_lines_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Finding("numpy", False, "not installed", "Run `pip install tutelage`.", required=True)
    monkeypatch.setattr(doctor, "CHECKS", (lambda: iter([lost]), lambda: iter([Finding("gpu", False, "none", "-")])))
    result = CliRunner().invoke(doctor.command, [])
    assert isinstance(result.exception, MissingExtra)
    assert result.exception.exit_code == 6
    assert "MISSING  numpy        not installed → Run `pip install tutelage`." in result.stdout
    assert "missing  gpu" in result.stdout
