"""Batched sampling with our own key-value cache.

Each prompt is encoded once, without padding, and its keys are shared out to its n samples; so is what all prompts begin
with (a chat template's first turn). Rows stand aligned at the
column they write, so one step writes one slice. Finished rows leave the batch. Each row draws from its own stream,
seeded by (seed, prompt, sample), so that neither its neighbours nor the order of prompts change its noise.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from tutelage.models.local_layout import Flat, Tree, hidden
from tutelage.models.local_lean import Lean, fits
from tutelage.records import Sampling

ROWS = 64  # rows decoded together
NUCLEUS = 256  # candidates looked at before a full sort is needed
SHARED = 8  # tokens that prompts must have in common before they are encoded apart from the rest
BLOCK = 256  # tokens of the vocabulary whose mass is summed at once


@dataclass
class Sample:
    """One row being decoded. `noise` is (max_tokens,) uniform; `logprobs` are nats of `ids`, one a token."""

    place: tuple[int, int]  # (index of the prompt, which of its samples)
    prompt: tuple[int, ...]
    noise: np.ndarray[Any, np.dtype[np.float64]]
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    ended: bool = False

    @property
    def logprob(self) -> float:
        """Nats of the whole answer."""
        return sum(self.logprobs)


class _Prefill:
    """A flat pass over prompts that keeps every layer's keys and values.

    pieces  of each prompt: where its tokens lie in the pass, (from, to) after (from, to)
    """

    def __init__(self, prompts: Sequence[tuple[int, ...]], device: Any) -> None:
        self.kept: dict[int, tuple[Tensor, Tensor]] = {}
        common = _common(prompts)
        if common < SHARED:
            self.flat = Flat([Tree(p) for p in prompts], device)
            self.pieces = [[span] for span in self.flat.spans]
            return
        self.flat = Flat([Tree(prompts[0][:common], tuple(p[common:] for p in prompts))], device)
        ends = [end + 1 for end in self.flat.ends.tolist()]
        self.pieces = [[(0, common), (lo, hi)] for lo, hi in zip([common, *ends], ends, strict=False)]

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """See `Plan`."""
        self.kept[layer] = (k, v)
        return self.flat.attend(layer, q, k, v, scale)


class _Step:
    """One column of a batch of rows whose prompts end in the same column.

    keys, values  per layer (B·G, columns, D): what one small product reads lies together
    mask          (B·G, 1, columns) additive: -inf left of a row's own prompt; None where all prompts are as long
    at            the column that this step writes
    """

    def __init__(self, prefill: _Prefill, rows: list[int], room: int) -> None:
        lengths = [sum(hi - lo for lo, hi in prefill.pieces[r]) for r in rows]
        self.at = max(lengths)
        first = prefill.kept[0][0]
        self.groups, dim = first.shape[1], first.shape[3]
        self.keys: dict[int, Tensor] = {}
        self.values: dict[int, Tensor] = {}
        shape = (len(rows), self.groups, self.at + room, dim)
        for layer, (k, v) in prefill.kept.items():
            keys, values = first.new_zeros(shape), first.new_zeros(shape)
            for i, r in enumerate(rows):
                at = self.at - lengths[i]
                for lo, hi in prefill.pieces[r]:
                    keys[i, :, at : at + hi - lo] = k[0, :, lo:hi]
                    values[i, :, at : at + hi - lo] = v[0, :, lo:hi]
                    at += hi - lo
            self.keys[layer], self.values[layer] = keys.flatten(0, 1), values.flatten(0, 1)
        self.mask: Tensor | None = None
        if min(lengths) < self.at:
            columns = torch.arange(shape[2], device=first.device)
            absent = columns[None] < self.at - torch.tensor(lengths, device=first.device)[:, None]  # (B, columns)
            mask = torch.zeros(absent.shape, dtype=first.dtype, device=first.device)
            self.mask = mask.masked_fill_(absent, float("-inf")).repeat_interleave(self.groups, 0)[:, None]

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """See `Plan`; T = 1. The query heads that share a key head stand as one short query of that head."""
        keys, values = self.keys[layer], self.values[layer]
        b, h, _, d = q.shape
        g, upto = self.groups, self.at + 1
        keys[:, self.at] = k.reshape(b * g, d)
        values[:, self.at] = v.reshape(b * g, d)
        short = (q * scale).reshape(b * g, h // g, d)
        scores = torch.bmm(short, keys[:, :upto].transpose(1, 2))  # (B·G, H/G, columns)
        if self.mask is not None:
            scores = scores + self.mask[..., :upto]
        return torch.bmm(scores.softmax(-1), values[:, :upto]).view(b, 1, h, d)

    def keep(self, alive: Tensor) -> None:
        """Drop the rows that have finished."""
        for kept in (self.keys, self.values):
            for layer, x in kept.items():
                kept[layer] = x.view(-1, self.groups, *x.shape[1:])[alive].flatten(0, 1)
        if self.mask is not None:
            self.mask = self.mask.view(-1, self.groups, 1, self.mask.shape[2])[alive].flatten(0, 1)


def _common(prompts: Sequence[tuple[int, ...]]) -> int:
    """Tokens that all of several prompts begin with; each keeps at least one of its own."""
    first, last = min(prompts), max(prompts)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return min(same, min(map(len, prompts)) - 1) if len(prompts) > 1 else 0


def rows_for(prompts: Sequence[tuple[int, ...]], n: int, sampling: Sampling, max_tokens: int) -> list[Sample]:
    """n rows a prompt, each with its own noise; the k-th appearance of a prompt gets samples k·n … k·n + n - 1."""
    seen: Counter[tuple[int, ...]] = Counter()
    rows = []
    for index, prompt in enumerate(prompts):
        key = hashlib.sha256(np.asarray(prompt, dtype="<i8").tobytes()).digest()
        words = np.frombuffer(key[:16], dtype="<u4").tolist()
        for j in range(n):
            stream = np.random.default_rng([sampling.seed or 0, seen[prompt] * n + j, *words])
            rows.append(Sample((index, j), prompt, stream.random(max_tokens)))
        seen[prompt] += 1
    return rows


def choose(logits: Tensor, noise: Tensor, sampling: Sampling) -> Tensor:
    """(B, V) float32 logits and (B,) uniforms -> (B,) token ids: greedy at temperature 0, else by the inverse
    distribution function, within the nucleus where top_p < 1."""
    if sampling.temperature == 0:
        return logits.argmax(-1)
    probs = (logits / sampling.temperature).softmax(-1)
    if sampling.top_p >= 1:
        return _inverse(probs, noise)
    top, ids = probs.topk(min(NUCLEUS, probs.shape[-1]))
    if bool((top.sum(-1) < sampling.top_p).any()):
        top, ids = probs.sort(descending=True)
    before = top.cumsum(-1) - top  # mass ahead of each candidate
    nucleus = top * (before < sampling.top_p)
    return ids.gather(-1, _inverse(nucleus, noise)[:, None])[:, 0]


def _inverse(weights: Tensor, noise: Tensor) -> Tensor:
    """(B, n) weights, (B,) uniforms -> (B,): first the block, then the place in it: few sums are running ones."""
    rows, n = weights.shape
    size = min(BLOCK, n)
    blocks = (pad(weights, (0, -n % size)) if n % size else weights).view(rows, -1, size)
    mass = blocks.sum(-1, dtype=torch.float32).double().cumsum(-1)  # (B, blocks)
    target = noise.to(mass)[:, None] * mass[:, -1:]
    which = torch.searchsorted(mass, target, right=True).clamp_(max=mass.shape[1] - 1)  # (B, 1)
    before = torch.where(which > 0, mass.gather(1, (which - 1).clamp_(min=0)), 0.0)
    inside = blocks[torch.arange(rows, device=weights.device), which[:, 0]].double().cumsum(-1)  # (B, size)
    place = torch.searchsorted(inside, target - before, right=True)[:, 0].clamp_(max=size - 1)
    chosen = which[:, 0] * size + place
    # rounding may point just behind the last weight that is not 0
    missed = weights.gather(1, chosen.clamp(max=n - 1)[:, None])[:, 0] <= 0
    return torch.where(missed, weights.argmax(-1), chosen.clamp(max=n - 1)) if bool(missed.any()) else chosen


@torch.inference_mode()
def decode(model: Any, rows: list[Sample], sampling: Sampling, *, max_tokens: int, end: int) -> None:
    """Fill in the rows of one batch, in place."""
    device = model.device
    prompts = list(dict.fromkeys(row.prompt for row in rows))
    prefill = _Prefill(prompts, device)
    flat = prefill.flat
    states = hidden(model, flat.ids, flat.positions, prefill)[0]  # (N, d)
    of = [prompts.index(row.prompt) for row in rows]
    last = torch.tensor([prefill.pieces[p][-1][1] - 1 for p in of], device=device)
    step = _Step(prefill, of, max_tokens)
    positions = torch.tensor([len(row.prompt) for row in rows], device=device)
    noise = torch.from_numpy(np.stack([row.noise for row in rows])).to(device)  # (B, max_tokens)
    lean = Lean(model) if fits(model) else None
    head = lean.head if lean else model.get_output_embeddings()
    state, live = states[last], list(rows)
    for t in range(max_tokens):
        logits = head(state).float()  # (B, V)
        token = choose(logits, noise[:, t], sampling)
        logp = logits.gather(-1, token[:, None])[:, 0] - logits.logsumexp(-1)
        for row, i, lp in zip(live, token.tolist(), logp.tolist(), strict=True):
            row.ids.append(i)
            row.logprobs.append(lp)
            row.ended = i == end
        live = [row for row in live if not row.ended]
        if not live or t == max_tokens - 1:
            return
        if len(live) < len(token):
            alive = (token != end).nonzero()[:, 0]
            token, positions, noise = token[alive], positions[alive], noise[alive]
            step.keep(alive)
        state = (
            lean.step(token, positions, step) if lean else hidden(model, token[:, None], positions[:, None], step)[:, 0]
        )  # (B, d)
        positions, step.at = positions + 1, step.at + 1
