"""Losses of policies that learn from their own answers, as pure functions. A answers with M tokens in all; every
function returns one value per token or per answer, and the methods say how they are averaged."""

from __future__ import annotations

import torch
from torch import Tensor


def clipped_surrogate(log_ratio: Tensor, advantages: Tensor, ratio: tuple[float, float]) -> Tensor:
    """Clipped surrogate objective, negated (Schulman et al. 2017, Eq. 7).

    log_ratio   (N,) log p now - log p when the answer was sampled, of tokens or of whole answers
    advantages  (N,)
    ratio       (low, high): where the ratio is clipped
    Returns (N,); at log_ratio 0 the value is -advantage and the slope in log_ratio -advantage.
    """
    r = log_ratio.exp()
    return -torch.minimum(r * advantages, r.clamp(*ratio) * advantages)


def clipped(log_ratio: Tensor, advantages: Tensor, ratio: tuple[float, float]) -> Tensor:
    """(N,) bool: whose ratio has left the band on the side where clipping stops its gradient."""
    r = log_ratio.exp()
    return ((r > ratio[1]) & (advantages > 0)) | ((r < ratio[0]) & (advantages < 0))


def value_loss(values: Tensor, before: Tensor, returns: Tensor, clip: float | None) -> Tensor:
    """Half the squared error of a value, the worse of it and of the value held within `clip` of what it was.

    values, before, returns  (M,) now, when the answer was sampled, and what came
    """
    error = (values - returns).square()
    if clip is not None:
        held = before + (values - before).clamp(-clip, clip)
        error = torch.maximum(error, (held - returns).square())
    return 0.5 * error


def k1(logprobs: Tensor, reference: Tensor) -> Tensor:
    """(M,) log p - log p_ref of sampled tokens: unbiased for the KL, either sign. Its sum is an answer's."""
    return logprobs - reference


def k3(logprobs: Tensor, reference: Tensor) -> Tensor:
    """(M,) p_ref/p - 1 - log(p_ref/p): unbiased for the same KL and never negative (Schulman 2020)."""
    behind = reference - logprobs
    return (behind.expm1() - behind).clamp(min=0)  # the rounding of two near-equal numbers must not turn it negative
