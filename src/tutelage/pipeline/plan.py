"""From a recipe to the plan of its stages. A stage is configured with only what decides it, so arms share the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.pipeline import sources
from tutelage.pipeline.recipe import Recipe, Reinforce
from tutelage.pipeline.stage import Input, StageSpec
from tutelage.pipeline.stages import (
    dataset,
    demonstrations,
    evaluate,
    fold,
    gather,
    people,
    prompts,
    reinforce,
    reward_report,
    sample,
    train,
)
from tutelage.records import Sampling, encode


def plan(recipe: Recipe, answers: Path | None = None) -> list[StageSpec]:
    """Every stage of a recipe, in an order in which they can run.

    answers  where the platform puts its people's judgments
    """
    r, final = recipe, recipe.arms[0]
    steps = [
        StageSpec(prompts.STAGE, _optional("tasks", r.prompts.tasks), r.prompts.model_dump(exclude={"tasks"})),
        StageSpec(
            demonstrations.STAGE,
            _optional("corpus", r.demonstrations.source),
            r.demonstrations.model_dump(exclude={"source"}),
            publish={"": "demonstrations"},
        ),
        StageSpec(train.SFT, {"demonstrations": "demonstrations"}, {"base": r.base, "train": r.sft}),
        _sample(r, "sample", "train", r.sample.n, r.sample.temperature, "sft"),
        StageSpec(gather.STAGE, _gather_inputs(r, answers), _gather_config(r), publish={"": "judgments"}),
        StageSpec(fold.STAGE, {"gather": "gather"}, {}, publish={"verdicts.jsonl": "verdicts.jsonl"}),
    ]
    for arm in r.arms:
        inputs: dict[str, Input] = {"fold": "fold", "prompts": "prompts"}
        steps.append(StageSpec(dataset.STAGE, inputs, {"arm": arm}, name=f"dataset {arm}"))
    limits = {"max_tokens": r.sample.max_tokens}
    steps.append(_reward(r, final))
    for arm in r.arms:
        inputs = {"dataset": f"dataset {arm}", "sft": "sft"}
        shown = {"": "checkpoint"} if arm == final else {}
        steps.append(StageSpec(train.DPO, inputs, {"train": r.dpo, **limits}, name=f"dpo {arm}", publish=shown))
    e = r.evaluate
    entered: dict[str, str | None] = {"base": None, "sft": "sft", **{a: f"dpo {a}" for a in r.arms}}
    if r.reinforce:
        steps.append(_reinforce(r, r.reinforce))
        entered["rl"] = reinforce.STAGE.name
    for name, checkpoint in entered.items():
        steps.append(_sample(r, f"answers {name}", "held_out", e.n, e.temperature, checkpoint))
    steps.append(_sample(r, "answers best-of-n", "held_out", e.best_of, 1.0, "sft", e.best_of_prompts))
    entrants: dict[str, Input] = {n: f"answers {n}" for n in entered}
    steps.append(StageSpec(evaluate.STAGE, {**entrants, "reward": "reward"}, {"final": final}))
    held = {"reward": "reward", "many": "answers best-of-n", "tuned": f"answers {final}"}
    steps.append(StageSpec(reward_report.STAGE, {**held, "dataset": f"dataset {final}"}, {}))
    return steps + [people.spec(name) for name in r.people if people.available(name)]


def _optional(name: str, given: str) -> dict[str, Input]:
    """The user's own file or directory, or nothing where the starter set is meant."""
    if given == "starter":
        return {}
    if not Path(given).exists():
        raise BadInput(
            "There is no such file.", expected="a path, or `starter`", remedy="Check it.", where=Where(given)
        )
    return {name: Path(given)}


def _sample(
    r: Recipe, name: str, side: str, n: int, temperature: float, checkpoint: str | None, limit: int | None = None
) -> StageSpec:
    inputs: dict[str, Input] = {"prompts": "prompts"}
    if checkpoint is not None:
        inputs["checkpoint"] = checkpoint
    config: dict[str, Any] = {"side": side, "n": n, "temperature": temperature, "top_p": r.sample.top_p}
    config |= {"max_tokens": r.sample.max_tokens, "base": r.base, "limit": limit}
    return StageSpec(sample.STAGE, inputs, config, name=name)


def _reward(r: Recipe, arm: str) -> StageSpec:
    rows: dict[str, Input] = {"dataset": f"dataset {arm}"}
    if r.reward.model == "head":
        return StageSpec(train.HEAD, rows, {}, name="reward", publish={"": "reward"})
    config = {"train": r.reward, "max_tokens": r.sample.max_tokens}
    return StageSpec(train.REWARD, {**rows, "sft": "sft"}, config, name="reward", publish={"": "reward"})


def _reinforce(r: Recipe, part: Reinforce) -> StageSpec:
    inputs: dict[str, Input] = {"sft": "sft", "reward": "reward", "prompts": "prompts"}
    config = {"train": part, "max_tokens": r.sample.max_tokens}
    return StageSpec(reinforce.STAGE, inputs, config, publish={"": "reinforced"})


def _gather_inputs(r: Recipe, put: Path | None) -> dict[str, Input]:
    answers = sources.answers_of(r.judgments, put)
    return {"sample": "sample"} | ({} if answers is None else {"answers": answers})


def _gather_config(r: Recipe) -> dict[str, Any]:
    sampling = Sampling(f"{r.base} after SFT", r.sample.temperature, r.sample.top_p, r.sample.max_tokens)
    return {"judgments": r.judgments.model_dump(mode="json"), "sampling": encode(sampling)}
