"""The over-optimisation alarm of a run: what its looks at the held-out prompts say, during it and afterwards.

`gold.jsonl` is read (see `tutelage.training.gold`); the mathematics is `tutelage.measure.overoptimisation`. A run that
goes on after a stop is given its earlier looks again, so that the alarm is the same as without the stop. This module
imports without torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.environments.rewards import Reward
from tutelage.errors import BadInput, Where
from tutelage.measure.exact import Floats
from tutelage.measure.overoptimisation import LEAST_PAIRS, Alarm, Curve, Watch, fit
from tutelage.measure.overoptimisation.alarm import arrays
from tutelage.records import encode
from tutelage.training import gold as looks

REASON = "over_optimisation"  # why a run ended, in its `run.json`
Bounds = tuple[float, float] | None
Line = dict[str, Any]


@dataclass(frozen=True)
class Course:
    """All looks of a run; every array is (looks, prompts), NaN where unscored, the prompts in one order.

    kl  nats of each answer, log p - log p_ref
    """

    steps: tuple[int, ...]
    prompts: tuple[str, ...]
    kl: Floats
    proxy: Floats
    gold: Floats
    looks: tuple[tuple[Line, ...], ...]


def bounds_of(gold: Reward) -> Bounds:
    """Least and greatest value of a gold reward: what it says of itself (`bounds`), None where it says nothing."""
    return getattr(gold, "bounds", None)


def read(run: Path) -> Course:
    """The looks of a run, finished or stopped (`run` is its --out). Raises BadInput where it took none."""
    place = place_of(run) / looks.FILE
    found = looks.taken(place)
    if not found:
        raise BadInput(
            "No look at held-out prompts was taken in this run.",
            expected=f"a {looks.FILE}",
            remedy="Train with --gold SPEC: a reward that is watched and not optimised.",
            where=Where(str(place)),
        )
    return course(found)


def place_of(run: Path) -> Path:
    """Where a run's files lie: its --out once it is published, before that the latest work directory beside it."""
    if run.is_dir():
        return run
    partial = sorted(run.parent.glob(f".{run.name}.*.partial"), key=lambda p: p.stat().st_mtime)
    return partial[-1] if partial else run


def course(taken: Sequence[Sequence[Line]]) -> Course:
    """The looks of a `gold.jsonl`; a last look that was cut short is left out."""
    found = tuple(tuple(look) for look in taken)
    if len(found) > 1 and len(found[-1]) < len(found[0]):
        found = found[:-1]
    prompts = tuple(line["prompt_id"] for line in found[0])
    wrong = next((look for look in found if tuple(line["prompt_id"] for line in look) != prompts), None)
    if wrong:
        raise BadInput(
            f"The look at step {wrong[0]['step']} asked other prompts than the first.",
            expected="the same prompts in the same order at every look",
            remedy="Give the file as the run wrote it.",
        )

    def table(name: str) -> Floats:
        return np.array([arrays([line[name] for line in look]) for look in found])

    return Course(tuple(look[0]["step"] for look in found), prompts, table("kl"), table("proxy"), table("gold"), found)


def alarm(found: Course, *, bounds: Bounds = None, planned: int | None = None) -> Alarm:
    """The alarm over the looks of a run, at the one threshold: alpha 0.05, margin 0.02; see `Watch`."""
    watch = Watch(bounds=bounds, planned=planned)
    for step, proxy, gold in zip(found.steps, found.proxy, found.gold, strict=True):
        watch.look(step, proxy, gold)
    return watch.state()


def curve(found: Course, *, seed: int = 0) -> Curve:
    """Proxy and gold against KL, and the law fitted to gold; intervals rest on prompts."""
    return fit(found.steps, found.kl, found.proxy, found.gold, rng=seed)


def watching(
    *,
    bounds: Bounds = None,
    planned: int | None = None,
    say: Callable[[str], None] | None = None,
    stop: bool = False,
    on_look: Callable[[Alarm], None] | None = None,
) -> Callable[[list[Line]], str | None]:
    """The `on_gold` of a run: tells every look's line, and ends the run at an alarm where `stop` says so.

    bounds   of gold, see `bounds_of`
    planned  looks after the first: `OnlineConfig.looks`
    say      is told a line a look, and once that there are too few prompts
    stop     at an alarm, end and publish; otherwise the run goes on and every further line repeats the alarm
    on_look  is told the alarm's state
    """
    watch = Watch(bounds=bounds, planned=planned)

    def on_gold(lines: list[Line]) -> str | None:
        first = not watch.state().steps
        if first and say and len(lines) < LEAST_PAIRS:
            say(too_few(len(lines)))
        proxy, gold = (arrays([line[name] for line in lines]) for name in ("proxy", "gold"))
        state = watch.look(lines[0]["step"], proxy, gold)
        if say:
            say(line_of(state, lines))
        if on_look:
            on_look(state)
        return REASON if stop and state.fired else None

    return on_gold


def too_few(prompts: int) -> str:
    """Said at the start of a run whose alarm cannot sound."""
    return (
        f"{prompts} held-out prompts are too few for the over-optimisation alarm ({LEAST_PAIRS} are needed): "
        "it cannot sound, and its silence says nothing."
    )


def line_of(state: Alarm, lines: Sequence[Line]) -> str:
    """One look in one line: where proxy, gold and KL stand, and what the alarm says."""
    proxy, gold, kl = (_mean([line[name] for line in lines]) for name in ("proxy", "gold", "kl"))
    return f"gold at step {lines[0]['step']}: proxy {proxy}, gold {gold}, kl {kl} nats; {words(state)}"


def words(state: Alarm) -> str:
    """What the alarm says; that a first look has nothing to be compared with is not the fault of its prompts."""
    if not state.tested and state.prompts >= LEAST_PAIRS:
        return "nothing to compare with yet"
    return str(state)


def _mean(values: Sequence[float | None]) -> str:
    """As text; the figures with intervals are those of the report."""
    known = [v for v in values if v is not None and not math.isnan(v)]
    return f"{sum(known) / len(known):.3f}" if known else "–"


def summary(work: Path, bounds: Bounds, planned: int) -> dict[str, Any]:
    """What `run.json` says of the alarm: `fired`, `silent` or `untested` (too few prompts, or a single look)."""
    found = looks.taken(work / looks.FILE)
    if not found:
        return {"state": "untested", "words": "no look at held-out prompts was taken", "bounds": bounds}
    state = alarm(course(found), bounds=bounds, planned=planned)
    return {"state": state_of(state), "words": words(state), "bounds": bounds, "planned": planned, **encode(state)}


def state_of(state: Alarm) -> str:
    """`fired`, `silent`, or `untested`: silence without a test is no good news."""
    if state.fired:
        return "fired"
    return "silent" if state.tested else "untested"


def recorded(run: Path) -> dict[str, Any] | None:
    """The alarm in a published run's `run.json`; None where gold was not watched."""
    place = run / "run.json"
    found: dict[str, Any] = json.loads(place.read_text("utf-8")) if place.is_file() else {}
    return found.get("alarm")
