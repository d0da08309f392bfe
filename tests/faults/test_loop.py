"""The whole loop killed: `tutelage run` on a tiny model resumes, always progresses, and ends with the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tests.faults.harness import Finished, complete, finished_stages, kill_at, leftovers
from tests.pipeline.conftest import RECIPE, save_tiny_base

pytestmark = pytest.mark.train
KEPT = ["metrics.json"]  # the other files hold times


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe file that takes seconds."""
    place = tmp_path_factory.mktemp("recipe")
    (place / "tiny.toml").write_text(RECIPE.format(model=save_tiny_base(place / "base")))
    return place / "tiny.toml"


def argv(recipe: Path, root: Path) -> list[str]:
    return [sys.executable, "-m", "tutelage", "run", str(recipe), "--out", str(root / "out")]


def env(root: Path) -> dict[str, str]:
    return {"TUTELAGE_HOME": str(root / "home"), "OMP_NUM_THREADS": "1"}


def finish(recipe: Path, root: Path) -> Finished:
    return complete(argv(recipe, root), env(root), root / "out", files=KEPT)


@pytest.fixture(scope="module")
def quiet(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """An undisturbed run."""
    return finish(recipe, tmp_path_factory.mktemp("quiet"))


def killed_once(recipe: Path, root: Path, quiet: Finished, shares: list[float]) -> None:
    for number, share in enumerate(shares):
        here = root / str(number)
        seconds = share * quiet.seconds
        kill_at(argv(recipe, here), env(here), seconds, after=here / "out" / "events.jsonl")
        before = finished_stages(here / "home")
        finished = finish(recipe, here)
        assert finished.artefacts == quiet.artefacts, f"killed after {seconds:.2f} s"
        assert finished.files == quiet.files, f"killed after {seconds:.2f} s"
        assert len(finished.cached) >= len(before), f"a finished stage was done again after {seconds:.2f} s"
        assert leftovers(here / "home") == []


def test_a_run_killed_once_ends_with_the_bytes_of_an_undisturbed_one(
    recipe: Path, quiet: Finished, tmp_path: Path
) -> None:
    """Two moments here; twenty in the long form."""
    killed_once(recipe, tmp_path, quiet, [0.3, 0.7])


@pytest.mark.slow
def test_twenty_runs_each_killed_at_a_uniform_moment(recipe: Path, quiet: Finished, tmp_path: Path) -> None:
    """Twenty moments drawn evenly over the length of a run."""
    killed_once(recipe, tmp_path, quiet, np.random.default_rng(20).uniform(0, 1, 20).tolist())


@pytest.mark.slow
def test_a_run_killed_twenty_times_still_gets_there(recipe: Path, quiet: Finished, tmp_path: Path) -> None:
    """Killed again and again at the same short interval; no attempt leaves less than it found."""
    reached = 0
    for number in range(20):
        kill_at(argv(recipe, tmp_path), env(tmp_path), 0.15 * quiet.seconds, after=tmp_path / "out" / "events.jsonl")
        now = len(finished_stages(tmp_path / "home"))
        assert now >= reached, f"attempt {number} lost a finished stage"
        reached = now
    assert reached > 0, "twenty attempts finished no stage"
    finished = finish(recipe, tmp_path)
    assert finished.artefacts == quiet.artefacts
    assert finished.files == quiet.files
