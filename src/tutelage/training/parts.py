"""What online methods compute on: groups that are computed together, and what a method is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from tutelage.models.local_layout import Flat
from tutelage.training.rollout import Group


class Look(NamedTuple):
    """One pass of the policy over a part: log p of its tokens (M,), and their values (M,) where a method reads them."""

    logprobs: Tensor
    values: Tensor


class Whole(NamedTuple):
    """How much stands behind one update: what sums are divided by, however it is cut into passes."""

    answers: int
    tokens: int


def _none() -> Tensor:
    return torch.empty(0)


@dataclass
class Part:
    """Groups of scored answers that lie in one pass. Its composition never changes within a step, so that a policy
    that has not changed gives the same bits: the first ratio is exactly 1.

    sizes       answers of each group, (G,); they sum to A
    rewards     (A,)
    reference   (M,) log p of every token under the base
    before      (M,) log p under the policy that sampled, by the training path
    values      (M,) its value before each token, where a method has one
    advantages  (A,) or (M,), as the method has it
    returns     (M,) what values are fitted to
    """

    groups: Sequence[Group]
    flat: Flat
    sizes: list[int]
    rewards: Tensor
    reference: Tensor = field(default_factory=_none)
    before: Tensor = field(default_factory=_none)
    values: Tensor = field(default_factory=_none)
    advantages: Tensor = field(default_factory=_none)
    returns: Tensor = field(default_factory=_none)

    @classmethod
    def of(cls, groups: Sequence[Group], device: str) -> Part:
        """Lay groups out; every answer in them is scored."""
        rewards = torch.tensor([r for g in groups for r in g.rewards], dtype=torch.float32, device=device)
        return cls(groups, Flat([g.tree for g in groups], device), [len(g.answers) for g in groups], rewards)

    @property
    def tokens(self) -> int:
        """M: answer tokens."""
        return len(self.flat.targets)

    def per_token(self, values: Tensor) -> Tensor:
        """(A,) -> (M,): each answer's value at each of its tokens."""
        return values.repeat_interleave(torch.tensor(self.flat.lengths, device=values.device))


def whole(parts: Sequence[Part]) -> Whole:
    """Of the parts behind one update."""
    return Whole(sum(len(p.flat.lengths) for p in parts), sum(p.tokens for p in parts))


def cut(groups: Sequence[Group], tokens: int, device: str) -> list[Part]:
    """Groups in passes of at most `tokens` tokens, long ones first; a longer group stands alone."""
    passes: list[list[Group]] = []
    used = tokens + 1
    for group in sorted(groups, key=lambda g: -g.tree.tokens):
        if used + group.tree.tokens > tokens:
            passes.append([])
            used = 0
        passes[-1].append(group)
        used += group.tree.tokens
    return [Part.of(p, device) for p in passes]


class Method(Protocol):
    """One way of learning from a step's answers.

    fewest      scored answers that a group needs to teach anything
    apart       whether the advantages of a group follow from that group alone
    parameters  what it trains beside the policy, by name
    """

    fewest: int
    apart: bool
    parameters: dict[str, torch.nn.Parameter]

    def values(self, states: Tensor) -> Tensor:
        """(M, d) states before each token -> (M,) values; empty where the method has none."""
        ...

    def prepare(self, parts: Sequence[Part], beta: float) -> dict[str, float]:
        """Fill in the advantages of a step's parts, from rewards, `before` and `reference`; returns figures of them.
        It is called part by part
        where every step makes one update and groups stand `apart`."""
        ...

    def loss(self, part: Part, now: Look, of: Whole, beta: float) -> tuple[Tensor, dict[str, Any]]:
        """This part's share of the update's loss, and its share of the figures."""
        ...
