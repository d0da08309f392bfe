"""Consensus of ordered categories: cumulative probit, each judge with a severity and a sharpness of their own.

P(judge j says at most k | z) = Φ(c_k − a_j z − b_j), z ~ N(0, 1): cut points c are common, fitted, never assumed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from tutelage.measure.arrays import Codes, Floats, codes, confidence, tally
from tutelage.measure.consensus.gaussian import ScaleConsensus
from tutelage.measure.consensus.votes import Names, Votes, votes
from tutelage.records.figures import Undefined

REACH = 4.5  # of the grid of z, in standard deviations
FEWEST_POINTS, MOST_POINTS, MOST_CELLS = 41, 161, 20_000_000
SEVERITY, SHARPNESS = 1.0, 0.4  # prior standard deviations of b_j and of log a_j about the mean judge's
TINY = 1e-12


@dataclass(frozen=True)
class OrdinalConsensus:
    """What the mean judge would say of each item.

    median, lo, hi  (I,) codes into `values`: the median category and its interval
    probability     (I, K) that the item lies in each category of the mean judge
    cuts            (K − 1,) where the mean judge goes from one category to the next, on the scale of z
    latent          z with its interval, each judge's level (generous above 0), stretch and noise on that scale
    """

    items: Names
    judges: Names
    values: Names
    median: Codes
    lo: Codes
    hi: Codes
    probability: Floats
    cuts: Floats
    latent: ScaleConsensus
    method: str = "cumulative probit judges, marginal posterior mode"


def ordinal(
    items: npt.ArrayLike,
    judges: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    order: Sequence[Any] | None = None,
    level: float = 0.95,
    rounds: int = 300,
) -> OrdinalConsensus | Undefined:
    """Ratings in ordered categories as a median category an item, with an interval of categories.

    `order` names all categories from least to most; one that nobody gave gets no width. Only the order matters.
    z is summed out on a grid; cuts, severities and sharpnesses are at the mode of their posterior (thin judges are
    drawn to the mean judge), and the intervals take them as known: use 10 ratings a judge or more.
    Undefined where no item has two ratings or all are one category.
    Source: Albert and Chib 1993 for the model; the gradient is the expected complete one (Fisher's identity), so that
    what EM would climb is climbed, faster.
    """
    v = votes(items, judges, values, order=order)
    if v.item.size == 0:
        return Undefined("no ratings")
    used = np.unique(v.value)
    if used.size < 2:
        return Undefined("all ratings are the same value")
    if np.bincount(v.item).max() < 2:
        return Undefined("no item was rated by two judges: their levels cannot be told from the items'")
    inner = Votes(v.item, v.judge, codes(v.value, "values")[0], v.items, v.judges, used, v.weight)
    model = _Probit(inner)
    found = optimize.minimize(
        model.cost, model.start(), jac=True, method="L-BFGS-B", options={"maxiter": rounds, "ftol": 1e-9}
    )
    cut, b, a = model.unpacked(found.x)
    post = model.posterior(found.x)[0]
    return _told(v, used, model.grid, post, cut, b, a, confidence(level), float(-found.fun))


class _Probit:
    """The log posterior of cuts, severities and sharpnesses with z summed out, and its gradient."""

    def __init__(self, v: Votes) -> None:
        self.v = v
        self.i, self.j, self.k = v.shape
        usual = v.item.size / self.i  # ratings an item: the more, the narrower its posterior
        points = min(int(4 * REACH * math.sqrt(usual)), MOST_POINTS, MOST_CELLS // (self.i + self.j * self.k))
        self.grid = np.linspace(-REACH, REACH, max(points, FEWEST_POINTS) | 1)
        weight = -(self.grid**2) / 2
        self.log_prior = weight - special.logsumexp(weight)
        self.votes = v.table()
        self.given = self.votes.T

    def start(self) -> Floats:
        """Cuts at the quantiles of all ratings, no severity, sharpness 1: θ = (c_1, log gaps, log a, b_j, log a_j)."""
        share = np.cumsum(tally(self.v.value, None, self.k))[:-1] / self.v.value.size
        cut = special.ndtri(np.clip(share, 1e-6, 1 - 1e-6)) * math.sqrt(2)
        gaps = np.log(np.maximum(np.diff(cut), 1e-3))
        return np.concatenate([cut[:1], gaps, [0.0], np.zeros(2 * self.j)])

    def unpacked(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Cuts (K − 1,), severities (J,), sharpnesses (J,)."""
        k, j = self.k, self.j
        cut = theta[0] + np.concatenate([[0.0], np.cumsum(np.exp(theta[1 : k - 1]))])
        return cut, theta[k : k + j], np.exp(theta[k - 1] + theta[k + j :])

    def _edges(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Density at (J, Q, K + 1) edges of the categories, log chance (J, Q, K), chance (J, Q, K)."""
        cut, b, a = self.unpacked(theta)
        u = cut - (a[:, None] * self.grid + b[:, None])[..., None]
        below = np.pad(special.ndtr(u), ((0, 0), (0, 0), (1, 1)), constant_values=(0.0, 1.0))
        above = np.pad(special.ndtr(-u), ((0, 0), (0, 0), (1, 1)), constant_values=(1.0, 0.0))
        # in the upper tail the difference of two numbers near 1 is lost: take it from above
        chance = np.maximum(np.where(below[..., 1:] < 0.5, np.diff(below), -np.diff(above)), TINY)
        density = np.pad(np.exp(-(u**2) / 2) / math.sqrt(2 * math.pi), ((0, 0), (0, 0), (1, 1)))
        return density, np.log(chance), chance

    def posterior(self, theta: Floats) -> tuple[Floats, float]:
        """(I, Q) posterior of z on the grid, and the log likelihood."""
        log_chance = self._edges(theta)[1]
        return self._summed(log_chance)

    def _summed(self, log_chance: Floats) -> tuple[Floats, float]:
        by_vote = log_chance.transpose(0, 2, 1).reshape(self.j * self.k, -1)
        joint = np.asarray(self.votes @ by_vote) + self.log_prior
        total = special.logsumexp(joint, axis=1)
        return np.exp(joint - total[:, None]), float(total.sum())

    def cost(self, theta: Floats) -> tuple[float, Floats]:
        """Minus the log posterior and its gradient."""
        k, j = self.k, self.j
        density, log_chance, chance = self._edges(theta)
        post, fit = self._summed(log_chance)
        n = np.asarray(self.given @ post).reshape(j, k, -1).transpose(0, 2, 1) / chance  # (J, Q, K)
        up = density[..., 1:k] * (n[..., :-1] - n[..., 1:])  # d/d u at each inner edge, (J, Q, K − 1)
        by_cut, by_judge = up.sum((0, 1)), up.sum(2)
        _, b, a = self.unpacked(theta)
        by_sharp = -(by_judge * self.grid).sum(1) * a
        gap = np.exp(theta[1 : k - 1])
        own = theta[k + j :]
        fit -= float((b**2).sum() / (2 * SEVERITY**2) + (own**2).sum() / (2 * SHARPNESS**2))
        gradient = np.concatenate([
            [by_cut.sum()], gap * np.cumsum(by_cut[::-1])[::-1][1:], [by_sharp.sum()],
            -by_judge.sum(1) - b / SEVERITY**2, by_sharp - own / SHARPNESS**2,
        ])  # fmt: skip
        return -fit, -gradient


def _told(
    v: Votes, used: Codes, grid: Floats, post: Floats, cut: Floats, b: Floats, a: Floats, level: float, fit: float
) -> OrdinalConsensus:
    a0, b0 = float(np.exp(np.log(a).mean())), float(b.mean())
    edge = (cut - b0) / a0  # where the mean judge goes over to the next category
    half = (grid[1] - grid[0]) / 2
    below = np.cumsum(post, axis=1)
    points = [_quantile(grid + half, below, q) for q in (0.5, (1 - level) / 2, (1 + level) / 2)]
    median, lo, hi = (used[np.searchsorted(edge, z)] for z in points)
    up_to = np.stack([_share_below(grid + half, below, e) for e in edge], 1)
    inside = np.diff(np.pad(up_to, ((0, 0), (1, 1)), constant_values=(0.0, 1.0)))
    probability = np.zeros((v.items.size, v.values.size))
    probability[:, used] = np.maximum(inside, 0.0)
    latent = ScaleConsensus(
        v.items, v.judges, post @ grid, points[1], points[2], (b - b0) / a0, a / a0, 1 / a, level, (fit,),
        "cumulative probit",
    )  # fmt: skip
    return OrdinalConsensus(v.items, v.judges, v.values, median, lo, hi, probability, edge, latent)


def _quantile(right: Floats, below: Floats, q: float) -> Floats:
    """(I,) z below which a share q of each row lies; right (Q,) ends of the cells, below (I, Q) cumulated."""
    at = np.minimum((below < q).sum(1), right.size - 1)
    rows = np.arange(len(below))
    before = np.where(at > 0, below[rows, at - 1], 0.0)
    inside = (q - before) / np.maximum(below[rows, at] - before, TINY)
    return np.asarray(right[at] - (1 - np.clip(inside, 0, 1)) * (right[1] - right[0]))


def _share_below(right: Floats, below: Floats, z: float) -> Floats:
    """(I,) share of each row below z."""
    place = (z - right[0]) / (right[1] - right[0])
    at = int(np.clip(np.floor(place), -1, right.size - 2))
    first = below[:, at] if at >= 0 else np.zeros(len(below))
    return np.asarray(first + np.clip(place - at, 0, 1) * (below[:, at + 1] - first))
