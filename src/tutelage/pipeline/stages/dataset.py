"""What training reads. An arm is a way for the verdicts to reach it: as they are, or spoilt on purpose as a control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.errors import TutelageError
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.shared import read_tasks, write_json
from tutelage.records import RankedRow, jsonl, text_of


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Writes `train.jsonl` and `about.json`; fails if a held-out prompt has come in. config: arm."""
    rows: list[RankedRow] = list(jsonl.read(inputs["fold"] / "rows.jsonl", RankedRow))
    held_out = read_tasks(inputs["prompts"] / "held_out.jsonl")
    no_leak(rows, {text_of(t.prompt) for t in held_out}, {t.group for t in held_out if t.group is not None})
    arm = config["arm"]
    spoilt = spoil(rows, arm, ctx.rng)
    changed = sum(a.ranks != b.ranks for a, b in zip(rows, spoilt, strict=True))
    jsonl.write(out / "train.jsonl", spoilt)
    pairs = sum(len(r.pairs()) for r in spoilt)
    write_json(out / "about.json", {"arm": arm, "rows": len(rows), "pairs": pairs, "rows_changed": changed})


def no_leak(rows: Sequence[RankedRow], prompts: set[str], groups: set[str]) -> None:
    """Raise if a row's prompt or group is held out."""
    for row in rows:
        if text_of(row.prompt) in prompts or row.group in groups:
            raise TutelageError(
                f"A training row of group {row.group!r} is on the held-out side.",
                expected="no prompt and no group on both sides",
                remedy="This is a fault of ours: please report it.",
            )


def spoil(rows: Sequence[RankedRow], arm: str, rng: np.random.Generator) -> list[RankedRow]:
    """The rows of an arm: `true`, `flip:0.3` (that share of rankings turned round), `permuted` (ranks shuffled)."""
    if arm == "true":
        return list(rows)
    if arm == "permuted":
        return [replace(r, ranks=tuple(r.ranks[i] for i in rng.permutation(len(r.ranks)))) for r in rows]
    share = float(arm.partition(":")[2])
    return [replace(r, ranks=turned(r.ranks)) if rng.random() < share else r for r in rows]


def turned(ranks: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """The ranking upside down; ties stay ties."""
    highest = max(r for r in ranks if r is not None)
    return tuple(None if r is None else highest + 1 - r for r in ranks)


STAGE = Stage("dataset", 1, run)
