"""Drives a plan: every stage once, whatever is killed in between. See `docs/decisions/0002-stages-and-cache.md`."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, StoreDamaged, TutelageError, WaitingForPeople, Where
from tutelage.pipeline.events import Events
from tutelage.pipeline.index import Bench, Index, Made
from tutelage.pipeline.keys import config_json, lock, stage_key, stage_seed
from tutelage.pipeline.progress import Progress, Silent
from tutelage.pipeline.publish import publish
from tutelage.pipeline.runfile import RunFile, now_text
from tutelage.pipeline.runner import LocalRunner, Runner
from tutelage.pipeline.stage import Plan, StageContext, StageSpec, check
from tutelage.store import LocalStore, Store, digest, digest_path, digest_tree, files

REQUEST = "request.json"  # what a stage that waits for people leaves in its scratch; shown in the run's directory


@dataclass(frozen=True)
class StageResult:
    """A finished stage: where its files are, and what making them took (now, or when they were made).

    facts  {path: content} of each run.json that the stage wrote: unhashed, so not among its files
    """

    digest: str
    path: Path
    seconds: float
    cached: bool
    key: str
    peak_rss_bytes: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunResult:
    """All stages of a finished run, by label."""

    out: Path
    stages: Mapping[str, StageResult] = field(default_factory=dict)


class Halted(Exception):
    """The run was asked to stop and did, between two stages; the same call goes on."""


def run(
    plan: Plan,
    *,
    out: Path,
    seed: int = 0,
    store: Store | None = None,
    home: Path | None = None,
    progress: Progress | None = None,
    runner: Runner | None = None,
    halt: Callable[[], bool] = lambda: False,
) -> RunResult:
    """Run every stage that is not finished yet, in order; returns where each result lies.

    out   the run's directory: run.json, events.jsonl and what stages publish
    home  `$TUTELAGE_HOME`: the index of finished stages and the scratch of unfinished ones
    halt  asked before every stage: True stops there, with Halted
    Raises WaitingForPeople when a stage waits (all others that can run have run), BadInput for a bad plan or a
    directory that cannot be written, and what a stage raises, with the stage's name. The same call goes on.
    """
    check(plan)
    home = home if home is not None else files.home()
    with files.writing(out):
        out.mkdir(parents=True, exist_ok=True)
    with files.writing(home), _alone(out, home):
        kept = store if store is not None else LocalStore(home / "store")
        shown = progress if progress is not None else Silent()
        state = RunFile(out / "run.json", home, seed)
        events = Events(out / "events.jsonl")
        engine = _Engine(kept, Index(home), out, seed, shown, runner or LocalRunner(), events, state, halt)
        try:
            with kept.in_use():
                return engine.drive(plan)
        finally:
            events.close()
            shown.close()


@contextlib.contextmanager
def _alone(out: Path, home: Path) -> Iterator[None]:
    """One run at a time writes a directory."""
    name = hashlib.sha256(str(out.absolute()).encode()).hexdigest()
    with files.locked(home / "locks" / f"run-{name}", wait=False) as ours:
        if not ours:
            raise BadInput(
                "Another run is writing to this directory.",
                expected="one run a directory",
                remedy="Wait for it, or choose another --out: finished stages are shared.",
                where=Where(str(out)),
            )
        yield


@dataclass
class _Engine:
    store: Store
    index: Index
    out: Path
    seed: int
    progress: Progress
    runner: Runner
    events: Events
    state: RunFile
    halt: Callable[[], bool]
    done: dict[str, StageResult] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def drive(self, plan: Plan) -> RunResult:
        """All stages in order; a waiting one holds up only those that need it."""
        self.index.sweep()
        self.store.tidy()
        files.tidy(self.out)
        self.state.write("running")
        self.events("run.began", stages=len(plan), seed=self.seed)
        for number, spec in enumerate(plan, 1):
            if spec.needs() <= self.done.keys():
                self._may_go_on()
                with self._told(spec):
                    self._stage(spec, number, len(plan))
        self._end()
        return RunResult(self.out, dict(self.done))

    def _may_go_on(self) -> None:
        if self.halt():
            self.state.write("paused")
            self.events("run.paused", done=len(self.done))
            raise Halted

    def _stage(self, spec: StageSpec, number: int, of: int) -> None:
        inputs = {name: self._input(given) for name, given in spec.inputs.items()}
        own_seed = stage_seed(self.seed, spec.stage.name)
        key = stage_key(spec.stage, {n: d for n, (d, _) in inputs.items()}, spec.config, own_seed)
        self.keys[spec.label] = key
        made = self._ready(key)
        cached = made is not None
        past = made or self.index.like(spec.stage.name, spec.config)
        self.progress.begin(spec.label, number, of, past.seconds if past else None)
        if made is None:
            made = self._make(spec, key, own_seed, inputs)
        result = StageResult(
            made.artefact, self.store.path(made.artefact), made.seconds, cached, key, made.peak_rss_bytes, made.facts
        )
        self.done[spec.label] = result
        publish(result.path, spec.publish, self.out)
        self._record(spec, result, made)

    def _input(self, given: str | Path) -> tuple[str, Path]:
        if isinstance(given, str):
            return self.done[given].digest, self.done[given].path
        return digest_path(given), given

    def _ready(self, key: str) -> Made | None:
        """The finished stage of this key, if its artefact is here and whole."""
        made = self.index.find(key)
        if made is None or not self.store.has(made.artefact):
            return None
        try:
            self.store.verify(made.artefact)
        except StoreDamaged as error:
            self.events("stage.damaged", key=key, file=error.where.file)
            self.progress.say(f"A stored file is damaged and is made again: {error.where.file}")
            return None
        return made

    def _make(self, spec: StageSpec, key: str, seed: int, inputs: Mapping[str, tuple[str, Path]]) -> Made:
        """Run the stage, or put away what a killed process had finished; one process at a time does either."""
        with self._turn(spec, key):
            made = self._ready(key)  # by the process we waited for
            if made is None:
                bench = self.index.bench(key)
                made = self._put_away(bench, bench.left())
                if made is None:
                    made = self._put_away(bench, self._work(spec, key, seed, inputs, bench))
                if made is None:
                    raise StoreDamaged(
                        f"What stage {spec.label!r} wrote changed while it was stored.",
                        expected="files that nobody else writes",
                        remedy="Run the same command again.",
                        where=Where(str(bench.root)),
                    )
            return made

    @contextlib.contextmanager
    def _turn(self, spec: StageSpec, key: str) -> Iterator[None]:
        path = self.index.lock_file(key)
        with files.locked(path, wait=False) as ours:
            if ours:
                yield
                return
        self.progress.say(f"Another run is doing stage {spec.label!r}: waiting for its result.")
        with files.locked(path):
            yield

    def _work(self, spec: StageSpec, key: str, seed: int, inputs: Mapping[str, tuple[str, Path]], bench: Bench) -> Made:
        bench.clear()
        label = spec.label
        self.events("stage.began", stage=label, key=key)
        ctx = StageContext(
            key=key,
            seed=seed,
            scratch=bench.scratch,
            progress=lambda done, total, note="": self.progress.step(label, done, total, note),
            log=self.events.of(label),
        )
        paths = {name: path for name, (_, path) in inputs.items()}
        cost = self.runner.run(spec.stage, paths, spec.config, bench.out, ctx)
        facts = bench.set_aside()
        made = Made(
            key=key,
            stage=spec.stage.name,
            version=spec.stage.version,
            artefact=digest_tree(bench.out),
            config=digest(config_json(spec.config)),
            seconds=cost.seconds,
            peak_rss_bytes=cost.peak_rss_bytes,
            disk_bytes=files.size(bench.out),
            finished_at=now_text(),
            inputs={name: d for name, (d, _) in inputs.items()},
            lock=lock(spec.stage.packages),
            facts=facts,
        )
        bench.finish(made)
        return made

    def _put_away(self, bench: Bench, made: Made | None) -> Made | None:
        """Store what a finished stage wrote; None where nothing was finished, or it is not what was written."""
        if made is None:
            return None
        if bench.out.exists() and self.store.put(bench.out, move=True) != made.artefact:
            return None
        if not self.store.has(made.artefact):
            return None
        self.index.add(made)
        files.remove(bench.root)
        return made

    def _record(self, spec: StageSpec, result: StageResult, made: Made) -> None:
        self.state.stages[spec.label] = {
            "stage": made.stage,
            "version": made.version,
            "key": result.key,
            "artefact": result.digest,
            "path": str(result.path),
            "cached": result.cached,
            "seconds": result.seconds,
            "peak_rss_bytes": made.peak_rss_bytes,
            "disk_bytes": made.disk_bytes,
            "finished_at": made.finished_at,
            "lock": made.lock,
            "facts": made.facts,
        }
        self.state.write()
        self.store.keep(
            f"run:{self.out.absolute()}", {r.digest for r in self.done.values()}, while_exists=self.state.path
        )
        self.events("stage.done", stage=spec.label, cached=result.cached, seconds=made.seconds, artefact=result.digest)
        self.progress.end(spec.label, result.seconds, result.cached)

    @contextlib.contextmanager
    def _told(self, spec: StageSpec) -> Iterator[None]:
        """Note what stops a stage where the next reader looks; an error says which stage, and how to go on."""
        try:
            with files.writing(self.index.home):
                yield
        except WaitingForPeople as wait:
            self.state.waiting[spec.label] = wait.seen
            self._show_request(spec)
            self.events("stage.waits", stage=spec.label, why=wait.seen)
        except KeyboardInterrupt:
            self.state.write("interrupted")
            raise
        except Exception as error:
            told = _with_stage(error, spec.label)
            self.state.error = {"stage": spec.label, **told.to_json()}
            with contextlib.suppress(OSError):  # the disk may be what failed
                self.events("stage.failed", stage=spec.label, error=type(error).__name__)
                self.state.write("failed")
            raise told from error

    def _show_request(self, spec: StageSpec) -> None:
        request = self.index.bench(self.keys[spec.label]).scratch / REQUEST
        if request.is_file():
            publish(request, {"": f"waiting/{spec.label}.json"}, self.out)

    def _end(self) -> None:
        if self.state.waiting:
            self.state.write("waiting")
            label, why = next(iter(self.state.waiting.items()))
            raise WaitingForPeople(
                f"Stage {label!r} waits: {why}",
                expected="enough judgments to go on",
                remedy="Run the same command again when people have answered; nothing is done twice.",
                where=Where(str(self.out)),
            )
        self.state.write("done")
        self.events("run.done")


def _with_stage(error: Exception, label: str) -> TutelageError:
    """The error with the name of the stage it stopped, and how to go on; its class (and exit code) is kept."""
    onward = f"Stage {label!r} stopped here; the same command goes on from it, finished stages are kept."
    if isinstance(error, TutelageError):
        return type(error)(error.seen, expected=error.expected, remedy=f"{error.remedy} {onward}", where=error.where)
    return TutelageError(
        f"Stage {label!r} failed: {type(error).__name__}: {error}.",
        expected="the stage to finish",
        remedy=f"This is a fault of ours: please report it. {onward}",
    )
