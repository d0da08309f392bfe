"""Can all items be compared at all? Strengths exist only where wins lead from every item to every other."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from tutelage.errors import Insufficient
from tutelage.measure.arrays import Codes


class NotConnected(Insufficient):
    """Some items cannot be placed on one scale: their component is named in the message."""


def components(above: Codes, below: Codes, items: npt.NDArray[Any]) -> tuple[tuple[Any, ...], ...]:
    """Groups of items that comparisons connect, largest first; (n,) codes of each pair's two items."""
    return _groups(above, below, items, strong=False)


def require_connected(above: Codes, below: Codes, items: npt.NDArray[Any]) -> tuple[tuple[Any, ...], ...]:
    """The one group of all items; NotConnected unless wins lead from every item to every other.

    above, below  (n,) codes: above beat below; a tie stands in both directions
    """
    if items.size**2 <= 50 * above.size and _reaches_all(above, below, items.size):
        return (tuple(items.tolist()),)  # the usual case, decided without building a sparse graph
    strong = _groups(above, below, items, strong=True)
    if len(strong) == 1:
        return strong
    weak = _groups(above, below, items, strong=False)
    remedy = "Collect comparisons between them, leave one out, or pass `prior_sd` (2, say) to let a prior decide."
    if len(weak) > 1:
        raise NotConnected(
            f"The comparisons fall into {len(weak)} groups never compared with one another: "
            + "; ".join(_shown(g) for g in weak[:4]) + (" …" if len(weak) > 4 else "") + ".",
            expected="comparisons that connect all items", remedy=remedy,
        )  # fmt: skip
    group = {name: k for k, names in enumerate(strong) for name in names}
    by_code = np.array([group[name] for name in items.tolist()])
    a, b = by_code[above], by_code[below]
    unbeaten = next(k for k in range(len(strong)) if not ((b == k) & (a != k)).any())
    winless = next(k for k in range(len(strong)) if not ((a == k) & (b != k)).any())
    raise NotConnected(
        f"{_shown(strong[unbeaten])} never lost to or tied with any other item; "
        f"{_shown(strong[winless])} never won from or tied with any other item: their strengths are infinite.",
        expected="a chain of wins or ties from every item to every other", remedy=remedy,
    )  # fmt: skip


def _reaches_all(above: Codes, below: Codes, k: int) -> bool:
    """Whether item 0 reaches every item and every item reaches it, on a dense (k, k) table."""
    beat = np.zeros((k, k), bool)
    beat[above, below] = True
    for table in (beat, beat.T):
        reached, fresh = np.zeros(k, bool), np.zeros(k, bool)
        fresh[0] = True
        while fresh.any():
            reached |= fresh
            fresh = table[fresh].any(0) & ~reached
        if not reached.all():
            return False
    return True


def _groups(above: Codes, below: Codes, items: npt.NDArray[Any], *, strong: bool) -> tuple[tuple[Any, ...], ...]:
    k = items.size
    graph = sparse.coo_array((np.ones(above.size, np.int8), (above, below)), shape=(k, k)).tocsr()
    graph.data[:] = 1  # sums of int8 may have wrapped round
    _, label = csgraph.connected_components(graph, directed=True, connection="strong" if strong else "weak")
    order = np.argsort(-np.bincount(label), kind="stable")
    return tuple(tuple(items[label == g].tolist()) for g in order)


def _shown(names: tuple[Any, ...]) -> str:
    return "{" + ", ".join(map(str, names[:5])) + (f", … {len(names)} items" if len(names) > 5 else "") + "}"
