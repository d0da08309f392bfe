"""Prompts, split before anything is sampled: whole groups go to one side, so no prompt can be on both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutelage.environments import graders
from tutelage.environments.graders import Task
from tutelage.errors import BadInput, Where
from tutelage.pipeline import starter
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.records import jsonl
from tutelage.store import digest


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Writes `train.jsonl` and `held_out.jsonl`."""
    tasks = graders.read(inputs["tasks"]) if "tasks" in inputs else starter.tasks(config["topics"])
    groups = sorted({group_of(t) for t in tasks})
    count = max(1, round(config["held_out"] * len(groups)))
    if count >= len(groups):
        raise BadInput(
            f"There are {len(groups)} groups of prompts; {count} would be held out.",
            expected="at least one group on each side",
            remedy="Add prompts with other groups, or lower prompts.held_out.",
            where=Where(field="prompts.held_out"),
        )
    held_out = {groups[i] for i in ctx.rng.permutation(len(groups))[:count]}
    jsonl.write(out / "train.jsonl", [t for t in tasks if group_of(t) not in held_out])
    jsonl.write(out / "held_out.jsonl", [t for t in tasks if group_of(t) in held_out])
    ctx.log("prompts.split", tasks=len(tasks), groups=len(groups), held_out_groups=len(held_out))


def group_of(task: Task) -> str:
    """What keeps tasks together: their stated group, else the prompt itself."""
    return task.group if task.group is not None else digest(task.prompt)


STAGE = Stage("prompts", 1, run)
