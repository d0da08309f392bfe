"""What a reward model must beat: a coin, longer and shorter answers, length, surface features, a bag of words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutelage.evaluation.baselines import BagOfWords, Fit, Longer, cross_fit, row_scores
from tutelage.evaluation.reward_report.held import Held, of_scores
from tutelage.models import Prompt
from tutelage.models.features import SURFACE_NAMES, prompt_text, surface
from tutelage.models.head import arrays_of, scaled
from tutelage.records import Estimate, Figure, RankedRow, text_of
from tutelage.training.head import bradley_terry, pairs_of

Floats = npt.NDArray[np.float64]
LENGTH = (
    "log_words", "log_chars", "log_words_squared", "root_words", "short_10", "short_20", "long_80", "long_150",
    "log_sentences", "lines",
)  # fmt: skip


@dataclass(frozen=True)
class Coin:
    """Says nothing: every answer scores 0, which counts ½."""

    name: str = "coin"
    digest: str = "sha256:" + hashlib.sha256(b"coin").hexdigest()

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> Floats:  # noqa: ARG002  # the protocol
        """(n,) zeros."""
        return np.zeros(len(responses))


@dataclass(frozen=True)
class Shape:
    """Bradley–Terry on some surface features alone."""

    name: str
    columns: tuple[int, ...]
    arrays: dict[str, Floats]
    weights: Floats

    @property
    def digest(self) -> str:
        """Of the weights."""
        return "sha256:" + hashlib.sha256(self.weights.tobytes()).hexdigest()

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> Floats:
        """(n,) logits of being preferred."""
        X = _features(prompts, responses, self.columns)
        return np.asarray(scaled({"surface": X}, self.arrays)["surface"] @ self.weights, np.float64)

    @classmethod
    def fit(cls, name: str, columns: tuple[int, ...], rows: Sequence[RankedRow]) -> Shape:
        """On the rows, with the fast head's own ridge."""
        pairs = pairs_of(rows)
        raw = {"surface": _features(pairs.prompts, pairs.responses, columns)}
        arrays = arrays_of(raw)
        everything = np.arange(pairs.first.size)
        (weights,), _ = bradley_terry([scaled(raw, arrays)["surface"]], [3.0], pairs, everything)
        return cls(name, columns, arrays, weights)


def _features(prompts: Sequence[Prompt], responses: Sequence[Prompt], columns: tuple[int, ...]) -> Floats:
    X = surface([prompt_text(p) for p in prompts], [text_of(r) for r in responses])
    return np.asarray(X[:, list(columns)])


_LENGTH = tuple(SURFACE_NAMES.index(n) for n in LENGTH)
_ALL = tuple(range(len(SURFACE_NAMES)))
FIXED: dict[str, Fit] = {
    "coin": lambda _rows, _rng: Coin(),
    "longer": lambda _rows, _rng: Longer(1),
    "shorter": lambda _rows, _rng: Longer(-1),
}
FITTED: dict[str, Fit] = {
    "length only": lambda rows, _rng: Shape.fit("length only", _LENGTH, rows),
    "surface features": lambda rows, _rng: Shape.fit("surface features", _ALL, rows),
    "bag of words": lambda rows, _rng: BagOfWords.fit(rows),
}


@dataclass(frozen=True, slots=True)
class Rival:
    """A simple rule on the same pairs, and what the model has over it."""

    name: str
    accuracy: Figure
    gain: Figure


@dataclass(frozen=True)
class Rivals:
    """All of them; `how` says what the fitted ones were fitted on. `right` (p,) is that of the best."""

    how: str
    each: tuple[Rival, ...]
    best: Rival
    right: Floats


def rivals(
    right: Floats,
    data: Held,
    *,
    train: Sequence[RankedRow] | None,
    k: int | None,
    rng: np.random.Generator,
    level: float,
) -> Rivals:
    """Every rival on the held-out pairs, and the best of them there: the choice favours the rival, not the model.

    train  rows to fit on; without them each group of the held-out rows is scored by a fit on its other groups, which
           knows their ways better than the model can: again in the rivals' favour
    """
    groups = {row.group for row in data.rows}
    candidates = FIXED | (FITTED if train is not None or len(groups) > 1 else {})
    seed = int(rng.integers(2**63))
    found: dict[str, Floats] = {}
    for name, fit in candidates.items():
        inner = np.random.default_rng(seed)
        if train is not None or name in FIXED:
            scores = row_scores(fit(list(train or ()), inner), data.rows)
        else:
            scores = cross_fit(data.rows, k, fit, rng=inner)
        found[name] = of_scores(name, "", scores, data).right
    each = tuple(
        Rival(name, _accuracy(name, r, data, level), data.difference(right, r, level=level))
        for name, r in found.items()
    )
    best = max(each, key=lambda rival: rival.accuracy.value if isinstance(rival.accuracy, Estimate) else -1.0)
    how = (
        f"fitted on {len(train)} training rows"
        if train is not None
        else "fitted on the other groups of these held-out rows"
        if len(groups) > 1
        else "none fitted: one group, and no training rows given"
    )
    return Rivals(how, each, best, found[best.name])


def _accuracy(name: str, right: Floats, data: Held, level: float) -> Figure:
    if name == "coin":  # known, not estimated
        return Estimate(0.5, 0.5, 0.5, "exact", data.pairs, level)
    return data.mean(right, level=level)
