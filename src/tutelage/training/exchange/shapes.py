"""Rows in the shapes that other engines document. Each carries `row`, its place, and `judgments`, whose work it is.

trl       prompt + completion; prompt + chosen + rejected; prompt + task (TRL 1.x, "Dataset formats and types")
openrlhf  the same keys, named on its command line; the task of a prompt is its `label` (OpenRLHF 0.11)
verl      `messages` to imitate; data_source, prompt, ability, reward_model, extra_info (verl 0.7, "Prepare Data")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from tutelage.environments.graders import Task
from tutelage.formats.texts import chat
from tutelage.formats.trl import preference, prompt_completion
from tutelage.records import DemonstrationRow, RankedRow, encode

Out = dict[str, Any]


def demonstrations(rows: Sequence[DemonstrationRow]) -> list[Out]:
    """`prompt` and `completion`, as chat messages."""
    return [made for row in rows for made in prompt_completion(row, "conversational")]


def pairs(rows: Sequence[RankedRow]) -> list[Out]:
    """`prompt`, `chosen`, `rejected`: a ranking of K answers gives all its pairs."""
    return [made for row in rows for made in preference(row, "conversational")]


def prompts(tasks: Sequence[Task], work: Sequence[Sequence[str]]) -> list[Out]:
    """`prompt`, and `task`: how its answers are graded, as JSON."""
    return [
        {"prompt": chat(t.prompt), "task": json.dumps(encode(t), ensure_ascii=False, sort_keys=True), "judgments": [*w]}
        for t, w in zip(tasks, work, strict=True)
    ]


def _labelled(row: Out) -> Out:
    return {("label" if k == "task" else k): v for k, v in row.items()}


def _messages(row: Out) -> Out:
    return {"messages": row["prompt"] + row["completion"], "row": row["row"], "judgments": row["judgments"]}


def _rewarded(row: Out) -> Out:
    return {
        "data_source": "tutelage", "prompt": row["prompt"], "ability": "answer",
        "reward_model": {"style": "rule", "ground_truth": row["task"]},
        "extra_info": {"split": "train", "index": row["row"], "judgments": row["judgments"]},
    }  # fmt: skip


def _same(row: Out) -> Out:
    return row


# (engine, method) -> the shape of a row; what is not here the engine does not train
SHAPES: dict[tuple[str, str], Callable[[Out], Out]] = {
    **{("trl", method): _same for method in ("sft", "dpo", "reward", "grpo")},
    **{("openrlhf", method): _same for method in ("sft", "dpo", "reward")},
    ("openrlhf", "grpo"): _labelled,
    ("verl", "sft"): _messages,
    ("verl", "grpo"): _rewarded,
}


def numbered(rows: Sequence[Out]) -> list[Out]:
    """The rows with their places."""
    return [{**row, "row": place} for place, row in enumerate(rows)]
