"""The loop every method shares: one step function, and state that survives a kill at any moment.

A run works in a hidden directory beside `out`, named after everything that decides its result, and is renamed to
`out` when it is whole. The order of the data depends on (seed, epoch) alone and there is no dropout, so weights,
optimiser and a cursor are the whole state: a run that goes on, with the same number of threads, ends with the same bits
as one that was never stopped.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tutelage.errors import BadInput, Where
from tutelage.training.config import TrainConfig
from tutelage.training.pack import Example, steps
from tutelage.training.schedule import learning_rate

StepFunction = Callable[[list[Example]], dict[str, float]]
STATE = "state.safetensors"


@dataclass
class Trainable:
    """What a run may change: named float32 tensors."""

    parameters: dict[str, torch.nn.Parameter]

    def weights(self) -> dict[str, Tensor]:
        """Copies by name."""
        return {name: p.detach().cpu().contiguous() for name, p in self.parameters.items()}


def run(
    step: StepFunction,
    trainable: Trainable,
    examples: Sequence[Example],
    config: TrainConfig,
    work: Path,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Train to the end, from wherever `work` stands.

    step(batch) leaves gradients on the parameters and returns figures of the batch; the loop clips, updates, logs and
    saves. Metrics go to `work/log.jsonl`, one line a step.
    """
    parameters = list(trainable.parameters.values())
    optimiser = torch.optim.AdamW(parameters, lr=config.lr, weight_decay=config.weight_decay, betas=(0.9, 0.999))
    plan = [batch for epoch in range(config.epochs) for batch in steps(examples, config, epoch)]
    done = int(restore(work, trainable, optimiser)[0].get("done", 0))
    truncate_log(work / "log.jsonl", done)
    with (work / "log.jsonl").open("a") as log:
        for at in range(done, len(plan)):
            started = time.perf_counter()
            optimiser.zero_grad(set_to_none=True)
            figures = step(plan[at])
            norm = torch.nn.utils.clip_grad_norm_(parameters, config.clip_norm)
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(config, at, len(plan))
            optimiser.step()
            tokens = sum(e.tree.tokens for e in plan[at])
            seconds = time.perf_counter() - started
            line = {"step": at + 1, "of": len(plan), **figures, "grad_norm": float(norm)}
            line |= {"lr": learning_rate(config, at, len(plan)), "tokens": tokens, "tokens_per_s": tokens / seconds}
            log.write(json.dumps(line) + "\n")
            log.flush()
            if (at + 1) % config.save_every_steps == 0 and at + 1 < len(plan):
                save(work, trainable, optimiser, {"done": str(at + 1)})
            if on_progress:
                on_progress(at + 1, len(plan))


def save(
    work: Path,
    trainable: Trainable,
    optimiser: torch.optim.Optimizer,
    facts: Mapping[str, str],
    more: Mapping[str, Tensor] | None = None,
) -> None:
    """Write the state of a run whole or not at all.

    facts  what else decides the rest of the run: `done` steps, and `updates` where a step makes several
    more   further tensors; their names carry a `/`
    """
    tensors = trainable.weights() | dict(more or {})
    for name, p in trainable.parameters.items():
        for key in ("exp_avg", "exp_avg_sq") if p in optimiser.state else ():
            tensors[f"{key}/{name}"] = optimiser.state[p][key].cpu().contiguous()
    partial = work / f".{STATE}"
    with writing(work):
        save_file(tensors, partial, metadata=dict(facts))
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(work / STATE)


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Where a disk is full or may not be written, say so: the run goes on from its last saved step."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise BadInput(
            f"It cannot be written: {error}.",
            expected="a disk with room, where this run may write",
            remedy="Make room; the same command, or `tutelage train resume`, goes on from the last saved step.",
            where=Where(str(place)),
        ) from None


def restore(
    work: Path, trainable: Trainable, optimiser: torch.optim.Optimizer
) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Put back the last saved state; returns its facts and its further tensors, empty where nothing was saved."""
    if not (work / STATE).is_file():
        return {}, {}
    with safe_open(work / STATE, framework="pt") as saved, torch.no_grad():
        facts, names = dict(saved.metadata()), set(saved.keys())
        updates = float(facts["updates"] if "updates" in facts else facts["done"])
        for name, p in trainable.parameters.items():
            p.copy_(saved.get_tensor(name))
            if f"exp_avg/{name}" not in names:
                continue
            state: dict[str, Any] = {"step": torch.tensor(updates)}
            for key in ("exp_avg", "exp_avg_sq"):
                state[key] = saved.get_tensor(f"{key}/{name}").to(p.device)
            optimiser.state[p] = state
        known = {"exp_avg", "exp_avg_sq"}
        more = {n: saved.get_tensor(n) for n in names if "/" in n and n.partition("/")[0] not in known}
    return facts, more


def truncate_log(path: Path, done: int) -> None:
    """Forget the steps after the saved one: they will be taken again."""
    if path.is_file():
        kept = path.read_text().splitlines(keepends=True)[:done]
        path.write_text("".join(kept))
