"""Learning, in its short form: one seed, few steps. `benchmarks/learning.py` is the long one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tutelage import training
from tutelage.measure import intervals
from tutelage.records import Estimate
from tutelage.training import RlooConfig, SftConfig

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def world() -> Any:
    """`benchmarks/learning_world.py`."""
    sys.path.insert(0, "benchmarks")
    try:
        import learning_world
    finally:
        sys.path.remove("benchmarks")
    return learning_world


def test_a_verifiable_reward_makes_an_imitator_right_more_often_than_its_teachers_taught_it(
    world: Any, tmp_path: Path
) -> None:
    """The same questions and the same noise before and after, paired by question: the interval of the gain is above 0,
    and a leash of 0.1 a nat holds the policy within 4 nats of where it began."""
    sizes = {"hidden": 64, "layers": 2, "each": 10}
    start = SftConfig(lora_rank=0, lr=6e-3, epochs=6, batch_rows=8, dtype="fp32", device="cpu")
    train, _ = world.tasks(0)
    base = world.imitator(tmp_path, 0, config=start, **sizes)
    config = RlooConfig(
        lora_rank=0, lr=2e-3, steps=50, gold_every=50, batch_rows=8, answers=8, beta=0.1, max_response_tokens=14,
        dtype="fp32", device="cpu", microbatch_tokens=2048,
    )  # fmt: skip
    gold = world.Gold()
    out = training.rloo(train, f"local:{base}", tmp_path / "rl", gold, config, gold=gold, gold_tasks=train * 4)
    lines = [json.loads(line) for line in (out / "gold.jsonl").read_text().splitlines()]
    before, after = ([x for x in lines if x["step"] == step] for step in (0, 50))
    gain = intervals.mean(
        np.array([b["gold"] - a["gold"] for a, b in zip(before, after, strict=True)]),
        clusters=np.array([x["prompt_id"] for x in before]),
    )
    assert isinstance(gain, Estimate)
    assert gain.lo > 0, str(gain)
    assert 0 < np.mean([x["kl"] for x in after]) < 4


def test_people_in_that_world_err_about_half_the_time_and_the_reward_sees_it(world: Any) -> None:
    """45 of 100 are right by design, and one slip in eight changes nothing: 45 + 55 / 8 is about 52."""
    rng = np.random.default_rng(0)
    train, held_out = world.tasks(0)
    said = [world.demonstrated(t, rng) for t in train * 20]
    right = np.mean([f.value for f in world.Gold().grades(train * 20, said)])
    assert 0.48 < right < 0.56
    assert not {t.group for t in train} & {t.group for t in held_out}
