"""How much better an answer, or a token of it, was than expected. Pure; A answers of G prompts, M tokens in all."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

TINY = 1e-4  # keeps a group of equal rewards from dividing by 0, as in the papers' code


def gae(rewards: Tensor, values: Tensor, lengths: Sequence[int], gamma: float, lam: float) -> tuple[Tensor, Tensor]:
    """Generalised advantage estimation within each answer (Schulman et al. 2016, Eq. 16).

    rewards, values  (M,) after and before each token; the value after an answer's last token is 0
    Returns (advantages, returns), (M,) each; returns = advantages + values.
    """
    if not lengths:
        return rewards, values
    real = torch.arange(max(lengths), device=rewards.device) < torch.tensor(lengths, device=rewards.device)[:, None]
    r, v = rewards.new_zeros(real.shape), rewards.new_zeros(real.shape)  # (A, T), zero behind each answer
    r[real], v[real] = rewards, values
    out, ahead, following = torch.empty_like(r), r.new_zeros(len(lengths)), r.new_zeros(len(lengths))
    for t in range(real.shape[1] - 1, -1, -1):
        ahead = r[:, t] + gamma * following - v[:, t] + gamma * lam * ahead
        out[:, t], following = ahead, v[:, t]
    return out[real], out[real] + values


def whitened(advantages: Tensor) -> Tensor:
    """(M,) with mean 0 and variance 1; one alone becomes 0."""
    centred = advantages - advantages.mean()
    return centred / (centred.square().mean().sqrt() + 1e-8)


def leave_one_out(rewards: Tensor, sizes: Sequence[int]) -> Tensor:
    """(A,) reward less the mean reward of its siblings (Kool et al. 2019); sizes are those of the G groups, 2 or more.

    The advantages of a group sum to 0: r_i - (S - r_i)/(k - 1) = k/(k - 1) · (r_i - S/k).
    """
    return torch.cat(
        [(part - part.mean()) * (len(part) / (len(part) - 1)) for part in torch.split(rewards, list(sizes))]
    )


def group_relative(rewards: Tensor, sizes: Sequence[int], *, scale: bool) -> Tensor:
    """(A,) reward less its group's mean, and with `scale` over its group's standard deviation (n - 1)."""
    centred = [part - part.mean() for part in torch.split(rewards, list(sizes))]
    return torch.cat([c / (c.square().sum().div(len(c) - 1).sqrt() + TINY) if scale else c for c in centred])
