"""The fast head refitted many times on parts of its rows: what a part of the judgments taught.

Features and strengths are found once, on all training rows, and shared by every refit: only the labels that are left
out differ. (An answer's features do not depend on what anybody said of it.)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tutelage.models.head import arrays_of, raw_blocks, scaled
from tutelage.records import RankedRow
from tutelage.training.head import START, bradley_terry, choose_scales, grouped_folds, pairs_of

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Refit:
    """Training rows and held-out rows, featurised together; `margins(kept)` is one refit."""

    def __init__(
        self,
        train: Sequence[RankedRow],
        held: Sequence[RankedRow],
        *,
        blocks: Sequence[str],
        rng: np.random.Generator,
        cache: Path | None = None,
        folds: int = 4,
    ) -> None:
        """cache: a folder that keeps MiniLM embeddings. Raises BadInput where either side states no comparison."""
        self.pairs, test = pairs_of(train), pairs_of(held)
        raw = raw_blocks(self.pairs.prompts, self.pairs.responses, blocks, cache=cache)
        arrays = arrays_of(raw)
        self._train = [*scaled(raw, arrays).values()]
        there = raw_blocks(test.prompts, test.responses, blocks, cache=cache)
        self._held = [*scaled(there, arrays).values()]
        self.row = np.repeat(np.arange(len(train)), [len(r.pairs()) + len(r.ties()) for r in train])
        # pairs come first and ties after, row by row: ties of held-out rows count for nothing
        kept = np.concatenate([[True] * len(r.pairs()) + [False] * len(r.ties()) for r in held]).astype(bool)
        self._first, self._second = test.first[kept], test.second[kept]
        self.scales = [START[b] for b in blocks]
        if self.pairs.group.max() > 0:
            found, _, _ = choose_scales(
                dict(zip(blocks, self._train, strict=True)), self.pairs, grouped_folds(self.pairs.group, folds, rng)
            )
            self.scales = [found[b] for b in blocks]

    def margins(self, kept: Mask) -> Floats:
        """(p,) margins of the held-out pairs, better less worse, by a head fitted on the kept rows (rows,) alone."""
        chosen = np.flatnonzero(kept[self.row])
        if not chosen.size:
            return np.zeros(self._first.size)
        weights, _ = bradley_terry(self._train, self.scales, self.pairs, chosen)
        scores = np.asarray(sum(X @ w for X, w in zip(self._held, weights, strict=True)), np.float64)
        return np.asarray(scores[self._first] - scores[self._second])
