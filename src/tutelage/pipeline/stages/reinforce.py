"""Reinforcement under a leash: the supervised model against the reward that people's rankings made.

What is optimised is a model of taste; whether answers get better is looked up by rule, on prompts that it never saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tutelage import models, training
from tutelage.environments import rewards
from tutelage.environments.rewards.model import ModelReward, behind
from tutelage.measure import overoptimisation as over
from tutelage.measure.overoptimisation.alarm import arrays
from tutelage.pipeline.recipe import Reinforce
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.prompts import group_of
from tutelage.pipeline.stages.shared import MODEL_PACKAGES, read_tasks, reward_spec, write_json
from tutelage.pipeline.stages.train import give, settings
from tutelage.records import encode, jsonl
from tutelage.training import gold
from tutelage.training.config_online import GrpoConfig, OnlineConfig, PpoConfig, RlooConfig

METHODS: dict[str, tuple[Any, type[OnlineConfig]]] = {
    "ppo": (training.ppo, PpoConfig),
    "rloo": (training.rloo, RlooConfig),
    "grpo": (training.grpo, GrpoConfig),
}


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Writes a checkpoint with `log.jsonl`, `gold.jsonl`, and `course.json`: proxy, gold and KL by look.

    inputs: sft (where it starts and what it is held to), reward, prompts
    """
    part: Reinforce = config["train"]
    train, chosen = METHODS[part.method]
    tasks = read_tasks(inputs["prompts"] / "train.jsonl")
    held_out = read_tasks(inputs["prompts"] / "held_out.jsonl")[: part.gold_prompts]
    told = settings(part, ctx, gold_every=part.steps, max_response_tokens=config["max_tokens"] - 1)
    for name in ("method", "gold_prompts"):
        del told[name]
    trained = train(
        tasks, f"local:{inputs['sft']}", ctx.scratch / "trained", _reward(inputs["reward"]),
        chosen(**told), gold=rewards.load("graders"), gold_tasks=held_out,
        on_step=lambda line: ctx.progress(line["step"], line["of"], _said(line)),
    )  # fmt: skip
    give(trained, out)
    write_json(out / "course.json", course(out, [group_of(t) for t in held_out], ctx.rng))


def _reward(place: Path) -> ModelReward:
    """Under a name that does not tell where it lies: the same run elsewhere gives the same bytes."""
    return ModelReward(models.load_reward(reward_spec(place)), "the run's reward model", behind(place))


def _said(line: Mapping[str, Any]) -> str:
    return "" if line["reward"] is None else f"reward {line['reward']:.2f}"


def course(trained: Path, groups: list[str], rng: np.random.Generator) -> dict[str, Any]:
    """The looks of a run as points with intervals over groups of prompts."""
    looks: dict[int, list[dict[str, Any]]] = {}
    for _, line in jsonl.objects(trained / gold.FILE):
        looks.setdefault(line["step"], []).append(line)
    kl, proxy, by_rule = (np.array([arrays([x[k] for x in look]) for look in looks.values()]) for k in
                          ("kl", "proxy", "gold"))  # fmt: skip
    found = over.fit(list(looks), kl, proxy, by_rule, rng=rng, clusters=groups)
    return {"points": encode(found.points), "prompts": len(groups)}


STAGE = Stage("reinforce", 1, run, MODEL_PACKAGES)
