"""Direct preference optimisation, for pairs and for rankings of K answers (all their pairs, prompt encoded once).

The reference is the base itself, asked once before training through the same code, in the same passes as the first
epoch: at the first step policy and reference agree to the bit, and the loss is exactly log 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from tutelage.models.local_layout import Flat, answer_sums, token_logprobs
from tutelage.records import RankedRow
from tutelage.training import losses, pack
from tutelage.training.config import DpoConfig
from tutelage.training.session import Session, open_session

Reference = dict[int, list[float]]  # row index -> log p of each of its answers, nats


def train(
    rows: Sequence[RankedRow],
    base: str,
    out: Path,
    config: DpoConfig,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Train and publish a checkpoint; see `tutelage.training.dpo`."""
    session = open_session("dpo", rows, base, out, config)
    if session is None:
        return out
    examples = pack.rankings(rows, session.text, config, ties=False)
    pack.require(examples, len(rows), "a row that ranks one answer above another")
    known = reference(session, examples)
    session.train(lambda batch: step(session, batch, known, config), examples, on_progress)
    return session.finish(examples)


def reference(session: Session, examples: Sequence[pack.Example]) -> Reference:
    """log p of every answer under the untrained base. Called before any step, while the adapters are the identity."""
    out: Reference = {}
    for batch in pack.steps(examples, session.config, 0):
        for part in pack.microbatches(batch, session.config.microbatch_tokens):
            flat = Flat([e.tree for e in part], session.loaded.device)
            with torch.no_grad():
                sums = answer_sums(token_logprobs(session.model, flat), flat.lengths).tolist()
            for example in part:
                k = len(example.tree.answers)
                out[example.index], sums = sums[:k], sums[k:]
    return out


def step(session: Session, batch: list[pack.Example], known: Reference, config: DpoConfig) -> dict[str, float]:
    """Gradients of the mean pair loss, and what to watch: a falling chosen log-probability is the sign of collapse."""
    whole = sum(e.weight for e in batch)
    device = session.loaded.device
    figures = dict.fromkeys(("loss", "margin", "accuracy", "chosen_drift", "rejected_drift"), 0.0)
    for part in pack.microbatches(batch, config.microbatch_tokens):
        flat = Flat([e.tree for e in part], device)
        sums = answer_sums(token_logprobs(session.model, flat), flat.lengths)  # (A,) nats
        before = torch.tensor([x for e in part for x in known[e.index]], device=device)
        lengths = torch.tensor(flat.lengths, device=device)
        pairs = pack.pairs(part, whole, device)
        target = losses.smoothed(pairs.target, config.label_smoothing)
        drift = (sums - before) / (lengths if config.length_normalised else 1)
        chosen, rejected = drift[pairs.better], drift[pairs.worse]  # (P,)
        each = losses.dpo_pairs(chosen, rejected, target, config.beta)
        if config.nll_weight:
            each = each + config.nll_weight * losses.negative_log_likelihood(sums, lengths)[pairs.better]
        loss = (pairs.share * each).sum()
        torch.autograd.backward(loss)
        with torch.no_grad():
            figures["loss"] += float(loss)
            figures["margin"] += float((pairs.share * config.beta * (chosen - rejected)).sum())
            figures["accuracy"] += float((pairs.share * (chosen > rejected)).sum())
            figures["chosen_drift"] += float((pairs.share * chosen).sum())
            figures["rejected_drift"] += float((pairs.share * rejected).sum())
    return figures
