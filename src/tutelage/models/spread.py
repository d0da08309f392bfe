"""A reward that knows people differ: a mean, and leanings along which one person's reward departs from another's.

A person's reward of an answer is mean + Σ_k ε_k·leaning_k with ε ~ N(0, 1) of their own, the same for all answers: who
dislikes lists dislikes all lists. Two answers differ between people by the distance of their leanings, and two that
are alike in what is contested do not differ at all. The share of people who prefer a to b is the average of σ over
people, by MacKay's approximation (1992): σ(Δ / √(1 + π/8 · |leaning_a − leaning_b|²)). No leanings is Bradley–Terry;
a contested pair is pulled towards a half.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy import special

from tutelage.models import Prompt

Floats = npt.NDArray[np.float64]
PER_VARIANCE = np.pi / 8


@runtime_checkable
class Distributional(Protocol):
    """A reward model that also says how far people differ about two answers."""

    def leanings(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> Floats:
        """(n, r) where each response lies on what people differ about; the distance of two is their spread, logits."""
        ...


def flattened(difference: npt.ArrayLike, variance: npt.ArrayLike) -> Floats:
    """(p,) logit of the share of people who prefer the first, from the mean difference and its variance over people."""
    wide = np.sqrt(1 + PER_VARIANCE * np.asarray(variance, np.float64))
    return np.asarray(np.asarray(difference, np.float64) / wide)


def share(difference: npt.ArrayLike, variance: npt.ArrayLike = 0.0) -> Floats:
    """(p,) predicted share of people who prefer the first answer."""
    return np.asarray(special.expit(flattened(difference, variance)))


def between(first: Floats, second: Floats) -> Floats:
    """(p,) variance over people of the difference of two rewards, from the leanings (p, r) of both, logits²."""
    return np.asarray(np.square(first - second).sum(-1))


def cautious(difference: npt.ArrayLike, variance: npt.ArrayLike, *, dissent: float = 0.1) -> Floats:
    """(p,) the gap that all but a share `dissent` of people would give the first answer at least, logits."""
    reach = special.ndtri(dissent) * np.sqrt(np.asarray(variance, np.float64))
    return np.asarray(np.asarray(difference, np.float64) + reach)
