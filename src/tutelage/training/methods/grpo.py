"""GRPO: an answer is as good as it is better than its siblings; every token of it is pushed the same way.

DeepSeekMath's form (Shao et al. 2024, arXiv:2402.03300, Eq. 3) with its KL in the loss as k3. Two biases can be
switched off (Liu et al. 2025, arXiv:2503.20783): `scale = false` leaves the group's standard deviation out, which
weighs prompts that are almost always or almost never answered well too high; `length = "constant"` leaves the answer's
own length out, which lets long wrong answers off lightly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from tutelage.training import losses_policy as losses
from tutelage.training.advantages import group_relative
from tutelage.training.config_online import GrpoConfig
from tutelage.training.parts import Look, Part, Whole


class Grpo:
    """See `tutelage.training.parts.Method`."""

    fewest, apart = 2, True

    def __init__(self, config: GrpoConfig) -> None:
        self.config = config
        self.parameters: dict[str, torch.nn.Parameter] = {}

    def values(self, states: Tensor) -> Tensor:
        """None: the group is the baseline."""
        return states.new_empty(0)

    def prepare(self, parts: Sequence[Part], beta: float) -> dict[str, float]:
        """(A,) advantages within each group."""
        del beta
        for part in parts:
            part.advantages = group_relative(part.rewards, part.sizes, scale=self.config.scale)
        return {}

    def loss(self, part: Part, now: Look, of: Whole, beta: float) -> tuple[Tensor, dict[str, Any]]:
        """Weighted sum over tokens of the clipped surrogate and beta · k3."""
        advantages = part.per_token(part.advantages)  # (A,) -> (M,)
        moved = now.logprobs - part.before
        each = losses.clipped_surrogate(moved, advantages, self.config.ratio)
        if beta:
            nats = losses.k3(now.logprobs, part.reference)
            each = each + beta * (moved.exp() * nats if self.config.unbiased_kl else nats)
        weights = _WEIGHTS[self.config.length](part, of, self.config)
        off = losses.clipped(moved, advantages, self.config.ratio)
        return (weights * each).sum(), {"clip_share": float(off.sum()) / of.tokens}


def _answer(part: Part, of: Whole, config: GrpoConfig) -> Tensor:
    del config
    return part.per_token(1 / (of.answers * torch.tensor(part.flat.lengths, device=part.rewards.device)))


def _token(part: Part, of: Whole, config: GrpoConfig) -> Tensor:
    del config
    return part.before.new_full((part.tokens,), 1 / of.tokens)


def _constant(part: Part, of: Whole, config: GrpoConfig) -> Tensor:
    return part.before.new_full((part.tokens,), 1 / (of.answers * config.max_response_tokens))


# weight of each token, (M,), so that what `length` names weighs the same
_WEIGHTS: dict[str, Callable[[Part, Whole, GrpoConfig], Tensor]] = {
    "answer": _answer, "token": _token, "constant": _constant,
}  # fmt: skip
