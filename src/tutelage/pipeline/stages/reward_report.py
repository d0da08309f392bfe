"""The reward model on prompts it never saw: accuracy beside baselines, and what best-of-n does to proxy and gold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tutelage import models
from tutelage.errors import BadInput
from tutelage.evaluation import bon, reward_model
from tutelage.evaluation.match import match
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.evaluate import Entrant, entrant
from tutelage.pipeline.stages.prompts import group_of
from tutelage.pipeline.stages.shared import MODEL_PACKAGES, passed, reward_spec, write_json
from tutelage.records import RankedRow, assistant, encode, jsonl, text_of


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:  # noqa: ARG001  # every stage is called alike
    """Writes `figures.json`: the reward model's account, the best-of-n curve, and what the tuning is worth in samples.

    inputs: reward (a checkpoint), many (n answers of the supervised model a prompt), tuned (the final model's), dataset
    """
    many, left_out = _graded(entrant("many", inputs["many"]))
    model = models.load_reward(reward_spec(inputs["reward"]))
    texts = [[assistant(a.text) for a in row] for row in many.rows]
    flat = [(t.prompt, text) for t, row in zip(many.tasks, texts, strict=True) for text in row]
    proxy = model.scores([p for p, _ in flat], [r for _, r in flat]).reshape(len(texts), -1)
    gold = np.array([[passed(t, a) for a in row] for t, row in zip(many.tasks, many.rows, strict=True)], dtype=float)
    rows = [
        RankedRow(t.prompt, tuple(row), tuple(1 if g else 2 for g in golds), ("held-out check by rule",), group_of(t))
        for t, row, golds in zip(many.tasks, texts, gold, strict=True)
        if 0 < golds.sum() < len(golds)
    ]
    train: list[RankedRow] = list(jsonl.read(inputs["dataset"] / "train.jsonl", RankedRow))
    account: Any = None
    if rows:
        account = encode(reward_model.evaluate(model, rows, train=train, rng=ctx.rng))
    curve = bon.curve(proxy, gold, many.groups)
    tuned = entrant("tuned", inputs["tuned"])
    means = {text_of(t.prompt): float(p) for t, p in zip(tuned.tasks, tuned.passes, strict=True)}
    goal = [means[text_of(t.prompt)] for t in many.tasks]
    worth = match(goal, gold, many.groups, rng=ctx.rng)
    chosen = match(goal, gold, many.groups, rng=ctx.rng, chooser=proxy)
    figures = {"account": account, "curve": encode(curve), "worth": encode(worth), "worth_by_reward": encode(chosen)}
    figures["prompts_left_out"] = left_out
    write_json(out / "figures.json", {**figures, "texts": {"worth": str(worth), "worth_by_reward": str(chosen)}})


def _graded(one: Entrant) -> tuple[Entrant, int]:
    """The prompts of which every answer could be graded, and how many others there are: an unscored answer is no 0."""
    kept = [
        i
        for i, (task, row) in enumerate(zip(one.tasks, one.rows, strict=True))
        if all(passed(task, answer) is not None for answer in row)
    ]
    if not kept:
        raise BadInput(
            "No held-out prompt has answers that can all be graded.",
            expected="tasks with a grader that can say right or wrong",
            remedy="Give the tasks references, or another grader.",
        )
    tasks, rows = [one.tasks[i] for i in kept], [one.rows[i] for i in kept]
    return replace(one, tasks=tasks, rows=rows, passes=one.passes[kept]), len(one.tasks) - len(kept)


STAGE = Stage("reward-report", 2, run, MODEL_PACKAGES)
