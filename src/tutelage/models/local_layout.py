"""How texts lie in a tensor: each prompt once, its K answers behind it, no padding anywhere.

A batch is one row of N tokens: tree after tree, each `prompt | answer 1 | … | answer K`. An answer sees its prompt and
itself, never its siblings; its positions start again behind the prompt. Linear layers see N real tokens; attention runs
tree by tree. Policy, reference, reward model and prefill all use this one path.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

ATTENTION = "tutelage"


class Tree(NamedTuple):
    """One prompt and its K answers as token ids; an answer is not empty, a prompt is not empty."""

    prompt: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...] = ()

    @property
    def tokens(self) -> int:
        """Tokens that are computed: the prompt once, every answer once."""
        return len(self.prompt) + sum(map(len, self.answers))


def batches(trees: Sequence[Tree], tokens: int) -> list[list[Tree]]:
    """Consecutive trees, together while they have at most `tokens` tokens (a longer one stands alone)."""
    out: list[list[Tree]] = []
    used = tokens + 1
    for tree in trees:
        if used + tree.tokens > tokens:
            out.append([])
            used = 0
        out[-1].append(tree)
        used += tree.tokens
    return out


class Plan(Protocol):
    """What the attention of one forward pass looks like."""

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """(B, H, T, D), (B, G, T, D), (B, G, T, D) -> (B, T, H, D); G key heads divide H query heads."""
        ...


class Flat:
    """The layout of a batch of trees.

    ids, positions  (1, N)
    predict_from    (M,) where in N the state stands that predicts each answer token: the first from the prompt's end
    targets         (M,) the answer tokens, tree after tree, answer after answer
    lengths         (A,) tokens of each of the A answers; sums to M
    ends            (A,) where in N the last token of each answer stands
    """

    def __init__(self, trees: Sequence[Tree], device: str = "cpu") -> None:
        ids: list[int] = []
        positions: list[int] = []
        source: list[int] = []
        targets: list[int] = []
        self.lengths: list[int] = []
        self.spans: list[tuple[int, int]] = []
        ends: list[int] = []
        for tree in trees:
            start, p = len(ids), len(tree.prompt)
            ids += tree.prompt
            positions += range(p)
            for answer in tree.answers:
                here = len(ids)
                source += [start + p - 1, *range(here, here + len(answer) - 1)]
                targets += answer
                ids += answer
                positions += range(p, p + len(answer))
                self.lengths.append(len(answer))
                ends.append(len(ids) - 1)
            self.spans.append((start, len(ids)))
        self.ids = torch.tensor([ids], device=device)
        self.positions = torch.tensor([positions], device=device)
        self.predict_from = torch.tensor(source, dtype=torch.long, device=device)
        self.targets = torch.tensor(targets, dtype=torch.long, device=device)
        self.ends = torch.tensor(ends, dtype=torch.long, device=device)
        self._segments = [s for (lo, _), tree in zip(self.spans, trees, strict=True) for s in _segments(lo, tree)]
        self._masks: list[Tensor] | None = None

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """Attention tree by tree; see `Plan`."""
        del layer
        if self._masks is None:  # once for all layers, in the model's own type
            self._masks = [_mask(segment, q) for segment in self._segments]
        parts = []
        for segment, mask in zip(self._segments, self._masks, strict=True):
            own = slice(segment.lo, segment.hi)
            keys, values = segment.seen(k), segment.seen(v)
            area = (segment.hi - segment.lo) * keys.shape[2]
            dense = q.dtype == torch.bfloat16 and q.device.type == "cpu" and area <= DENSE_AREA
            parts.append((_dense if dense else _fused)(q[:, :, own], keys, values, mask, scale))
        out = parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)
        return out.transpose(1, 2)  # (1, H, N, D) -> (1, N, H, D)


class Segment(NamedTuple):
    """Tokens lo … hi of a batch, which see tokens above … top (their prompt) and one another in causal order."""

    lo: int
    hi: int
    above: int = 0
    top: int = 0

    def seen(self, x: Tensor) -> Tensor:
        """The part of (1, G, N, D) keys or values that these tokens see, prompt first."""
        own = x[:, :, self.lo : self.hi]
        return own if self.above == self.top else torch.cat((x[:, :, self.above : self.top], own), dim=2)


def _segments(lo: int, tree: Tree) -> list[Segment]:
    """A tree of up to one answer is one causal text; with more, the prompt is one and every answer is one."""
    if len(tree.answers) < 2:
        return [Segment(lo, lo + tree.tokens)]
    top = lo + len(tree.prompt)
    starts = accumulate((len(a) for a in tree.answers), initial=top)
    return [Segment(lo, top), *(Segment(at, at + len(a), lo, top) for at, a in zip(starts, tree.answers, strict=False))]


# Measured: on a CPU in bf16, plain products take less than half of the fused kernel's time, forward and back. They keep
# their scores for the way back, so beyond this many per head (40 MB a layer with 9 heads) the fused kernel takes over.
DENSE_AREA = 1 << 21


def _dense(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float) -> Tensor:
    """(1, H, A, D), (1, G, T, D) twice, (A, T) -> (1, H, A, D); heads that share a key head form one product."""
    _, h, a, d = q.shape
    g, t = k.shape[1], k.shape[2]
    scores = torch.bmm((q * scale).reshape(g, h // g * a, d), k[0].transpose(1, 2))  # (G, H/G·A, T)
    shares = scores.view(h, a, t).add_(mask).softmax(-1)
    return torch.bmm(shares.view(g, h // g * a, t), v[0]).view(1, h, a, d)


def _fused(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float) -> Tensor:
    """The same through torch's fused kernel."""
    share = q.shape[1] // k.shape[1]
    square = mask.shape[0] == mask.shape[1]
    return scaled_dot_product_attention(
        q, _widen(k, share), _widen(v, share), attn_mask=None if square else mask, is_causal=square, scale=scale
    )


def _widen(x: Tensor, share: int) -> Tensor:
    """(B, G, T, D) -> (B, G·share, T, D): each key head serves `share` query heads."""
    if share == 1:
        return x
    b, g, t, d = x.shape
    return x[:, :, None].expand(b, g, share, t, d).reshape(b, g * share, t, d)


def _mask(segment: Segment, like: Tensor) -> Tensor:
    """(A, T) additive: 0 for the prompt and for what stands before, -inf for what comes after."""
    a, p = segment.hi - segment.lo, segment.top - segment.above
    mask = torch.full((a, a), float("-inf"), dtype=like.dtype, device=like.device).triu_(1)
    return torch.cat((mask.new_zeros(a, p), mask), dim=1)


def _attention(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Any, scaling: float, *, plan: Plan, **_: Any
) -> tuple[Tensor, None]:
    del attention_mask
    return plan.attend(module.layer_idx, query, key, value, scaling), None


def register() -> None:
    """Make `attn_implementation="tutelage"` known to transformers."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, _attention)


def hidden(model: Any, ids: Tensor, positions: Tensor, plan: Plan) -> Tensor:
    """The last hidden states (B, T, d) of a causal language model's trunk, under `plan`."""
    out: Tensor = model.base_model(
        input_ids=ids, position_ids=positions, attention_mask=None, use_cache=False, plan=plan
    ).last_hidden_state
    return out


CHUNK = 256  # rows of logits alive at a time: 256 × 49 152 × 4 bytes = 50 MB


class _FrozenHead(torch.autograd.Function):
    """log p of each target under a head that is not trained.

    The gradient with respect to the states is made in the forward pass (softmax is at hand there), so that no logits
    are kept and none are computed twice.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        """(M, d), (V, d), (M,) -> (M,) nats, float32."""
        out = torch.empty(len(targets), dtype=torch.float32, device=states.device)
        slope = torch.empty_like(states) if ctx.needs_input_grad[0] else None
        for lo in range(0, len(targets), CHUNK):
            rows = slice(lo, lo + CHUNK)
            logits = (states[rows] @ weight.T).float()  # (m, V)
            logp = logits.log_softmax(-1)
            picked = targets[rows, None]
            out[rows] = logp.gather(1, picked)[:, 0]
            if slope is not None:
                # d log p(target) / d state = w_target - sum_v p(v) w_v
                slope[rows] = weight[targets[rows]] - logp.exp_().to(weight.dtype) @ weight
        ctx.save_for_backward(slope)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, None, None]:
        """(M,) -> (M, d)."""
        (slope,) = ctx.saved_tensors
        return grads[0][:, None].to(slope.dtype) * slope, None, None


def token_logprobs(model: Any, flat: Flat) -> Tensor:
    """log p of every answer token, (M,) nats in float32: the LM head runs on answer positions only."""
    return target_logprobs(model, answer_states(model, flat), flat.targets)


def answer_states(model: Any, flat: Flat) -> Tensor:
    """The last hidden state before every answer token, (M, d): what predicts it, and what a value is read from."""
    return hidden(model, flat.ids, flat.positions, flat)[0, flat.predict_from]  # (1, N, d) -> (M, d)


def target_logprobs(model: Any, states: Tensor, targets: Tensor) -> Tensor:
    """log p of each target after its state; (M, d), (M,) -> (M,) nats in float32."""
    head = model.get_output_embeddings()
    if head.bias is None and not head.weight.requires_grad:
        picked: Tensor = _FrozenHead.apply(states, head.weight, targets)  # type: ignore[no-untyped-call]  # torch types no apply
        return picked
    parts = []
    for lo in range(0, len(targets), CHUNK):
        rows = slice(lo, lo + CHUNK)
        logp = head(states[rows]).float().log_softmax(-1)
        parts.append(logp.gather(1, targets[rows, None])[:, 0])
    return torch.cat(parts)


def answer_sums(values: Tensor, lengths: Sequence[int]) -> Tensor:
    """Sum of (M,) token values within each answer, (A,)."""
    ends = list(accumulate(lengths))
    return torch.stack([values[hi - n : hi].sum() for n, hi in zip(lengths, ends, strict=True)])
