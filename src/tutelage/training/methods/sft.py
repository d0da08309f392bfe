"""Supervised fine-tuning: raise the log-probability of demonstrated answers. Prompt tokens are never trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from tutelage.models.local_layout import Flat, answer_sums, token_logprobs
from tutelage.records import DemonstrationRow
from tutelage.training import pack
from tutelage.training.config import SftConfig
from tutelage.training.session import Session, open_session


def train(
    rows: Sequence[DemonstrationRow],
    base: str,
    out: Path,
    config: SftConfig,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train and publish a checkpoint; see `tutelage.training.sft`."""
    session = open_session("sft", rows, base, out, config)
    if session is None:
        return out
    examples = pack.demonstrations(rows, session.text, config)
    pack.require(examples, len(rows), "a demonstration of weight above 0")
    session.train(lambda batch: step(session, batch), examples, on_progress)
    return session.finish(examples)


def step(session: Session, batch: list[pack.Example]) -> dict[str, float]:
    """Gradients of the mean negative log-likelihood per (weighted) answer token."""
    whole = sum(e.weight * sum(map(len, e.tree.answers)) for e in batch)
    total = 0.0
    for part in pack.microbatches(batch, session.config.microbatch_tokens):
        flat = Flat([e.tree for e in part], session.loaded.device)
        weights = torch.tensor([e.weight for e in part], device=session.loaded.device)
        sums = answer_sums(token_logprobs(session.model, flat), flat.lengths)  # (A,) nats, one answer a row
        loss = -(weights * sums).sum() / whole
        torch.autograd.backward(loss)
        total += float(loss.detach())
    return {"loss": total}
