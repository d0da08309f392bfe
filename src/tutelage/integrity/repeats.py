"""The same row twice, the same judge twice on one item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tutelage.measure.exact import Ints


def again(columns: Sequence[Sequence[object]]) -> Ints:
    """Rows equal in every column to an earlier row: the copies, not the first."""
    seen: set[tuple[object, ...]] = set()
    out = []
    for row, cells in enumerate(zip(*columns, strict=True)):
        if cells in seen:
            out.append(row)
        seen.add(cells)
    return np.asarray(out, dtype=np.int64)


def same_judge_again(item: Ints, judge: Ints) -> Ints:
    """Rows in which a judge judges an item they have judged in an earlier row."""
    pair = item * (int(judge.max(initial=0)) + 1) + judge
    _, first = np.unique(pair, return_index=True)
    later = np.ones(len(pair), bool)
    later[first] = False
    return np.flatnonzero(later)
