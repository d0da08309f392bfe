"""The account of an online run: what its rewards said, how far it went, how its answers changed. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.errors import BadInput, Where
from tutelage.measure.exact import Floats
from tutelage.measure.overoptimisation import Alarm, Curve
from tutelage.models import checkpoint as ck
from tutelage.training import alarm
from tutelage.training import gold as looks

MOST_SAMPLES = 6
# of every step's line: what is told of it
STEPS = (
    "step",
    "reward",
    "reward_se",
    "kl",
    "kl_se",
    "entropy",
    "length",
    "eos_rate",
    "repetition",
    "empty",
    "clip_share",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One held-out prompt, before and after: the proxy likes the answer better, gold less."""

    asked: str
    before: str
    after: str
    proxy: tuple[float, float]
    gold: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Account:
    """A run.

    state      of the alarm: `fired`, `silent`, `untested`
    alarm      None where gold was not watched
    curve      proxy and gold against KL, with the law
    spread     standard deviation of proxy and gold over the base's answers: what their changes are measured in
    log        a line a step: reward, KL, entropy, length, shares
    unscored   answers without a reward over all steps, by reason
    samples    held-out prompts that gained most proxy while they lost gold, worst first
    """

    run: str
    method: str
    base: str
    reward: str
    gold: str
    finished: bool
    steps: int
    stopped: dict[str, Any] | None
    published_step: int | None
    state: str
    words: str
    alarm: Alarm | None
    curve: Curve | None
    spread: tuple[float, float]
    log: tuple[dict[str, Any], ...]
    unscored: dict[str, int]
    samples: tuple[Sample, ...]


def of(run: Path) -> Account:
    """The account of a run, finished or stopped; `run` is its --out. Raises BadInput where there is none."""
    place = alarm.place_of(run)
    log = ck.log(place) if place.is_dir() else []
    if not log or "reward" not in log[0]:
        raise BadInput(
            "No online run is known here.",
            expected="the --out of `tutelage train ppo`, `rloo` or `grpo`, with a log.jsonl",
            remedy="Name another directory.",
            where=Where(str(run)),
        )
    made = ck.read(place) if ck.is_checkpoint(place) else None
    told = json.loads((place / "run.json").read_text("utf-8")) if made else {}
    config = made.config if made else {}
    looked = looks.taken(place / looks.FILE)
    course = alarm.course(looked) if looked else None
    state = alarm.alarm(course, bounds=_bounds(told), planned=told.get("alarm", {}).get("planned")) if course else None
    return Account(
        run=run.name, method=made.method if made else "", base=made.base if made else "",
        reward=str(config.get("reward", "")), gold=str(config.get("gold", "")), finished=made is not None,
        steps=len(log), stopped=told.get("stopped"), published_step=told.get("published_step"),
        state=alarm.state_of(state) if state else "untested",
        words=alarm.words(state) if state else "gold was not watched: train with --gold SPEC",
        alarm=state, curve=alarm.curve(course) if course else None, spread=_spread(course),
        log=tuple({k: line.get(k) for k in STEPS} for line in log), unscored=_unscored(log),
        samples=worst(course) if course else (),
    )  # fmt: skip


def _bounds(told: dict[str, Any]) -> alarm.Bounds:
    found = told.get("alarm", {}).get("bounds")
    return (float(found[0]), float(found[1])) if found else None


def _spread(course: alarm.Course | None) -> tuple[float, float]:
    if course is None:
        return 1.0, 1.0
    proxy, gold = (_deviation(x[0]) for x in (course.proxy, course.gold))
    return proxy, gold


def _deviation(x: Floats) -> float:
    known = x[~np.isnan(x)]
    found = float(known.std()) if known.size else 0.0
    return found if found > 0 else 1.0


def _unscored(log: Sequence[dict[str, Any]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for line in log:
        for reason, count in line.get("unscored", {}).items():
            total[reason] = total.get(reason, 0) + count
    return total


def worst(course: alarm.Course, most: int = MOST_SAMPLES) -> tuple[Sample, ...]:
    """Prompts whose answer gained proxy and lost gold from the first look to the last, by the sum of both in standard
    deviations of the base's answers; no two with the same answer afterwards.
    """
    if len(course.steps) < 2:
        return ()
    (by_proxy, by_gold), last = _spread(course), len(course.steps) - 1
    gained, lost = (course.proxy[last] - course.proxy[0]) / by_proxy, (course.gold[0] - course.gold[last]) / by_gold
    found: dict[str, Sample] = {}
    for i in np.argsort(-np.nan_to_num(gained + lost, nan=-np.inf), kind="stable"):
        if len(found) == most:
            break
        if gained[i] > 0 and lost[i] > 0:
            before, after = course.looks[0][i], course.looks[last][i]
            pairs = [(float(x[0][i]), float(x[last][i])) for x in (course.proxy, course.gold)]
            one = Sample(before.get("asked", ""), before["answer"], after["answer"], pairs[0], pairs[1])
            found.setdefault(one.after, one)
    return tuple(found.values())
