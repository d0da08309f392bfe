"""The three trainings: SFT, a reward model, DPO. Each resumes from its own scratch after a kill."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tutelage import training
from tutelage.pipeline.publish import deliver
from tutelage.pipeline.recipe import Dpo, Train
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.shared import MODEL_PACKAGES
from tutelage.records import DemonstrationRow, RankedRow, jsonl
from tutelage.training import DpoConfig, RewardConfig, SftConfig


def settings(part: Train, ctx: StageContext, **more: Any) -> dict[str, Any]:
    """The recipe's dials as a trainer's configuration; batches small enough for two cores."""
    seed = ctx.seed % 2**31
    return {**part.model_dump(exclude={"beta", "model"}), "seed": seed, "save_every_steps": 4, **more}


def sft(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Imitate the demonstrations."""
    rows: list[DemonstrationRow] = list(jsonl.read(inputs["demonstrations"] / "rows.jsonl", DemonstrationRow))
    chosen = SftConfig(**settings(config["train"], ctx))
    give(training.sft(rows, config["base"], ctx.scratch / "trained", chosen, ctx.progress), out)


def reward(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Learn to score answers from the rankings; starts from the supervised model."""
    rows = _rankings(inputs["dataset"])
    chosen = RewardConfig(**settings(config["train"], ctx, max_response_tokens=config["max_tokens"] - 1))
    give(training.reward(rows, f"local:{inputs['sft']}", ctx.scratch / "trained", chosen, ctx.progress), out)


def head(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:  # noqa: ARG001  # every stage is called alike
    """Learn to score answers from the rankings, fast: sentence vectors, n-grams and surface features."""
    from tutelage.training.head import HeadConfig, fit

    place = ctx.scratch / "head"
    shutil.rmtree(place, ignore_errors=True)  # what a killed process may have left: it is made again in seconds
    made = fit(_rankings(inputs["dataset"]), out=place, config=HeadConfig(cache=ctx.scratch / "vectors"), rng=ctx.rng)
    deliver(made, out)


def dpo(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Prefer what was ranked higher; the reference is the supervised model."""
    rows = [r for r in _rankings(inputs["dataset"]) if r.pairs()]
    part: Dpo = config["train"]
    # An answer cut off at the sampling limit has no end: one token fewer here, and none is invented for it.
    more = {"beta": part.beta, "max_response_tokens": config["max_tokens"] - 1}
    chosen = DpoConfig(**settings(part, ctx, **more))
    give(training.dpo(rows, f"local:{inputs['sft']}", ctx.scratch / "trained", chosen, ctx.progress), out)


def _rankings(dataset: Path) -> list[RankedRow]:
    return list(jsonl.read(dataset / "train.jsonl", RankedRow))


SPEEDS = ("tokens_per_s", "decode_tokens_per_s", "train_tokens_per_s")


def give(trained: Path, out: Path) -> None:
    """The checkpoint, without the speeds in its log: they are facts of the run, not of the result."""
    deliver(trained, out)
    log = out / "log.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        for name in SPEEDS:
            line.pop(name, None)
    log.unlink()  # it may be the same file as the one in the scratch
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _stage(name: str, run: Callable[[Mapping[str, Path], Any, Path, StageContext], None]) -> Stage:
    return Stage(name, 1, run, MODEL_PACKAGES)


SFT, REWARD, HEAD, DPO = _stage("sft", sft), _stage("reward", reward), _stage("head", head), _stage("dpo", dpo)
