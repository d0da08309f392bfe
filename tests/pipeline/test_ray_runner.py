"""Batch stages on a Ray cluster give the bytes that they give here."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tutelage.environments.graders import Task
from tutelage.errors import BadInput, MissingExtra
from tutelage.pipeline import StageContext
from tutelage.pipeline.ray_runner import RayRunner, chosen, pack, unpack, work
from tutelage.pipeline.runner import LocalRunner
from tutelage.pipeline.stages import fold, sample
from tutelage.provenance import code_version
from tutelage.records import jsonl, user
from tutelage.store import digest_tree

HAS_RAY = importlib.util.find_spec("ray") is not None
needs_ray = pytest.mark.skipif(not HAS_RAY, reason="Ray is not installed: pip install 'tutelage[cluster]'")


@dataclass
class Heard:
    """What a stage reports."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, event: str, **fields: Any) -> None:
        self.events.append((event, fields))


def context(place: Path, log: Heard) -> StageContext:
    place.mkdir()
    return StageContext("key", 11, place, lambda *_: None, log)


@pytest.fixture
def asked(tmp_path: Path, tiny_base: Path) -> tuple[dict[str, Path], dict[str, Any]]:
    """Three prompts to a tiny model, two answers each: (inputs, config) of the sampling stage."""
    (tmp_path / "prompts").mkdir()
    tasks = [Task(user(q), "format", {"checks": [{"check": "lowercase"}]}) for q in ("a", "a longer one", "a")]
    jsonl.write(tmp_path / "prompts" / "train.jsonl", tasks)
    config = {"side": "train", "n": 2, "temperature": 1.0, "top_p": 1.0, "max_tokens": 8, "base": f"local:{tiny_base}"}
    return {"prompts": tmp_path / "prompts"}, config


def made(runner: Any, asked: tuple[dict[str, Path], dict[str, Any]], place: Path, name: str) -> str:
    out = place / name
    out.mkdir()
    runner.run(sample.STAGE, *asked, out, context(place / f"{name}-scratch", Heard()))
    return digest_tree(out)


def test_what_a_worker_makes_is_what_is_made_here_to_the_byte(
    asked: tuple[dict[str, Path], dict[str, Any]], tmp_path: Path
) -> None:
    """The task as a worker runs it, with nothing between but bytes; the cluster itself is in the slow test below."""
    inputs, config = asked
    here = made(LocalRunner(), asked, tmp_path, "here")
    sent = {name: (path.name, pack(path)) for name, path in inputs.items()}
    done = work(sample.STAGE, sent, config, "key", 11, code_version().digest)
    assert done.error is None
    unpack(done.files, tmp_path / "there")
    assert digest_tree(tmp_path / "there") == here


def test_a_worker_with_other_code_does_nothing(asked: tuple[dict[str, Path], dict[str, Any]]) -> None:
    done = work(sample.STAGE, {}, asked[1], "key", 11, "sha256:other")
    assert done.files == {}
    assert "another version" in str(done.error)


def test_an_error_of_ours_comes_back_as_itself(asked: tuple[dict[str, Path], dict[str, Any]]) -> None:
    config = asked[1] | {"base": "local:nowhere"}
    sent = {name: (path.name, pack(path)) for name, path in asked[0].items()}
    assert isinstance(work(sample.STAGE, sent, config, "key", 11, code_version().digest).error, BadInput)


def test_files_and_directories_travel_whole(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"\x00\xff")
    unpack(pack(tmp_path / "a"), tmp_path / "copy")
    unpack(pack(tmp_path / "a" / "b" / "c"), tmp_path / "one")
    assert (tmp_path / "copy" / "b" / "c").read_bytes() == (tmp_path / "one").read_bytes() == b"\x00\xff"


def test_a_place_that_is_none_is_bad_input() -> None:
    with pytest.raises(BadInput, match="ray://HOST:PORT"), chosen("mars"):
        pass


@pytest.mark.skipif(HAS_RAY, reason="Ray is installed here: what is said without it cannot be seen")
def test_without_ray_the_command_to_install_it_is_said() -> None:
    with pytest.raises(MissingExtra, match=r"tutelage\[cluster\]"), chosen("ray"):
        pass


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayRunner]:
    """A real cluster of this machine alone."""
    runner = RayRunner()
    yield runner
    runner.close()


@needs_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own, on starting and on leaving
def test_a_real_cluster_gives_the_same_bytes(
    cluster: RayRunner, asked: tuple[dict[str, Path], dict[str, Any]], tmp_path: Path
) -> None:
    assert made(cluster, asked, tmp_path, "there") == made(LocalRunner(), asked, tmp_path, "here")


@needs_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # as above
def test_errors_of_a_worker_are_raised_here(
    cluster: RayRunner, asked: tuple[dict[str, Path], dict[str, Any]], tmp_path: Path
) -> None:
    with pytest.raises(BadInput):
        made(cluster, (asked[0], asked[1] | {"base": "local:nowhere"}), tmp_path, "there")
    assert fold.STAGE.name not in {"sample", "evaluate", "reward-report"}  # and folding never leaves this process
