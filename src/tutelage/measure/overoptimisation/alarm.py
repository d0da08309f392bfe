"""The over-optimisation alarm: the proxy has risen while gold has fallen, shown at any time one looks.

The same held-out prompts are asked at every look. Between two looks a < b stand two nulls: the proxy did not rise on
more prompts than it fell, and gold did not fall by more than a margin. Each has an e-value by betting on the paired
differences; the smaller of the two is an e-value that "both happened" is false. A weighted sum over all pairs of looks
only grows and is at most 1 in expectation while no pair of looks has both, so it passes 1/alpha with chance at most
alpha, however often one looks and whichever the best look was (Markov's inequality on the final sum). Weights are set
before the run: even over the looks that are planned, and half of each look's on how it compares with the first.

That holds because held-out prompts and their noise take no part in training: given the two policies, the differences
are independent. It needs no normal law and no independence between looks. A pair that could not be scored counts as
the pair that speaks most for the null: what is missing can delay the alarm and never cause it.
Sources: Gao, Schulman and Hilton 2023 (what is watched); Vovk and Wang 2021 (merging e-values); Waudby-Smith and
Ramdas 2024 (betting on bounded means).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from tutelage.errors import BadInput
from tutelage.measure.exact import Floats
from tutelage.measure.intervals import paired_difference
from tutelage.records import Figure, Undefined

LEAST_PAIRS = 256  # fewer held-out prompts would miss what matters; below it nothing is tested
MARGIN = 0.02  # a fall of gold that nobody needs to be woken for, as a share of gold's range
ALPHA = 0.05
LATE = 0.05  # weight kept for looks beyond those planned
STAKES = np.array([1.6, 4.0])  # of sqrt(2 c / n): best where differences have a deviation of 1/1.6 and of 1/4
LARGEST = 0.9  # share of the bet that could ruin


@dataclass(frozen=True, slots=True)
class Fired:
    """The alarm: by look `at`, measured against look `against`.

    proxy, gold  mean change from `against` to `at` over the paired prompts; intervals of this one pair of looks,
                 for reading: what holds over all looks is the alarm itself
    """

    at: int
    against: int
    proxy: Figure
    gold: Figure


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the looks so far say.

    steps     the looks, in their order
    log_e     after each look, nats of evidence that the proxy rose while gold fell; never falls
    fired     None: no alarm
    tested    whether any pair of looks had enough prompts; where not, silence means nothing
    unscored  share of prompts at the last look that proxy or gold did not score
    """

    steps: tuple[int, ...]
    log_e: tuple[float, ...]
    fired: Fired | None
    tested: bool
    prompts: int
    unscored: float
    alpha: float
    margin: float

    def __str__(self) -> str:
        evidence = f"evidence {self.log_e[-1]:.1f} of {-math.log(self.alpha):.1f} nats" if self.log_e else "no look"
        if self.fired:
            return (
                f"ALARM at step {self.fired.at}: proxy rose and gold fell since step {self.fired.against}; {evidence}"
            )
        if not self.tested:
            return f"cannot be told: {self.prompts} held-out prompts, {LEAST_PAIRS} are needed"
        beside = f"; {self.unscored:.0%} of the last look unscored" if self.unscored else ""
        return f"no alarm over {len(self.steps)} looks; {evidence}{beside}"


class Watch:
    """The alarm, fed look by look.

    bounds   least and greatest value of gold: (0, 1) for grades. None compares prompt by prompt only whether gold rose
             or fell, for a gold reward model whose logits have no bounds; the margin is then one of shares
    planned  looks after the first; None is not known: later looks then weigh less and less. More looks than planned
             are still tested, with little weight
    """

    def __init__(
        self,
        *,
        bounds: tuple[float, float] | None = (0.0, 1.0),
        planned: int | None = None,
        margin: float = MARGIN,
        alpha: float = ALPHA,
    ) -> None:
        wrong = (bounds is not None and not bounds[0] < bounds[1]) or (planned is not None and planned < 1)
        if wrong or not 0 <= margin < 1 or not 0 < alpha < 1:
            raise BadInput(
                f"The watch was given bounds {bounds}, {planned} planned looks, margin {margin}, alpha {alpha}.",
                expected="bounds that increase, at least 1 look, 0 <= margin < 1, 0 < alpha < 1",
                remedy="Correct the value.",
            )
        self.bounds, self.planned, self.margin, self.alpha = bounds, planned, margin, alpha
        self._looks: list[tuple[int, Floats, Floats]] = []
        self._terms: list[float] = []  # log weight + log e of every pair of looks
        self._log_e: list[float] = []
        self._fired: Fired | None = None
        self._tested = False

    def look(self, step: int, proxy: ArrayLike, gold: ArrayLike) -> Alarm:
        """Take one look in; (n,) each, prompt by prompt in the same order at every look, NaN where unscored.

        Raises BadInput where prompts, bounds or the order of steps do not fit.
        """
        p, g = self._checked(step, proxy, gold)
        if self._looks and len(p) >= LEAST_PAIRS:
            self._test(step, p, g)
        self._looks.append((step, p, g))
        self._log_e.append(max(0.0, float(logsumexp(self._terms))) if self._terms else 0.0)
        return self.state()

    def state(self) -> Alarm:
        """What the looks so far say."""
        last = self._looks[-1] if self._looks else (0, np.empty(0), np.empty(0))
        gaps = np.isnan(last[1]) | np.isnan(last[2])
        return Alarm(
            tuple(step for step, _, _ in self._looks), tuple(self._log_e), self._fired, self._tested, len(last[1]),
            float(gaps.mean()) if gaps.size else 0.0, self.alpha, self.margin,
        )  # fmt: skip

    def _test(self, step: int, p: Floats, g: Floats) -> None:
        evidence = [
            w + self._pair(p0, g0, p, g, w)
            for w, (_, p0, g0) in zip(log_weights(len(self._looks), self.planned), self._looks, strict=True)
        ]
        self._terms += evidence
        self._tested = True
        if self._fired is None and logsumexp(self._terms) >= -math.log(self.alpha):
            self._fired = self._read(int(np.argmax(evidence)), step, p, g)

    def _pair(self, p0: Floats, g0: Floats, p: Floats, g: Floats, weight: float) -> float:
        asked = -math.log(self.alpha) - weight  # nats that this pair needs to sound the alarm by itself
        rose = np.nan_to_num(np.sign(p - p0), nan=-1.0)
        change = np.sign(g - g0) if self.bounds is None else (g - g0) / (self.bounds[1] - self.bounds[0])
        fell = -np.nan_to_num(change, nan=1.0)
        return min(log_e_above(rose, 0.0, asked), log_e_above(fell, self.margin, asked))

    def _read(self, against: int, step: int, p: Floats, g: Floats) -> Fired:
        earlier, p0, g0 = self._looks[against]
        both = ~np.isnan(p - p0) & ~np.isnan(g - g0)
        if not both.any():  # cannot be: what is unscored speaks for the null
            return Fired(step, earlier, Undefined("nothing scored"), Undefined("nothing scored"))
        width = None if self.bounds is None else (self.bounds[0] - self.bounds[1], self.bounds[1] - self.bounds[0])
        gold = paired_difference(g[both], g0[both], bounds=width)
        return Fired(step, earlier, paired_difference(p[both], p0[both]), gold)

    def _checked(self, step: int, proxy: ArrayLike, gold: ArrayLike) -> tuple[Floats, Floats]:
        p, g = np.asarray(proxy, dtype=np.float64), np.asarray(gold, dtype=np.float64)
        expected = len(self._looks[0][1]) if self._looks else p.size
        if p.ndim != 1 or p.shape != g.shape or len(p) != expected or np.isinf(p).any() or np.isinf(g).any():
            raise BadInput(
                f"The look of step {step} has {p.shape} proxies and {g.shape} golds.",
                expected=f"{expected} finite numbers each, or NaN where unscored, the same prompts at every look",
                remedy="Ask the same held-out prompts at every look.",
            )  # fmt: skip
        if self._looks and step <= self._looks[-1][0]:
            raise BadInput(f"Step {step} comes after step {self._looks[-1][0]}.", expected="increasing steps",
                           remedy="Give every look once, in its order.")  # fmt: skip
        scored = g[~np.isnan(g)]
        if (
            self.bounds is not None
            and scored.size
            and not (self.bounds[0] <= scored.min() and scored.max() <= self.bounds[1])
        ):
            raise BadInput(
                f"Gold goes from {scored.min():g} to {scored.max():g}.", expected=f"values within {self.bounds}",
                remedy="Give the bounds that hold for every answer, or None for a gold without bounds.",
            )  # fmt: skip
        return p, g


def log_weights(look: int, planned: int | None) -> list[float]:
    """Log weights of the pairs that end at `look` (1 is the second), earliest first; over all looks they add up to 1.

    A look has the weight 1/planned, but for LATE; without a plan, and after it, 1/(b(b + 1)) of what is left.
    """
    if planned is None:
        whole = 1 / (look * (look + 1))
    elif look <= planned:
        whole = (1 - LATE) / planned
    else:
        whole = LATE / ((look - planned) * (look - planned + 1))
    if look == 1:
        return [math.log(whole)]
    return [math.log(whole / 2)] + [math.log(whole / 2 / (look - 1))] * (look - 1)


def watch(
    looks: Iterable[tuple[int, ArrayLike, ArrayLike]],
    *,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    planned: int | None = None,
    margin: float = MARGIN,
    alpha: float = ALPHA,
) -> Alarm:
    """The alarm over a whole run: looks are (step, proxy (n,), gold (n,)); see `Watch`."""
    one = Watch(bounds=bounds, planned=planned, margin=margin, alpha=alpha)
    for step, proxy, gold in looks:
        one.look(step, proxy, gold)
    return one.state()


def log_e_above(x: Floats, least: float, asked: float) -> float:
    """log of an e-value against "the mean of x is at most `least`"; x (n,) in [-1, 1].

    asked  nats at which the evidence will do: stakes are those that most often reach it (sqrt(2 asked / n) over the
           deviation of x)

    A fair mixture of bettors, each of whom stakes a fixed share on x - least. For independent x the expectation of
    each stake is at most 1 also where the means differ from row to row and only their average is at most `least`
    (the product of factors 1 + stake·gap_i is at most that of their average, by concavity of the logarithm).
    """
    stakes = np.minimum(STAKES * math.sqrt(2 * asked / len(x)), LARGEST) / (1 + least)
    grown = np.log1p(stakes[:, None] * (x - least)[None]).sum(axis=1)  # (stakes,)
    return float(logsumexp(grown) - math.log(len(stakes)))


def arrays(values: Sequence[float | None]) -> Floats:
    """Scores with None where unscored, as the watch takes them."""
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)
