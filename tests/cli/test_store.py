"""`tutelage store`: what is kept, what is not, and what a clean-up frees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tutelage.cli import root
from tutelage.errors import BadInput
from tutelage.store import LocalStore


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with two artefacts, 3 and 5 bytes; a run that still exists keeps the first."""
    monkeypatch.setenv("TUTELAGE_HOME", str(tmp_path / "home"))
    store = LocalStore()
    for name, text in (("kept", "123"), ("lost", "12345")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(text)
    store.keep("run:mine", [store.put(tmp_path / "kept")], while_exists=tmp_path / "kept")
    store.put(tmp_path / "lost")
    return tmp_path / "home"


def tutelage(*argv: str) -> Result:
    return CliRunner().invoke(root, list(argv), catch_exceptions=False)


def test_du_counts_what_is_there_and_who_keeps_it(home: Path) -> None:
    usage = json.loads(tutelage("store", "du", "--json").stdout)
    assert usage["store"] == {"artefacts": 2, "bytes": 8, "kept_artefacts": 1, "kept_bytes": 3}
    assert usage["owners"] == [{"owner": "run:mine", "artefacts": 1, "living": True}]
    assert "run:mine: 1 artefacts" in tutelage("store", "du").stdout


def test_gc_says_first_and_then_frees_what_no_run_keeps(home: Path) -> None:
    dry = json.loads(tutelage("store", "gc", "--dry-run", "--json").stdout)
    wet = json.loads(tutelage("store", "gc", "--json").stdout)
    assert dry["removed"] == wet["removed"]
    assert (len(wet["removed"]), wet["bytes"]) == (1, 5)
    assert tutelage("store", "gc").stdout == "Removed 0 artefacts, 0.0 MB.\n"


def test_gc_can_drop_the_scratch_of_unfinished_stages(home: Path) -> None:
    scratch = home / "work/abc/scratch/checkpoint"
    scratch.parent.mkdir(parents=True)
    scratch.write_text("step 7")
    tutelage("store", "gc")
    assert scratch.exists(), "an unfinished run still wants it"
    assert json.loads(tutelage("store", "gc", "--scratch", "--json").stdout)["bytes"] == 6
    assert not scratch.exists()


def test_gc_is_refused_while_a_run_goes_on(home: Path) -> None:
    with LocalStore().in_use(), pytest.raises(BadInput, match="A run is using the store"):
        tutelage("store", "gc")
