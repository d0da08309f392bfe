"""Two real trainings, SFT then DPO, of the small packaged model, as stages: python trained.py HOME OUT."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutelage import training
from tutelage.pipeline import Stage, StageContext, StageSpec, deliver, run
from tutelage.records import DemonstrationRow, RankedRow, assistant, user

COLOURS = ("red", "blue", "green", "grey", "white", "black", "brown", "pink")
PACKAGES = ("torch", "transformers")


def sft(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Eight demonstrations, three epochs of two steps."""
    rows = [DemonstrationRow(user(f"Say {c}."), assistant(f"Here it is: {c}."), (f"a-{c}",), c) for c in COLOURS]
    settings = training.SftConfig(batch_rows=4, epochs=3, save_every_steps=1, dtype="fp32", seed=1)
    training.sft(rows, "local:smollm2", ctx.scratch / "trained", settings, ctx.progress)
    give(ctx.scratch / "trained", out)


def dpo(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Eight preferences, two epochs of two steps, on the SFT model."""
    rows = [
        RankedRow(user(f"Say {c}."), (assistant(f"{c}!"), assistant("No.")), (1, 2), (f"j-{c}",), c) for c in COLOURS
    ]
    settings = training.DpoConfig(batch_rows=4, epochs=2, save_every_steps=1, dtype="fp32", seed=1)
    training.dpo(rows, f"local:{inputs['sft']}", ctx.scratch / "trained", settings, ctx.progress)
    give(ctx.scratch / "trained", out)


def give(trained: Path, out: Path) -> None:
    """The checkpoint, without the speeds in its log: they are facts of the run, not of the result."""
    deliver(trained, out)
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("tokens_per_s", None)
    (out / "log.jsonl").unlink()
    (out / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    plan = (
        StageSpec(Stage("sft", 1, sft, PACKAGES)),
        StageSpec(Stage("dpo", 1, dpo, PACKAGES), {"sft": "sft"}, publish={"": "dpo"}),
    )
    run(plan, home=Path(sys.argv[1]), out=Path(sys.argv[2]), seed=3)
