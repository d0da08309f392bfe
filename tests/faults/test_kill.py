"""Kill -9 at any moment: the run resumes, loses no finished stage, and ends with the bytes of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.faults.harness import Finished, complete, finished_stages, kill_at, leftovers, scratch_bytes

from tutelage.store import LocalStore

MINIATURE = str(Path(__file__).with_name("miniature.py"))
STAGES = ["responses", "judgments", "dataset", "train", "report"]


def argv(root: Path) -> list[str]:
    return [sys.executable, MINIATURE, str(root / "home"), str(root / "out")]


def finish(root: Path, **env: str) -> Finished:
    return complete(argv(root), env, root / "out", files=["report.html"])


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """An undisturbed run."""
    finished = finish(tmp_path_factory.mktemp("quiet"))
    assert sorted(finished.artefacts) == sorted(STAGES)
    return finished


def same(one: Finished, other: Finished) -> bool:
    return one.artefacts == other.artefacts and one.files == other.files


def whole(home: Path) -> None:
    """Everything visible in the store is sound, and nothing half is left beside it."""
    store = LocalStore(home / "store")
    for digest in store.digests():
        store.verify(digest)
    assert leftovers(home) == []


def killed_once(root: Path, quiet: Finished, moments: list[float]) -> None:
    for number, moment in enumerate(moments):
        here = root / str(number)
        attempt = kill_at(argv(here), {}, moment)
        assert attempt.killed or attempt.code == 0, attempt.stderr
        before = finished_stages(here / "home")
        finished = finish(here)
        assert same(finished, quiet), f"killed after {moment:.3f} s"
        assert len(finished.cached) >= len(before), f"a finished stage was done again after {moment:.3f} s"
        whole(here / "home")


def killed_again_and_again(root: Path, kills: int, *, pace_s: float, lives_s: tuple[float, float]) -> None:
    """Kill a run `kills` times, each time after it lived `lives_s` (uniform) since it began to work.

    Training steps take `pace_s`; the shortest life is several of them, so each attempt must get further than the last.
    The number of steps is more than all attempts together can take, so none of them finishes.
    """
    env = {"PACE_S": str(pace_s), "STEPS": str(int(1.2 * kills * lives_s[1] / pace_s))}
    quiet = complete(argv(root / "quiet"), env, root / "quiet/out", files=["report.html"])
    home, events = root / "home", root / "out/events.jsonl"
    for number, life in enumerate(np.random.default_rng(kills).uniform(*lives_s, size=kills), 1):
        done, scratch = finished_stages(home), scratch_bytes(home)
        assert kill_at(argv(root), env, life, after=events).killed, f"attempt {number} ended of itself"
        now = finished_stages(home)
        assert done <= now, f"kill {number}: a finished stage was lost"
        assert now > done or scratch_bytes(home) != scratch, f"kill {number}: no progress in {life:.3f} s"
    assert same(complete(argv(root), env, root / "out", files=["report.html"]), quiet)
    whole(home)


def uniform(seconds: float, n: int) -> list[float]:
    return list(np.random.default_rng(n).uniform(0, seconds, size=n))


def test_runs_killed_once_at_a_uniform_moment_end_like_an_undisturbed_one(tmp_path: Path, quiet: Finished) -> None:
    """The short form: 4 runs, moments uniform over the undisturbed run's seconds."""
    killed_once(tmp_path, quiet, uniform(quiet.seconds, 4))


def test_a_run_killed_4_times_always_progresses(tmp_path: Path) -> None:
    """The short form: steps of 0.02 s, lives of 0.2 to 0.3 s."""
    killed_again_and_again(tmp_path, 4, pace_s=0.02, lives_s=(0.2, 0.3))


@pytest.mark.slow
def test_20_runs_killed_once_each_end_like_an_undisturbed_one(tmp_path: Path, quiet: Finished) -> None:
    """Issue 2, Show 4, first half."""
    killed_once(tmp_path, quiet, uniform(quiet.seconds, 20))


@pytest.mark.slow
def test_a_run_killed_20_times_always_progresses(tmp_path: Path) -> None:
    """Issue 2, Show 4, second half: steps of 0.05 s, lives of 0.4 to 0.7 s."""
    killed_again_and_again(tmp_path, 20, pace_s=0.05, lives_s=(0.4, 0.7))


SHORT = ["finish:after:2", "rename:before:2", "rename:after:2", "index:before:2", "index:after:2", "replace:before:8"]
LONG = [
    "finish:before:2", "seal:after:2", "put:before:2", "put:after:2", "remove:before:4", "keep:before:2",
    "replace:before:6", "replace:before:7", "replace:before:9", "replace:before:10",
]  # fmt: skip
POINTS = [*SHORT, *(pytest.param(point, marks=pytest.mark.slow) for point in LONG)]


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_of_putting_a_result_away_costs_nothing_that_was_finished(
    tmp_path: Path, quiet: Finished, point: str
) -> None:
    """Between the stage's last byte, the rename into the store, the index entry and the clean-up."""
    attempt = kill_at(argv(tmp_path), {"DIE": point, "PACE_S": "0.001"}, 60)
    assert attempt.code == -signal.SIGKILL, f"{point} was never reached"
    finished = finish(tmp_path, PACE_S="0.001")
    assert same(finished, quiet)
    assert "responses" in finished.cached
    whole(tmp_path / "home")


def test_a_stage_killed_between_the_rename_and_the_index_entry_is_not_run_again(tmp_path: Path) -> None:
    """`judgments` has been renamed into the store but not indexed: the log shows that it began once only."""
    kill_at(argv(tmp_path), {"DIE": "index:before:2"}, 60)
    finish(tmp_path)
    events = (tmp_path / "out/events.jsonl").read_text().splitlines()
    began = [line for line in events if '"stage.began"' in line and '"judgments"' in line]
    assert len(began) == 1


def test_two_runs_of_one_recipe_do_the_work_once(tmp_path: Path, quiet: Finished) -> None:
    """Two processes, one home: ten stages are wanted, five are begun, and both end alike."""
    slow = {**os.environ, "PACE_S": "0.02"}
    outs = [tmp_path / "one", tmp_path / "two"]
    runs = [subprocess.Popen([sys.executable, MINIATURE, str(tmp_path / "home"), str(out)], env=slow) for out in outs]
    assert [run.wait(timeout=60) for run in runs] == [0, 0]
    began = [line for out in outs for line in (out / "events.jsonl").read_text().splitlines() if "stage.began" in line]
    assert len(began) == len(STAGES)
    again = [complete([sys.executable, MINIATURE, str(tmp_path / "home"), str(o)], {}, o) for o in outs]
    assert again[0].artefacts == again[1].artefacts == quiet.artefacts
    whole(tmp_path / "home")
