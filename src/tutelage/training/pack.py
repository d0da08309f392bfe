"""From rows to batches: a row is one tree (its prompt once), a step is so many rows, a pass is so many tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tutelage.errors import BadInput
from tutelage.models.local_layout import Tree
from tutelage.models.local_text import Text
from tutelage.records import DemonstrationRow, RankedRow
from tutelage.training.config import TrainConfig


@dataclass(frozen=True)
class Stated:
    """What several rows say together of two answers: the share for the first, its strength, its part of the loss."""

    first: int
    second: int
    target: float
    strength: float
    weight: float


@dataclass(frozen=True)
class Example:
    """One row, tokenised, with the human work in it.

    index          place of the row in the data
    pairs          (better, worse) answers; ties are in `ties`
    stated         instead of both, where rows of the same answers were merged
    """

    index: int
    tree: Tree
    contributions: tuple[str, ...]
    weight: float
    pairs: tuple[tuple[int, int], ...] = ()
    ties: tuple[tuple[int, int], ...] = ()
    strength: float = 1.0
    certainty: float = 1.0
    stated: tuple[Stated, ...] = ()


def demonstrations(rows: Sequence[DemonstrationRow], text: Text, config: TrainConfig) -> list[Example]:
    """One example a row."""
    return [
        Example(i, _cut(text.tree(row.prompt, (row.response,)), config), row.contributions, row.weight)
        for i, row in enumerate(rows)
        if row.weight > 0
    ]


def rankings(rows: Sequence[RankedRow], text: Text, config: TrainConfig, *, ties: bool) -> list[Example]:
    """One example a row that states any order (or, with `ties`, any tie); the others teach nothing and are left out."""
    out = []
    for i, row in enumerate(rows):
        pairs, even = tuple(row.pairs()), tuple(row.ties()) if ties else ()
        if row.weight > 0 and (pairs or even):
            kept = _named(row, pairs + even)
            tree = _cut(text.tree(row.prompt, tuple(row.responses[k] for k in kept)), config)
            place = {k: at for at, k in enumerate(kept)}
            out.append(
                Example(
                    i, tree, row.contributions, row.weight,
                    tuple((place[a], place[b]) for a, b in pairs), tuple((place[a], place[b]) for a, b in even),
                    row.strength, row.certainty,
                )
            )  # fmt: skip
    return out


def merged(examples: Sequence[Example]) -> list[Example]:
    """Rows of the same prompt and answers as one: each pair's label is the weighted share of what they say.

    Cross-entropy is linear in its label, so the gradient is that of the rows apart (with a margin, of their mean signed
    strength); the answers are computed once. A row that stands alone stays as it is.
    """
    alike: dict[Tree, list[Example]] = {}
    for example in examples:
        alike.setdefault(example.tree, []).append(example)
    return [same[0] if len(same) == 1 else _merge(same) for same in alike.values()]


def _merge(same: Sequence[Example]) -> Example:
    said: dict[tuple[int, int], list[tuple[float, float, float]]] = {}  # (weight, target, signed strength)
    for e in same:
        share = e.weight / (len(e.pairs) + len(e.ties))
        for a, b in e.pairs:
            turned = a > b
            target, strength = (1 - e.certainty, -e.strength) if turned else (e.certainty, e.strength)
            said.setdefault((min(a, b), max(a, b)), []).append((share, target, strength))
        for a, b in e.ties:
            said.setdefault((min(a, b), max(a, b)), []).append((share, 0.5, 0.0))
    stated = []
    for (a, b), found in said.items():
        weight = sum(w for w, _, _ in found)
        target, strength = (sum(f[0] * f[at] for f in found) / weight for at in (1, 2))
        stated.append(
            Stated(a, b, target, max(strength, 0.0), weight)
            if target >= 0.5
            else Stated(b, a, 1 - target, max(-strength, 0.0), weight)
        )
    contributions = tuple(dict.fromkeys(c for e in same for c in e.contributions))
    weight = sum(e.weight for e in same)
    return Example(same[0].index, same[0].tree, contributions, weight, stated=tuple(stated))


def _named(row: RankedRow, pairs: tuple[tuple[int, int], ...]) -> list[int]:
    """The answers that some pair names: the others need not be computed."""
    named = {k for pair in pairs for k in pair}
    return [k for k in range(len(row.responses)) if k in named]


def _cut(tree: Tree, config: TrainConfig) -> Tree:
    answers = tuple(a[: config.max_response_tokens] for a in tree.answers)
    return Tree(tree.prompt[-config.max_prompt_tokens :], answers)


def require(examples: Sequence[Example], rows: int, what: str) -> None:
    """Raise BadInput where nothing is left to learn from."""
    if not examples:
        raise BadInput(
            f"None of the {rows} rows can be trained on.",
            expected=what,
            remedy="Check the weights and ranks of the rows.",
        )


def steps(examples: Sequence[Example], config: TrainConfig, epoch: int) -> list[list[Example]]:
    """The batches of one epoch: a shuffle that depends on seed and epoch alone, cut into `batch_rows`."""
    order = np.random.default_rng([config.seed, epoch]).permutation(len(examples))
    size = config.batch_rows
    return [[examples[i] for i in order[lo : lo + size]] for lo in range(0, len(order), size)]


def microbatches(batch: Sequence[Example], tokens: int) -> list[list[Example]]:
    """A step's examples in passes of at most `tokens` tokens; a longer example stands alone."""
    out: list[list[Example]] = []
    used = tokens + 1
    for example in sorted(batch, key=lambda e: (-e.tree.tokens, e.index)):
        if used + example.tree.tokens > tokens:
            out.append([])
            used = 0
        out[-1].append(example)
        used += example.tree.tokens
    return out


@dataclass(frozen=True)
class Pairs:
    """The pairs of one pass, (P,) each: indices into its A answers, and what is said of them.

    target    probability that `better` is better: the row's certainty, 1/2 for a tie
    strength  how much better, in [0, 1]; 0 for a tie
    share     this pair's part of the step's loss: a row's pairs share its weight equally, so that a ranking of
              K answers counts once and not K(K-1)/2 times
    """

    better: Tensor
    worse: Tensor
    target: Tensor
    strength: Tensor
    share: Tensor


def pairs(part: Sequence[Example], whole: float, device: str) -> Pairs:
    """All pairs of the examples of one pass; `whole` is the weight of all rows of the step."""
    rows: list[tuple[int, int, float, float, float]] = []
    at = 0
    for example in part:
        rows += [(at + s.first, at + s.second, s.target, s.strength, s.weight / whole) for s in example.stated]
        share = example.weight / max(len(example.pairs) + len(example.ties), 1) / whole
        rows += [(at + a, at + b, example.certainty, example.strength, share) for a, b in example.pairs]
        rows += [(at + a, at + b, 0.5, 0.0, share) for a, b in example.ties]
        at += len(example.tree.answers)
    better, worse, *rest = (torch.tensor(column, device=device) for column in zip(*rows, strict=True))
    return Pairs(better, worse, *rest)
