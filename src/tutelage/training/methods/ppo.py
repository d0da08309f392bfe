"""PPO: every token is an action, with a learned value of what is still to come as its baseline.

Schulman et al. 2017 in the form of Ouyang et al. 2022: at each token -beta · (log p - log p_ref), at the last one also
the reward; advantages by GAE, whitened over the step; clipped surrogate and clipped value loss.

The value is one linear reading of the policy's own last hidden state. A separate trunk would cost a second model's
memory and passes; here the states are at hand in every pass, and a small `value_weight` leaves the trunk to the policy.
The reading starts as the mean reward of the first step, so that the value clip binds from where the rewards are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tutelage.training import losses_policy as losses
from tutelage.training.advantages import gae, whitened
from tutelage.training.config_online import PpoConfig
from tutelage.training.parts import Look, Part, Whole


class Ppo:
    """See `tutelage.training.parts.Method`."""

    fewest, apart = 1, False  # advantages are whitened over the step

    def __init__(self, config: PpoConfig, width: int, device: str) -> None:
        self.config = config
        self.weight = torch.nn.Parameter(torch.zeros(width, device=device))
        self.bias = torch.nn.Parameter(torch.zeros((), device=device))
        self.parameters = {"value.weight": self.weight, "value.bias": self.bias}

    def values(self, states: Tensor) -> Tensor:
        """(M, d) -> (M,), on the scale of the rewards."""
        return states.float() @ self.weight + self.bias

    def prepare(self, parts: Sequence[Part], beta: float) -> dict[str, float]:
        """(M,) advantages and returns; and how well the values foresaw them: 1 perfectly, 0 as well as their mean."""
        if not self.weight.any() and not self.bias:
            self._start(parts)
        for part in parts:
            paid = -beta * losses.k1(part.before, part.reference)  # (M,)
            last = torch.tensor(part.flat.lengths, device=paid.device).cumsum(0) - 1  # (A,)
            paid[last] += part.rewards
            part.advantages, part.returns = gae(
                paid, part.values, part.flat.lengths, self.config.gamma, self.config.lam
            )
        returns = torch.cat([p.returns for p in parts])
        missed = returns - torch.cat([p.values for p in parts])
        if self.config.whiten:
            whole = whitened(torch.cat([p.advantages for p in parts]))
            for part, own in zip(parts, torch.split(whole, [p.tokens for p in parts]), strict=True):
                part.advantages = own
        spread = float(returns.var(correction=0))
        return {"explained_variance": 1 - float(missed.var(correction=0)) / spread if spread > 0 else 0.0}

    def _start(self, parts: Sequence[Part]) -> None:
        mean = torch.cat([p.rewards for p in parts]).mean()
        with torch.no_grad():
            self.bias.copy_(mean)
        for part in parts:
            part.values = part.values + mean

    def loss(self, part: Part, now: Look, of: Whole, beta: float) -> tuple[Tensor, dict[str, Any]]:
        """Mean over tokens of the clipped surrogate and of value_weight · the clipped value loss."""
        del beta  # it is in the advantages
        moved = now.logprobs - part.before
        each = losses.clipped_surrogate(moved, part.advantages, self.config.ratio)
        value = losses.value_loss(now.values, part.values, part.returns, self.config.value_clip).sum() / of.tokens
        off = losses.clipped(moved, part.advantages, self.config.ratio)
        figures = {"clip_share": float(off.sum()) / of.tokens, "value_loss": float(value.detach())}
        return each.sum() / of.tokens + self.config.value_weight * value, figures
