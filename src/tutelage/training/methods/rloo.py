"""RLOO: a whole answer is one action, its baseline the mean reward of its siblings.

Ahmadian et al. 2024, arXiv:2402.14740. The KL to the base is part of the reward: r - beta · (log p - log p_ref), summed
over the answer. On-policy this is REINFORCE, unbiased; with further updates the answer's ratio is clipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tutelage.models.local_layout import answer_sums
from tutelage.training import losses_policy as losses
from tutelage.training.advantages import leave_one_out
from tutelage.training.config_online import RlooConfig
from tutelage.training.parts import Look, Part, Whole


class Rloo:
    """See `tutelage.training.parts.Method`."""

    fewest, apart = 2, True

    def __init__(self, config: RlooConfig) -> None:
        self.config = config
        self.parameters: dict[str, torch.nn.Parameter] = {}

    def values(self, states: Tensor) -> Tensor:
        """None: the siblings are the baseline."""
        return states.new_empty(0)

    def prepare(self, parts: Sequence[Part], beta: float) -> dict[str, float]:
        """(A,) leave-one-out advantages of the rewards less their KL."""
        for part in parts:
            kl = answer_sums(losses.k1(part.before, part.reference), part.flat.lengths)  # (A,)
            part.advantages = leave_one_out(part.rewards - beta * kl, part.sizes)
        return {}

    def loss(self, part: Part, now: Look, of: Whole, beta: float) -> tuple[Tensor, dict[str, Any]]:
        """Mean over answers of the clipped surrogate."""
        del beta  # it is in the advantages
        moved = answer_sums(now.logprobs - part.before, part.flat.lengths)  # (A,)
        each = losses.clipped_surrogate(moved, part.advantages, self.config.ratio)
        off = losses.clipped(moved, part.advantages, self.config.ratio)
        return each.sum() / of.answers, {"clip_share": float(off.sum()) / of.answers}
