"""`python -m tutelage.pipeline.driver RUN`: drives the recipe in a run's directory in a process of its own.

Whoever launches runs needs no memory for models, may be killed and started again, and finds in the directory all there
is to know: `progress.json` (how far it is), `ended.json` (how this attempt ended), `events.jsonl`, and what
`engine.run` writes. `wish.json` `{"wish": "pause" | "stop"}` is looked at all the time: `pause` ends between two
stages, `stop` at once; what the trainer saved is kept either way.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tutelage.errors import TutelageError, WaitingForPeople
from tutelage.pipeline import loop
from tutelage.pipeline.engine import Halted
from tutelage.pipeline.recipe import Recipe, parse
from tutelage.pipeline.runfile import now_text
from tutelage.store import write_json

RECIPE, PROGRESS, ENDED, WISH = "recipe.toml", "progress.json", "ended.json", "wish.json"
MODELS = "TUTELAGE_MODELS"  # a directory of base models, which recipes call by their names there
WRITE_S, LOOK_S = 0.5, 0.3
How = Literal["done", "waiting", "paused", "stopped", "failed"]


@dataclass
class Step:
    """One stage as a page shows it; `expected` seconds are those of a run before, where there was one."""

    name: str
    state: Literal["todo", "running", "done"] = "todo"
    expected: float | None = None
    seconds: float | None = None
    cached: bool = False


@dataclass
class Told:
    """Writes how far a run is to `progress.json`, at most twice a second: a `progress.Progress`."""

    path: Path
    steps: list[Step]
    attempt: int
    note: str = ""
    done: float = 0.0
    total: float = 0.0
    began: float = field(default_factory=time.time)
    written: float = 0.0

    def begin(self, stage: str, number: int, of: int, expected_s: float | None) -> None:  # noqa: ARG002  the protocol's
        """Stage `number` starts."""
        step = self._step(stage)
        step.state, step.expected = "running", expected_s if expected_s is not None else step.expected
        self.done, self.total, self.note, self.began = 0.0, 0.0, "", time.time()
        self.write()

    def step(self, stage: str, done: float, total: float, note: str = "") -> None:  # noqa: ARG002  the protocol's
        """`done` of `total` units are behind us."""
        self.done, self.total, self.note = done, total, note
        if time.time() - self.written > WRITE_S:
            self.write()

    def end(self, stage: str, seconds: float, cached: bool) -> None:
        """The stage's result is there."""
        step = self._step(stage)
        step.state, step.seconds, step.cached = "done", seconds, cached
        self.done, self.total, self.note = 0.0, 0.0, ""
        self.write()

    def say(self, text: str) -> None:
        """A line about the run."""
        self.note = text
        self.write()

    def close(self) -> None:
        """The last word of this attempt."""
        self.write()

    def write(self) -> None:
        """The file, whole."""
        self.written = time.time()
        write_json(self.path, {
            "schema": "progress/1", "attempt": self.attempt, "pid": os.getpid(),
            "steps": [asdict(s) for s in self.steps], "done": self.done, "total": self.total, "note": self.note,
            "share": share(self.steps, self.done, self.total),
            "left_s": left(self.steps, self.done, self.total, time.time() - self.began), "at": now_text(),
        })  # fmt: skip

    def _step(self, name: str) -> Step:
        return next(s for s in self.steps if s.name == name)


def share(steps: Sequence[Step], done: float, total: float) -> float:
    """How much of the run is behind it, 0 … 1: stages that ended, and the running one's part."""
    inside = min(1.0, done / total) if total and any(s.state == "running" for s in steps) else 0.0
    return (sum(s.state == "done" for s in steps) + inside) / max(1, len(steps))


def left(steps: Sequence[Step], done: float, total: float, since: float) -> float | None:
    """Seconds that the stages still need, from this stage's pace and what the others took before; None if unknown."""
    still = 0.0
    for step in steps:
        if step.state == "running":
            if done > 0 and total > 0:
                still += since * max(0.0, total - done) / done
            elif step.expected is not None:
                still += max(0.0, step.expected - since)
            else:
                return None
        elif step.state == "todo":
            if step.expected is None:
                return None
            still += step.expected
    return still


def drive(run: Path, *, attempt: int = 1, home: Path | None = None) -> How:
    """Go on with the run in a directory until it ends, waits, is to pause, or fails; what became of it is written."""
    try:
        recipe = placed(parse((run / RECIPE).read_text(encoding="utf-8"), RECIPE), os.environ.get(MODELS))
        told = Told(run / PROGRESS, _steps(recipe, home), attempt)
        told.write()
        decision = loop.run_recipe(recipe, run, progress=told, home=home, halt=lambda: wish(run) == "pause").decision
    except Halted:
        return _end(run, attempt, "paused")
    except WaitingForPeople as why:
        return _end(run, attempt, "waiting", seen=why.seen)
    except TutelageError as why:
        return _end(run, attempt, "failed", **why.to_json())
    except Exception as why:  # noqa: BLE001  the last who can say what happened
        traceback.print_exc()
        remedy = "This is a fault of ours: please report it. Trying again goes on where it stopped."
        return _end(
            run, attempt, "failed", seen=f"{type(why).__name__}: {why}.", expected="a run that ends", remedy=remedy
        )
    return _end(run, attempt, "done", outcome=decision.outcome)


def placed(recipe: Recipe, models: str | None) -> Recipe:
    """The recipe with its base model by its place, where it names one of the `models` directory."""
    kind, _, name = recipe.base.partition(":")
    there = Path(models) / name if models and name and Path(name).name == name else None
    if kind != "local" or there is None or not there.is_dir():
        return recipe
    return recipe.model_copy(update={"base": f"local:{there}"})


def wish(run: Path) -> str:
    """What the owner wants of a run under way: "", "pause" or "stop"."""
    with contextlib.suppress(OSError, ValueError):
        return str(json.loads((run / WISH).read_bytes()).get("wish", ""))
    return ""


def _steps(recipe: Recipe, home: Path | None) -> list[Step]:
    return [Step(s.stage, expected=s.effort.seconds) for s in loop.expect(recipe, home=home).stages]


def _end(run: Path, attempt: int, how: How, **said: Any) -> How:
    write_json(run / ENDED, {"schema": "ended/1", "attempt": attempt, "how": how, "at": now_text(), **said})
    return how


def _watch(run: Path, attempt: int, parent: int) -> None:
    """End this process with the one that started it, or at once where the owner wants that."""

    def look() -> None:
        while os.getppid() == parent:
            if wish(run) == "stop":
                _end(run, attempt, "stopped")
                break
            time.sleep(LOOK_S)
        os._exit(0)

    threading.Thread(target=look, daemon=True, name="wishes").start()


def main(argv: Sequence[str]) -> None:
    """RUN ATTEMPT PARENT: the directory, the number of this attempt, and the process that must stay alive."""
    run, attempt, parent = Path(argv[0]), int(argv[1]), int(argv[2])
    _watch(run, attempt, parent)
    os.nice(5)  # people at the workbench come first
    drive(run, attempt=attempt)


if __name__ == "__main__":
    main(sys.argv[1:])
