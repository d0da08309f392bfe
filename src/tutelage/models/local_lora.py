"""Low-rank adapters: y = W x + (alpha / r) B A x, with W frozen (Hu et al. 2021, arXiv:2106.09685)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class LoraLinear(nn.Module):
    """A frozen linear layer with an adapter. A and B are kept in float32 and multiplied in the type of x."""

    def __init__(self, base: nn.Linear, rank: int, alpha: float, generator: torch.Generator) -> None:
        super().__init__()
        self.base, self.scale = base, alpha / rank
        self.on = True
        device = base.weight.device
        # uniform(-1/sqrt(in), 1/sqrt(in)) for A and zero for B: the adapter starts as the identity
        bound = base.in_features**-0.5
        start = torch.rand(rank, base.in_features, generator=generator) * 2 * bound - bound
        self.a = nn.Parameter(start.to(device))  # (r, in)
        self.b = nn.Parameter(torch.zeros(base.out_features, rank, device=device))  # (out, r)

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) -> (…, out)."""
        if not self.on:
            return self.base(x)  # type: ignore[no-any-return]  # a module call is Any
        low = linear(x, self.a.to(x.dtype))  # (…, r)
        return self.base(x) + linear(low, (self.b * self.scale).to(x.dtype))  # type: ignore[no-any-return]  # a module call is Any

    def delta(self) -> Tensor:
        """(out, in) float32: what the adapter adds to the weight."""
        return self.scale * (self.b @ self.a)


def adapted(model: nn.Module) -> Iterator[tuple[str, LoraLinear]]:
    """(name, layer) of every adapter, in the model's order."""
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLinear):
            yield name, layer


@contextmanager
def off(model: nn.Module) -> Iterator[None]:
    """The model as it was before its adapters: the reference of a policy, at no memory."""
    layers = [layer for _, layer in adapted(model)]
    for layer in layers:
        layer.on = False
    try:
        yield
    finally:
        for layer in layers:
            layer.on = True


def inject(model: nn.Module, *, rank: int, alpha: float, seed: int) -> list[nn.Parameter]:
    """Freeze the model, put an adapter on every linear layer named in TARGETS, and return what is to be trained."""
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    found = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.rsplit(".", 1)[-1] in TARGETS]
    for name, layer in found:
        parent, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(parent), leaf, LoraLinear(layer, rank, alpha, generator))
    return [p for _, layer in adapted(model) for p in (layer.a, layer.b)]


def state(model: nn.Module) -> dict[str, Tensor]:
    """The adapters' weights by name, as they are stored: `<layer>.a`, `<layer>.b`."""
    out = {}
    for name, layer in adapted(model):
        out[f"{name}.a"], out[f"{name}.b"] = layer.a.detach(), layer.b.detach()
    return out


def restore(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put stored adapter weights into injected adapters."""
    with torch.no_grad():
        for name, layer in adapted(model):
            layer.a.copy_(weights[f"{name}.a"])
            layer.b.copy_(weights[f"{name}.b"])


def merge(model: nn.Module, weights: dict[str, Tensor], *, rank: int, alpha: float) -> None:
    """Add stored adapters to the weights of a plain model: afterwards it costs nothing to run."""
    with torch.no_grad():
        for name in sorted(n[:-2] for n in weights if n.endswith(".a")):
            layer = model.get_submodule(name)
            assert isinstance(layer, nn.Linear)  # noqa: S101 - narrows the type; TARGETS are linear layers
            delta = (alpha / rank) * (weights[f"{name}.b"].float() @ weights[f"{name}.a"].float())
            merged = layer.weight.float() + delta.to(layer.weight.device)
            layer.weight.copy_(merged.to(layer.weight.dtype))
