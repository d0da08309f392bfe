"""Batch stages on a Ray cluster: sampling, evaluating, scoring. What comes back is what would have been made here.

A stage is one task: its inputs travel as bytes, it runs in an empty directory there, its files come back. Nothing in
it depends on the machine but the number of threads, which is the same as here; the workers must have the same code.
Everything else (people, folding, training) runs in this process, as ever.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Failed, MissingExtra, TutelageError
from tutelage.pipeline.runner import Cost, LocalRunner, Runner
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.provenance import code_version

BATCH = frozenset({"sample", "evaluate", "reward-report"})
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
Files = dict[str, bytes]  # path below a directory -> content; "" is a single file


@dataclass(frozen=True)
class Done:
    """What a worker sends back: files, events, cost, or the error that the stage raised."""

    files: Files
    events: tuple[tuple[str, dict[str, Any]], ...]
    cost: Cost | None
    error: TutelageError | None = None


class RayRunner:
    """Runs batch stages on a cluster, one task each, and all others here."""

    def __init__(self, address: str | None = None) -> None:
        """Connect: None starts a cluster of this machine alone. Raises MissingExtra, Failed."""
        try:
            # by name: only models and training import heavy libraries, and this one only where it is asked for
            self._ray: Any = importlib.import_module("ray")
        except ImportError as error:
            raise MissingExtra(
                "Ray is not installed.", expected="ray, to run on a cluster",
                remedy="Run `pip install 'tutelage[cluster]'`, or leave --on out.",
            ) from error  # fmt: skip
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if address is None:
            options |= {"include_dashboard": False, "num_cpus": os.cpu_count() or 1}
        try:
            self._ray.init(address, ignore_reinit_error=True, **options)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise Failed(f"There is no cluster at {address}: {error}.", expected="a running Ray cluster",
                         remedy="Start one with `ray start --head`, or correct --on.") from error  # fmt: skip

    def run(self, stage: Stage, inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> Cost:
        """See `Runner.run`."""
        if stage.name not in BATCH:
            return LocalRunner().run(stage, inputs, config, out, ctx)
        threads = {name: os.environ.get(name, str(len(os.sched_getaffinity(0)))) for name in THREADS}
        task = self._ray.remote(work).options(num_cpus=1, max_retries=0, runtime_env={"env_vars": threads})
        sent = {name: (path.name, pack(path)) for name, path in inputs.items()}
        done: Done = self._ray.get(task.remote(stage, sent, config, ctx.key, ctx.seed, code_version().digest))
        for event, fields in done.events:
            ctx.log(event, **fields)
        if done.error is not None:
            raise done.error
        unpack(done.files, out)
        ctx.progress(1, 1)
        return done.cost or Cost(0.0, 0)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._ray.shutdown()


def work(stage: Stage, sent: Mapping[str, tuple[str, Files]], config: Any, key: str, seed: int, code: str) -> Done:
    """One stage on a worker, in directories that go when it is done."""
    events: list[tuple[str, dict[str, Any]]] = []
    if code_version().digest != code:
        there = Failed("A worker has another version of Tutelage.", expected="the same code on every machine",
                       remedy="Install this version on the cluster.")  # fmt: skip
        return Done({}, (), None, there)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        inputs = {}
        for name, (called, files) in sent.items():
            inputs[name] = root / "in" / name / called
            unpack(files, inputs[name])
        out, scratch = root / "out", root / "scratch"
        out.mkdir()
        scratch.mkdir()
        ctx = StageContext(key, seed, scratch, _silent, lambda event, **fields: events.append((event, fields)))
        try:
            cost = LocalRunner().run(stage, inputs, config, out, ctx)
        except TutelageError as error:
            return Done({}, tuple(events), None, error)
        return Done(pack(out), tuple(events), cost)


def pack(path: Path) -> Files:
    """The bytes of a file or directory; of a directory every file below it."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def unpack(files: Files, path: Path) -> None:
    """The opposite of `pack`."""
    for name, content in files.items():
        place = path / name if name else path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


@contextlib.contextmanager
def chosen(on: str | None) -> Iterator[Runner]:
    """The runner that `--on` names: local, ray (a cluster of this machine), or ray://ADDRESS. Raises BadInput."""
    if on in (None, "local"):
        yield LocalRunner()
        return
    if on != "ray" and not str(on).startswith("ray://"):
        raise BadInput(f"--on {on} is no place to run.", expected="local, ray, or ray://HOST:PORT",
                       remedy="Correct --on.")  # fmt: skip
    runner = RayRunner(None if on == "ray" else on)
    try:
        yield runner
    finally:
        runner.close()


def _silent(done: float, total: float, note: str = "") -> None:
    del done, total, note
