"""Losses as pure functions of tensors. P pairs of answers; every function returns one value per pair or per answer."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def preference(difference: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of "the first is better" under Bradley–Terry.

    difference  (P,) logit that the first is better
    target      (P,) probability that it is: 1 a clear order, 1/2 a tie, between them a soft label
    Returns (P,) nats. At target 1: -log sigmoid(difference).
    """
    return -target * logsigmoid(difference) - (1 - target) * logsigmoid(-difference)


def flattened(difference: Tensor, variance: Tensor) -> Tensor:
    """(P,) logit of the share who prefer the first, from mean difference and its variance over people (MacKay 1992)."""
    return difference / torch.sqrt(1 + math.pi / 8 * variance)


def reward_pairs(
    first: Tensor, second: Tensor, target: Tensor, margin: Tensor, centre: float, variance: Tensor | None = None
) -> Tensor:
    """Bradley–Terry loss of rewards, with a margin and a pull to the mean 0; (P,) each, margin in logits.

    variance  (P,) over people of the difference, where a distribution is learned: see `models.spread`
    Sources: Ouyang et al. 2022 (all pairs of a ranking), Touvron et al. 2023 (margin), Eisenstein et al. 2023 (centre).
    """
    difference = first - second if variance is None else flattened(first - second, variance)
    return preference(difference - margin, target) + centre * (first + second).square()


def dpo_pairs(chosen: Tensor, rejected: Tensor, target: Tensor, beta: float) -> Tensor:
    """Direct preference optimisation (Rafailov et al. 2023, Eq. 7); soft targets give its conservative form.

    chosen, rejected  (P,) log p under the policy minus log p under the reference, nats
    Returns (P,) nats; log 2 where policy and reference agree.
    """
    return preference(beta * (chosen - rejected), target)


def smoothed(certainty: Tensor, label_smoothing: float) -> Tensor:
    """Probability that a stated order is right, when a share `label_smoothing` of orders is flipped."""
    return certainty * (1 - label_smoothing) + (1 - certainty) * label_smoothing


def negative_log_likelihood(logprobs: Tensor, lengths: Tensor) -> Tensor:
    """(A,) summed log-probabilities and token counts -> (A,) nats per token."""
    return -logprobs / torch.clamp(lengths, min=1)
