"""Answers of a checkpoint to the prompts of one side: what people will compare, or what an evaluation reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutelage import models
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.shared import MODEL_PACKAGES, ask, read_tasks
from tutelage.records import Sampling, jsonl


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Writes `answers.jsonl` and `tasks.jsonl`, the tasks they answer.

    config: side ("train" or "held_out"), n, temperature, top_p, max_tokens, base, limit (tasks, evenly spread)
    """
    tasks = read_tasks(inputs["prompts"] / f"{config['side']}.jsonl")
    if config.get("limit") and config["limit"] < len(tasks):
        step = len(tasks) / config["limit"]
        tasks = [tasks[int(i * step)] for i in range(config["limit"])]
    spec = f"local:{inputs['checkpoint']}" if "checkpoint" in inputs else config["base"]
    sampling = Sampling(
        spec.split("/")[0] if "checkpoint" not in inputs else "checkpoint",
        temperature=config["temperature"],
        top_p=config["top_p"],
        max_tokens=config["max_tokens"],
        seed=ctx.seed % 2**31,
    )
    jsonl.write(out / "answers.jsonl", ask(models.load(spec), tasks, config["n"], sampling, ctx.progress))
    jsonl.write(out / "tasks.jsonl", tasks)


STAGE = Stage("sample", 1, run, MODEL_PACKAGES)
