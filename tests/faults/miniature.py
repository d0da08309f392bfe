"""A miniature of the loop: responses → judgments → dataset → a training that resumes from its scratch → report.

python miniature.py HOME OUT      runs it
DIE=place:when:nth python …       the same, and SIGKILLs itself before or after the nth call of a place in the engine
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.errors import TutelageError
from tutelage.pipeline import Stage, StageContext, StageSpec, run
from tutelage.pipeline.index import Bench, Index
from tutelage.store import LocalStore, files

PACE_S = float(os.environ.get("PACE_S", "0.01"))
STEPS = int(os.environ.get("STEPS", "15"))


def responses(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Ten files, one after the other: a kill leaves some."""
    rng = ctx.rng
    for number in range(10):
        (out / f"{number}.json").write_text(json.dumps(rng.integers(100, size=50).tolist()))
        time.sleep(PACE_S / 5)


def judgments(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """A judgment on every response."""
    rng = ctx.rng
    with (out / "judgments.jsonl").open("w") as lines:
        for path in sorted(inputs["responses"].iterdir()):
            total = sum(json.loads(path.read_text())) + int(rng.integers(10))
            lines.write(json.dumps({"item": path.stem, "answer": total}) + "\n")
            lines.flush()
            time.sleep(PACE_S / 5)


def dataset(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """The answers as numbers."""
    rows = [json.loads(line)["answer"] for line in (inputs["judgments"] / "judgments.jsonl").read_text().splitlines()]
    (out / "rows.json").write_text(json.dumps(rows))
    time.sleep(PACE_S)


def train(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Noisy steps, with weights, cursor and generator saved after each: a kill costs at most one step."""
    rows = np.array(json.loads((inputs["dataset"] / "rows.json").read_text()), dtype=float)
    rng, weights, first = ctx.rng, np.zeros(4), 0
    saved = ctx.scratch / "checkpoint.json"
    if saved.exists():
        state = json.loads(saved.read_text())
        weights, first, rng.bit_generator.state = np.array(state["weights"]), state["step"], state["rng"]
    for step in range(first, STEPS):
        weights = weights + 0.01 * (rng.choice(rows) - weights) + rng.normal(size=4)
        time.sleep(PACE_S)
        state = {"weights": weights.tolist(), "step": step + 1, "rng": rng.bit_generator.state}
        files.write_whole(saved, json.dumps(state).encode())
        ctx.progress(step + 1, STEPS)
    (out / "weights.json").write_text(json.dumps(weights.tolist()))


def report(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """A page and, where asked for, something large."""
    weights = json.loads((inputs["model"] / "weights.json").read_text())
    (out / "report.html").write_text(f"<p>{weights}</p>")
    (out / "blob").write_bytes(b"0" * int(os.environ.get("BLOB_BYTES", "0")))


PLAN = (
    StageSpec(Stage("responses", 1, responses)),
    StageSpec(Stage("judgments", 1, judgments), {"responses": "responses"}),
    StageSpec(Stage("dataset", 1, dataset), {"judgments": "judgments"}),
    StageSpec(Stage("train", 1, train), {"dataset": "dataset"}),
    StageSpec(Stage("report", 1, report), {"model": "train"}, publish={"report.html": "report.html"}),
)

PLACES: dict[str, tuple[Any, str]] = {
    "put": (LocalStore, "put"),
    "rename": (Path, "rename"),
    "replace": (Path, "replace"),
    "seal": (files, "seal"),
    "finish": (Bench, "finish"),
    "index": (Index, "add"),
    "remove": (files, "remove"),
    "keep": (LocalStore, "keep"),
}


def die(place: str, when: str, nth: int) -> None:
    """Make the nth call of a place the last thing this process does."""
    owner, name = PLACES[place]
    whole: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def last_words(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = whole(*args, **kwargs)
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, last_words)


if __name__ == "__main__":
    if "DIE" in os.environ:
        where, before_or_after, count = os.environ["DIE"].split(":")
        die(where, before_or_after, int(count))
    try:
        run(PLAN, home=Path(sys.argv[1]), out=Path(sys.argv[2]), seed=7)
    except TutelageError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
