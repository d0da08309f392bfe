"""A run driven in a process of its own: all that others need to know lies in its directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tutelage.pipeline import driver
from tutelage.pipeline.driver import Step

NOTHING = 'name = "x"\nbase = "local:nothing"\n[judgments]\nsource = "platform"\n'


def a_run(place: Path, recipe: str = NOTHING) -> Path:
    place.mkdir()
    (place / driver.RECIPE).write_text(recipe)
    return place


def test_the_share_counts_stages_and_a_part_of_the_one_that_runs() -> None:
    """One of four is done, half of the second: 1.5 / 4."""
    steps = [Step("a", "done"), Step("b", "running"), Step("c"), Step("d")]
    assert driver.share(steps, 5, 10) == 1.5 / 4


def test_the_time_left_is_this_stages_pace_and_what_the_others_took_before() -> None:
    """5 of 10 after 20 s: 20 s more; then 7 s and 3 s."""
    steps = [Step("a", "running"), Step("b", expected=7), Step("c", expected=3)]
    assert driver.left(steps, 5, 10, 20) == 30
    assert driver.left([Step("a", "running", expected=50), *steps[1:]], 0, 0, 20) == 40


def test_of_a_stage_that_never_ran_nothing_is_known() -> None:
    assert driver.left([Step("a", expected=1), Step("b")], 0, 0, 0) is None


def test_a_run_asked_to_pause_stops_before_its_next_stage_and_says_so(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    (run / driver.WISH).write_text('{"wish": "pause"}')
    assert driver.drive(run, attempt=3, home=tmp_path / "home") == "paused"
    ended = json.loads((run / driver.ENDED).read_text())
    assert (ended["how"], ended["attempt"]) == ("paused", 3)
    assert json.loads((run / "run.json").read_text())["status"] == "paused"


def test_a_failed_stage_says_what_was_seen_expected_and_to_be_done(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    assert driver.drive(run, home=tmp_path / "home") == "failed"
    ended = json.loads((run / driver.ENDED).read_text())
    assert "neither a packaged model" in ended["seen"] and ended["expected"] and "sft" in ended["remedy"]
    steps = json.loads((run / driver.PROGRESS).read_text())["steps"]
    assert [s["state"] for s in steps][:3] == ["done", "done", "running"]


def test_a_driver_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Its parent is said to be process 1, which did not start it: it ends within a second."""
    run = a_run(tmp_path / "run")
    asked = [sys.executable, "-c", "import time; from pathlib import Path; from tutelage.pipeline import driver;"
             f"driver._watch(Path({str(run)!r}), 1, 1); time.sleep(60)"]  # fmt: skip
    began = time.monotonic()
    assert subprocess.run(asked, check=False, timeout=50).returncode == 0
    assert time.monotonic() - began < 40


def test_a_driver_stops_at_once_where_the_owner_wants_that(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    asked = [sys.executable, "-c", "import time; from pathlib import Path; from tutelage.pipeline import driver;"
             f"driver._watch(Path({str(run)!r}), 2, {os.getpid()}); time.sleep(60)"]  # fmt: skip
    (run / driver.WISH).write_text('{"wish": "stop"}')
    assert subprocess.run(asked, check=False, timeout=50).returncode == 0
    ended = json.loads((run / driver.ENDED).read_text())
    assert (ended["how"], ended["attempt"]) == ("stopped", 2)


def test_a_broken_wish_is_none(tmp_path: Path) -> None:
    (tmp_path / driver.WISH).write_text("{")
    assert driver.wish(tmp_path) == ""


@pytest.mark.train
def test_the_loop_ends_in_a_directory_that_the_gate_can_be_asked_from(tmp_path: Path, tiny_base: Path) -> None:
    from tests.pipeline.conftest import RECIPE

    from tutelage.pipeline import signing

    run = a_run(tmp_path / "run", RECIPE.format(model=tiny_base).replace('arms = ["true", "permuted"]', ""))
    assert driver.drive(run, home=tmp_path / "home") == "done"
    decision, proven = signing.verify(run)
    assert decision.outcome in ("fail", "insufficient") and proven == []
    progress = json.loads((run / driver.PROGRESS).read_text())
    assert progress["share"] == 1 and progress["left_s"] == 0
