"""Where acceptance will be decided: how likely each confidence threshold is to pass, guessed before any label.

Everything here uses the judge's own confidence as a guess. A wrong guess costs share, never validity.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.stats import binom, rankdata

from tutelage.measure.exact import Floats, Ints, critical_count

# Judges overstate: plan for their errors being this many times what they say, with these odds.
OVERSTATED, ODDS, HONEST = np.array([1.0, 1.5, 2.5]), np.array([0.4, 0.4, 0.2]), np.array([1.0, 0.0, 0.0])
STEPS = 12
CANDIDATES = 40
NEIGHBOURS = 8


@dataclass(frozen=True, slots=True)
class Ladder:
    """Nested acceptance sets, most confident first: `sizes` items each, to be tested in this order."""

    sizes: Ints
    expected_share: float


@dataclass(frozen=True, slots=True)
class Profile:
    """A batch as its judge's confidence shows it, most confident first.

    sizes   (J,) of all sets {confidence >= threshold}: equal confidences go together
    errors  (N,) guessed share of wrong verdicts among the first k items, at k - 1
    """

    sizes: Ints
    errors: Floats

    def ceiling(self, error: float) -> float:
        """The share that could go out at this error if every confidence were exactly honest: the limit for anyone."""
        return int((self.errors <= error).sum()) / len(self.errors)


def profile(falling: Floats) -> Profile:
    """The profile of confidences sorted from high to low."""
    steps = np.append(np.flatnonzero(np.diff(falling)) + 1, len(falling)).astype(np.int64)
    return Profile(steps, np.cumsum(_guessed_errors(falling)) / np.arange(1, len(falling) + 1))


def _guessed_errors(falling: Floats) -> Floats:
    """(N,) guessed chance that the judge is wrong; a score outside [0, 1] gives its rank only."""
    if falling[-1] >= 0 and falling[0] <= 1:
        return np.asarray(1.0 - falling)
    return np.asarray(0.4 * (1.0 - (rankdata(falling) - 0.5) / len(falling)))


def thinned(sizes: Ints, count: int) -> Ints:
    """About `count` of the sizes, evenly spread, first and last kept."""
    if len(sizes) <= count:
        return sizes
    wanted = np.linspace(sizes[0], sizes[-1], count)
    return np.unique(sizes[np.minimum(np.searchsorted(sizes, wanted), len(sizes) - 1)])


def passing(sizes: Ints, drawn: Ints, errors: Floats, error: float, alpha: float) -> Floats:
    """(S, J) guessed chance that each set passes its own test, per scenario of overstatement.

    sizes, drawn  (J,) items and labels in each set;  errors (J,) guessed error of the whole set
    """
    limits = np.array(
        [critical_count(int(n), int(M), int(error * M) + 1, alpha) for M, n in zip(sizes, drawn, strict=True)]
    )
    return np.asarray(binom.cdf(limits, drawn, np.minimum(OVERSTATED[:, None] * errors, 1.0)))


def best_ladder(
    sizes: Ints, drawn: Ints, errors: Floats, error: float, alpha: float, odds: Floats = ODDS
) -> tuple[float, int]:
    """The expected share of items let out by testing sizes[i:] in order, at its best start i; (items, i)."""
    power = passing(sizes, drawn, errors, error, alpha)
    expected = []
    for start in range(len(sizes)):
        through = np.minimum.accumulate(power[:, start:], axis=1)
        gain = np.concatenate([sizes[start : start + 1], np.diff(sizes[start:])])
        expected.append(float(odds @ (through * gain).sum(axis=1)))
    best = int(np.argmax(expected))
    return expected[best], best


def ladder(seen: Profile, drawn_sorted: Ints, error: float, alpha: float, top: int | None = None) -> Ladder:
    """The sets to test, in order, for a slice already drawn.

    drawn_sorted  (N,) cumulated number of labels, items sorted by falling confidence
    top           the largest set to consider (the end of the region that was drawn densely)
    """
    N, all_sizes, cumulated = len(seen.errors), seen.sizes, seen.errors
    sizes = thinned(all_sizes[all_sizes <= top] if top is not None and (all_sizes <= top).any() else all_sizes,
                    CANDIDATES)  # fmt: skip
    drawn = drawn_sorted[sizes - 1]
    sizes, drawn = sizes[drawn > 0], drawn[drawn > 0]
    if len(sizes) == 0:
        return Ladder(np.array([], dtype=np.int64), 0.0)
    items, start = best_ladder(sizes, drawn, cumulated[sizes - 1], error, alpha)
    chances = ODDS @ passing(sizes[start:], drawn[start:], cumulated[sizes[start:] - 1], error, alpha)
    hopeless = np.flatnonzero(chances < 0.005)
    end = start + (int(hopeless[0]) if len(hopeless) else len(chances) - 1)
    chosen = all_sizes[(all_sizes >= sizes[start]) & (all_sizes <= sizes[max(end, start)])]
    beyond = all_sizes[all_sizes > chosen[-1]]
    rungs = np.concatenate([_sharpened(thinned(chosen, STEPS), all_sizes, drawn_sorted, cumulated, error, alpha),
                            thinned(beyond, STEPS)])  # fmt: skip
    return Ladder(rungs, items / N)


def _sharpened(rungs: Ints, all_sizes: Ints, drawn_sorted: Ints, cumulated: Floats, error: float, alpha: float) -> Ints:
    """Each rung moved, at most half way to its neighbours, to where its test wastes least of alpha.

    Counts are whole: the same test may use 3 % or 5 % of alpha one label further on.
    """
    edges = np.concatenate([rungs[:1], (rungs[1:] + rungs[:-1]) // 2, rungs[-1:]])
    out = []
    for low, high in pairwise(edges.tolist()):
        near = thinned(all_sizes[(all_sizes >= low) & (all_sizes <= max(high, low))], NEIGHBOURS)
        near = near[drawn_sorted[near - 1] > 0]
        chance = ODDS @ passing(near, drawn_sorted[near - 1], cumulated[near - 1], error, alpha)
        out.append(int(near[np.argmax(chance * near)]))
    return np.unique(np.array(out, dtype=np.int64))


def region(
    seen: Profile, size: int, error: float, alpha: float, uniform: float, odds: Floats = ODDS
) -> tuple[int, float]:
    """How many of the most confident items to draw from densely: (items, expected share let out).

    uniform  the part of the slice that is spread evenly over the whole batch whatever the target
    """
    N, all_sizes, cumulated = len(seen.errors), seen.sizes, seen.errors
    best = (0.0, int(all_sizes[-1]))
    for end in thinned(all_sizes[all_sizes >= min(N, size // 4)], 24):
        labels = min(size * (1 - uniform) + uniform * size * end / N, end)
        sizes = thinned(all_sizes[all_sizes <= end], 16)
        drawn = np.floor(labels * sizes / end).astype(np.int64)
        sizes, drawn = sizes[drawn > 0], drawn[drawn > 0]
        if len(sizes):
            items, _ = best_ladder(sizes, drawn, cumulated[sizes - 1], error, alpha, odds)
            best = max(best, (items, int(end)))
    return best[1], best[0] / N


def size_for_share(confidence: Floats, share: float, error: float, alpha: float, uniform: float = 0.3) -> int | None:
    """How many labels, drawn where acceptance is decided, can be expected to let this share out.

    Taking the judge's confidence as honest; None if then even the whole batch would not. A guess, not a guarantee.
    """
    N, seen = len(confidence), profile(np.sort(confidence)[::-1])
    if seen.ceiling(error) < share:
        return None
    sizes = np.unique(np.geomspace(min(30, N), N, 40).astype(np.int64))
    low, high = 0, len(sizes) - 1  # the whole batch lets out its ceiling
    while low < high:
        middle = (low + high) // 2
        enough = region(seen, int(sizes[middle]), error, alpha, uniform, HONEST)[1] >= share
        low, high = (low, middle) if enough else (middle + 1, high)
    return int(sizes[low])
