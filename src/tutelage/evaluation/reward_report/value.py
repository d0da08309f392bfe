"""What a slice of the judgments cost, and what it moved: leave it out, refit the fast head, look at held-out pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tutelage.errors import BadInput
from tutelage.evaluation.reward_report.curve import Trained, next_rows
from tutelage.evaluation.reward_report.held import Floats, Held, Mask, held
from tutelage.evaluation.reward_report.topics import holm, sign_flip
from tutelage.records import Figure, RankedRow, Undefined
from tutelage.training.value import Refit

SHARES, DRAWS, MORE = (0.25, 0.5, 0.75, 1.0), 6, 1000
OF_SLICE = (0.0, 0.25, 0.5, 1.0)
MOST_SLICES = 30


@dataclass(frozen=True, slots=True)
class Cost:
    """Money in the currency's smallest unit, of pay lines or of a stated rate a judgment (`how` says which)."""

    minor: int
    currency: str
    how: str

    def __str__(self) -> str:
        return f"{self.minor / 100:,.2f} {self.currency}"


@dataclass(frozen=True, slots=True)
class SliceValue:
    """One slice of the training rows.

    moved     held-out accuracy with the slice less without it, paired; the interval is of this slice on other pairs
    adjusted  p of no effect, Holm over the slices
    next      what `more` rows of the same slice would add
    sentence  all of it in words
    """

    name: str
    rows: int
    judgments: int
    cost: Cost | None
    moved: Figure
    adjusted: float
    next: Figure
    sentence: str


@dataclass(frozen=True, slots=True)
class Point:
    """Held-out accuracy when this many rows are trained on, over random draws of them."""

    rows: int
    accuracy: Figure


@dataclass(frozen=True, slots=True)
class Value:
    """Value by group on the fast head.

    accuracy  with all training rows
    curve     with fewer; `next` is what `more` rows like all of these would add
    """

    how: str
    more: int
    accuracy: Figure
    curve: tuple[Point, ...]
    next: Figure
    slices: tuple[SliceValue, ...]


@dataclass(frozen=True)
class Split:
    """Rows to train on, each with its slice, and rows to be judged by: no group on both sides."""

    train: Sequence[RankedRow]
    slices: Sequence[str]
    held: Sequence[RankedRow]


class Costs:
    """What each contribution was paid: by pay lines (contribution → minor units), or by one stated rate."""

    def __init__(self, currency: str, lines: Mapping[str, int] | None = None, rate: int | None = None) -> None:
        self.currency, self.lines, self.rate = currency, lines, rate

    def of(self, contributions: Sequence[str]) -> Cost:
        """Of a set of contributions. Raises BadInput where one has no pay line: an unknown cost is not 0."""
        if self.lines is None:
            rate = self.rate or 0
            return Cost(len(contributions) * rate, self.currency, f"stated rate of {rate} minor units a judgment")
        missing = [c for c in contributions if c not in self.lines]
        if missing:
            raise BadInput(
                f"{len(missing)} judgments have no pay line, the first {missing[0]}.",
                expected="a pay line for every judgment trained on",
                remedy="Add the lines, or state a rate instead.",
            )
        return Cost(sum(self.lines[c] for c in contributions), self.currency, "pay lines")


def value(
    splits: Sequence[Split], *, blocks: Sequence[str], rng: np.random.Generator, costs: Costs | None = None,
    more: int = MORE, level: float = 0.95, cache: Path | None = None,
) -> Value:  # fmt: skip
    """Leave-slice-out and learning curves, over one split or several (each held-out pair in one of them).

    blocks  of the fast head
    Raises BadInput for more than 30 slices: each costs refits, and so many cannot be told apart.
    """
    names = sorted({s for split in splits for s in split.slices})
    if len(names) > MOST_SLICES:
        raise BadInput(
            f"{len(names)} slices.", expected=f"{MOST_SLICES} at most", remedy="Join them with a coarser grouping."
        )
    seeds = rng.spawn(3)
    fits = [Refit(s.train, s.held, blocks=blocks, rng=g, cache=cache)
            for s, g in zip(splits, seeds[0].spawn(len(splits)), strict=True)]  # fmt: skip
    data = held([row for s in splits for row in s.held])
    work = _Work(splits, fits, data, level)
    full = work.right([np.ones(len(s.train), bool) for s in splits])
    trained = work.curve(SHARES, [np.zeros(len(s.train), bool) for s in splits], seeds[1])
    points = work.points(trained)
    parts = [work.slice(name, full, costs, more, g) for name, g in zip(names, seeds[2].spawn(len(names)), strict=True)]
    adjusted = holm([p for _, p in parts])
    slices = tuple(_worded(part, p, more) for (part, _), p in zip(parts, adjusted, strict=True))
    how = f"fast head ({' + '.join(blocks)}), refitted on parts of {int(trained.n[-1]):,} rows"
    following = next_rows(trained, more, rng=seeds[1], level=level)
    return Value(how, more, data.mean(full, level=level), points, following, slices)


class _Work:
    """The refits of all splits, pooled over their held-out pairs."""

    def __init__(self, splits: Sequence[Split], fits: Sequence[Refit], data: Held, level: float) -> None:
        self.splits, self.fits, self.data, self.level = splits, fits, data, level
        self.names, self.group = np.unique(data.group, return_inverse=True)
        self.pairs = np.bincount(self.group).astype(float)

    def right(self, kept: Sequence[Mask]) -> Floats:
        """(p,) 1 where the refit on the kept rows of each split sides with people."""
        return np.concatenate([(np.sign(f.margins(k)) + 1) / 2 for f, k in zip(self.fits, kept, strict=True)])

    def curve(self, shares: Sequence[float], always: Sequence[Mask], rng: np.random.Generator) -> Trained:
        """Refits on growing random parts of the rows that are not `always` there."""
        n = np.array([np.mean([s * (~a).sum() for a in always]) for s in shares])
        out = np.empty((len(shares), DRAWS, self.pairs.size))
        for at, share in enumerate(shares):
            for draw in range(1 if share in (0.0, 1.0) else DRAWS):
                kept = [a | (rng.permutation(a.size) < share * a.size) for a in always]
                out[at, draw] = np.bincount(self.group, self.right(kept), self.pairs.size)
            if share in (0.0, 1.0):
                out[at, 1:] = out[at, 0]  # there is one way to draw all or none
        return Trained(n, out, self.pairs)

    def points(self, trained: Trained) -> tuple[Point, ...]:
        """The curve as figures: the mean over draws, its interval over held-out groups."""
        each = trained.right.mean(1) / self.pairs  # (S, G)
        return tuple(
            Point(int(n), self.data.mean(accuracy[self.group], level=self.level))
            for n, accuracy in zip(trained.n, each, strict=True)
        )

    def slice(
        self, name: str, full: Floats, costs: Costs | None, more: int, rng: np.random.Generator
    ) -> tuple[SliceValue, float]:
        """Leave one slice out; then its own curve, all other rows being there."""
        others = [np.array([s != name for s in split.slices]) for split in self.splits]
        inside = {
            id(row): row for split in self.splits for row, s in zip(split.train, split.slices, strict=True) if s == name
        }
        work = sorted({c for row in inside.values() for c in row.contributions})
        difference = full - self.right(others)
        moved = self.data.difference(difference, np.zeros(full.size), level=self.level)
        p, _ = sign_flip(difference, self.data.group, rng)
        trained = self.curve(OF_SLICE, others, rng)
        offsets = np.array([0.25, 1.0, 4.0]) * max(float(trained.n[-1]), 1.0)
        following = next_rows(trained, more, rng=rng, level=self.level, offsets=offsets)
        cost = costs.of(work) if costs else None
        return SliceValue(name, len(inside), len(work), cost, moved, 1.0, following, ""), p


def _worded(part: SliceValue, adjusted: float, more: int) -> SliceValue:
    price = f"cost {part.cost}" if part.cost else "has no stated cost"
    following = f"the next {more:,} would buy {_of(part.next)}"
    if isinstance(part.next, Undefined):
        following = f"what the next {more:,} would buy {part.next.why}"
    sentence = (
        f"{part.name}: this slice of {part.judgments:,} judgments {price} and moved held-out accuracy by "
        f"{_of(part.moved)}; {following}."
    )
    return replace(part, adjusted=adjusted, sentence=sentence)


def _of(figure: Figure) -> str:
    if isinstance(figure, Undefined):
        return figure.why
    return f"{figure.value:+.4f} [{figure.lo:+.4f}, {figure.hi:+.4f}]"
