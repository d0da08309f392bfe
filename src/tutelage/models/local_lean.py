"""One decoding step of a Llama in few operations: weights side by side, packed for the processor, no modules between.

Decoding computes one token a row, so what costs is reading weights and calling small operations. Here queries, keys and
values are one product, gate and up another; in bf16 on a CPU the frozen weights are packed once (measured: 1.2 to 1.8
times as fast as `linear`, to the same bits) and kept beside the model at the price of their own size. Adapters stay
apart, so that what they add is not rounded away. Models of another kind are decoded through their own modules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, rms_norm, silu

from tutelage.models.local_lora import LoraLinear

Product = Callable[[Tensor], Tensor]  # (B, in) -> (B, out)


class Memory(Protocol):
    """Keys and values of what stands before."""

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """(B, H, 1, D), (B, G, 1, D) twice -> (B, 1, H, D); see `local_layout.Plan`."""
        ...


class Lean:
    """A Llama's weights as a step needs them. Made anew for every batch: what is trained has moved since."""

    def __init__(self, model: Any) -> None:
        trunk, config = model.model, model.config
        self.embed, self.rotate, self.eps = trunk.embed_tokens, trunk.rotary_emb, config.rms_norm_eps
        self.width = config.hidden_size
        first = trunk.layers[0].self_attn
        self.heads, self.groups, self.dim = config.num_attention_heads, config.num_key_value_heads, first.head_dim
        self.scale = first.scaling
        self.norm = trunk.norm.weight
        self.head = _beside([model.get_output_embeddings()])
        self.layers = [
            (
                layer.input_layernorm.weight,
                _beside([layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj]),
                _beside([layer.self_attn.o_proj]),
                layer.post_attention_layernorm.weight,
                _beside([layer.mlp.gate_proj, layer.mlp.up_proj]),
                _beside([layer.mlp.down_proj]),
            )
            for layer in trunk.layers
        ]

    def step(self, tokens: Tensor, positions: Tensor, memory: Memory) -> Tensor:
        """(B,) token ids at (B,) positions -> (B, d) last hidden states."""
        x = self.embed(tokens)
        cos, sin = self._turn(x, positions)
        b, h, g, d = len(tokens), self.heads, self.groups, self.dim
        for at, (before, attention, out, between, gates, down) in enumerate(self.layers):
            made = attention(rms_norm(x, (self.width,), before, self.eps)).view(b, h + 2 * g, d)
            turning = made[:, : h + g]
            turned = torch.addcmul(turning * cos, turning.roll(d // 2, -1), sin)
            q, k, v = turned[:, :h, None], turned[:, h:, None], made[:, h + g :, None]
            x = x + out(memory.attend(at, q, k, v, self.scale).reshape(b, h * d))
            gate, up = gates(rms_norm(x, (self.width,), between, self.eps)).chunk(2, -1)
            x = x + down(silu(gate) * up)
        return rms_norm(x, (self.width,), self.norm, self.eps)

    def _turn(self, x: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 1, D) cosines, and sines that carry the sign of the rotated half."""
        cos, sin = self.rotate(x, positions[:, None])
        half = self.dim // 2
        return cos, torch.cat((-sin[..., :half], sin[..., half:]), -1)


def fits(model: Any) -> bool:
    """Whether a model is the Llama that `Lean` computes: no biases, SiLU gates."""
    config = model.config
    plain = not getattr(config, "attention_bias", False) and not getattr(config, "mlp_bias", False)
    head = model.get_output_embeddings()
    return config.model_type == "llama" and plain and config.hidden_act == "silu" and head.bias is None


def _beside(layers: Sequence[nn.Module]) -> Product:
    """Linear layers with one input as one product, their outputs one after the other."""
    bases = [layer.base if isinstance(layer, LoraLinear) else layer for layer in layers]
    multiply = _product(bases)
    adapters = [layer for layer in layers if isinstance(layer, LoraLinear) and layer.on]
    if not adapters:
        return multiply
    kind = bases[0].get_parameter("weight").dtype
    low = torch.cat([layer.a for layer in adapters]).to(kind)  # (n·r, in)
    high = torch.block_diag(*[layer.b * layer.scale for layer in adapters]).to(kind)  # type: ignore[no-untyped-call]  # torch types none of it; (out, n·r)
    return lambda x: multiply(x) + linear(linear(x, low), high)


_KEPT: WeakKeyDictionary[nn.Module, tuple[list[int], Product]] = WeakKeyDictionary()  # by the first of the layers


def _product(layers: list[nn.Module]) -> Product:
    """x -> x Wᵀ for weights one under the other; kept while they are frozen and as they were."""
    weights: list[Tensor] = [layer.get_parameter("weight") for layer in layers]
    if any(w.requires_grad for w in weights):
        return _made(weights)
    versions = [w._version for w in weights]
    known = _KEPT.get(layers[0])
    if known is None or known[0] != versions:
        known = (versions, _made(weights))
        _KEPT[layers[0]] = known
    return known[1]


def _made(weights: list[Tensor]) -> Product:
    whole = torch.cat(list(weights)).detach() if len(weights) > 1 else weights[0].detach()
    if whole.dtype == torch.bfloat16 and whole.device.type == "cpu" and not any(w.requires_grad for w in weights):
        packed = _packed(whole)
        if packed is not None:
            return packed
    return lambda x: linear(x, whole)


def _packed(weight: Tensor) -> Product | None:
    """The product in oneDNN's own order of the weight; None where this build or processor has none."""
    operations: Any = torch.ops.mkldnn
    try:
        ready = operations._reorder_linear_weight(weight.contiguous(), 48)
        operations._linear_pointwise(weight.new_zeros(1, weight.shape[1]), ready, None, "none", [], "")
    except (RuntimeError, AttributeError, NotImplementedError):
        return None
    return lambda x: operations._linear_pointwise(x, ready, None, "none", [], "")
