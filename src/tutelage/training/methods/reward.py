"""A reward model from rankings: K answers of a prompt in one row, the loss over all their K(K-1)/2 pairs.

The score of an answer is read where its end token stands. Ties pull the two rewards together, strength asks for a
margin, certainty softens the label, and the rewards have mean zero over the training rows. Rows of the same answers are
one, so that votes cast one by one cost no more than their share. With `leanings` the head also reads what people differ
about (`models.spread`), and a pair's label is the share who prefer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from tutelage.models.local_layout import Flat
from tutelage.models.local_reward import rewards
from tutelage.records import RankedRow
from tutelage.training import losses, pack
from tutelage.training.config import RewardConfig
from tutelage.training.session import Session, open_session


def train(
    rows: Sequence[RankedRow],
    base: str,
    out: Path,
    config: RewardConfig,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train and publish a reward model; see `tutelage.training.reward`."""
    session = open_session("reward", rows, base, out, config)
    if session is None:
        return out
    head = add_head(session, config.leanings)
    examples = pack.merged(pack.rankings(rows, session.text, config, ties=True))
    pack.require(examples, len(rows), "a row that ranks two answers, or calls them equal")
    session.train(lambda batch: step(session, head, batch, config), examples, on_progress)
    read = examples[: config.mean_zero_rows]
    return session.finish(examples, offset=mean_reward(session, head, read) if read else 0.0)


def add_head(session: Session, leanings: int = 0) -> torch.nn.Parameter:
    """(d,) float32 weights of the last layer, small and random from the seed; (d, 1 + r) with r leanings."""
    width = session.model.config.hidden_size
    generator = torch.Generator().manual_seed(session.config.seed)
    start = torch.randn(width, generator=generator) / (width + 1) ** 0.5
    if leanings:
        more = torch.randn(width, leanings, generator=generator) / (width + 1) ** 0.5
        start = torch.cat([start[:, None], more], 1)  # (d, 1 + r)
    head = torch.nn.Parameter(start.to(session.loaded.device))
    session.trainable.parameters["head"] = head
    for name in [n for n in session.trainable.parameters if n.startswith("lm_head")]:
        del session.trainable.parameters[name]  # no words are predicted here
    return head


def step(session: Session, head: Tensor, batch: list[pack.Example], config: RewardConfig) -> dict[str, float]:
    """Gradients of the mean pair loss, with the accuracy and margin of the batch."""
    whole = sum(e.weight for e in batch)
    figures = dict.fromkeys(("loss", "margin", "accuracy"), 0.0)
    for part in pack.microbatches(batch, config.microbatch_tokens):
        flat = Flat([e.tree for e in part], session.loaded.device)
        read = rewards(session.model, head, flat)  # (A,) or (A, 1 + r)
        scores, leanings = (read[:, 0], read[:, 1:]) if read.ndim > 1 else (read, None)
        pairs = pack.pairs(part, whole, session.loaded.device)
        first, second = scores[pairs.better], scores[pairs.worse]  # (P,)
        margin = config.margin_logits * pairs.strength
        variance = None if leanings is None else (leanings[pairs.better] - leanings[pairs.worse]).square().sum(1)
        each = losses.reward_pairs(first, second, pairs.target, margin, config.centre, variance)
        if variance is not None:
            each = each + config.leaning_price * variance
        loss = (pairs.share * each).sum()
        torch.autograd.backward(loss)
        with torch.no_grad():
            figures["loss"] += float(loss)
            figures["margin"] += float((pairs.share * (first - second)).sum())
            figures["accuracy"] += float((pairs.share * (first > second)).sum())
    return figures


def mean_reward(session: Session, head: Tensor, examples: Sequence[pack.Example]) -> float:
    """Mean over the training rows of the mean reward of their answers: subtracted when the model is used."""
    means = []
    for part in pack.microbatches(examples, session.config.microbatch_tokens):
        flat = Flat([e.tree for e in part], session.loaded.device)
        with torch.no_grad():
            scores = rewards(session.model, head[:, 0] if head.ndim > 1 else head, flat)
        at = 0
        for example in part:
            k = len(example.tree.answers)
            means.append(float(scores[at : at + k].mean()))
            at += k
    return math.fsum(means) / len(means)
