"""The learning rate over a run."""

from __future__ import annotations

import math
from collections.abc import Callable

from tutelage.training.config import TrainConfig

# share of the way after warm-up, in [0, 1) -> share of the peak
_SHAPES: dict[str, Callable[[float], float]] = {
    "constant": lambda way: 1.0,  # noqa: ARG005 - the shapes share one signature
    "linear": lambda way: 1.0 - way,
    "cosine": lambda way: 0.5 * (1 + math.cos(math.pi * way)),
}


def learning_rate(config: TrainConfig, step: int, of: int) -> float:
    """Rate of step `step` (from 0) of `of`: it rises over the warm-up, then falls by the schedule; never 0."""
    warmup = math.ceil(config.warmup_share * of)
    if step < warmup:
        return config.lr * (step + 1) / (warmup + 1)
    return config.lr * _SHAPES[config.schedule]((step - warmup) / max(1, of - warmup))
