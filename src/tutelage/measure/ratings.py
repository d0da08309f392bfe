"""Long tables of ratings – item, judge, value – as unit × value counts, and the distances between values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from tutelage.errors import BadInput, Where
from tutelage.measure.arrays import Codes, Floats, codes, finite, same_length, tally, whole

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
Distance = Callable[[Floats, Floats], npt.ArrayLike]  # squared disagreement of values (V, 1) and (1, V)


@dataclass(frozen=True)
class Counts:
    """How often each unit got each value. Units of one rating are left out unless asked for: they agree with nobody.

    unit, value, count  (c,) the cells that are not empty
    m                   (U,) ratings of each unit
    names               (V,) the values, in order
    single              ratings left out because nobody else rated their unit
    """

    unit: Codes
    value: Codes
    count: Floats
    m: Floats
    names: npt.NDArray[Any]
    single: int

    @property
    def of_value(self) -> Floats:
        """(V,) ratings of each value."""
        return tally(self.value, self.count, self.names.size)

    def per_unit(self, x: Floats) -> Floats:
        """Σ over the cells of each unit of count × x, x (c,) by cell: (U,)."""
        return tally(self.unit, self.count * x, self.m.size)

    def matrix(self) -> sparse.csr_array:
        """(U, V) sparse."""
        return sparse.csr_array((self.count, (self.unit, self.value)), shape=(self.m.size, self.names.size))

    def times(self, weights: Floats) -> Floats:
        """(C @ weights) at each cell (c,), for weights (V, V), in blocks that keep memory near that of the cells."""
        out, block = np.empty(self.unit.size), max(1, 4_000_000 // max(1, self.names.size))
        table = self.matrix()
        for start in range(0, self.m.size, block):
            lo, hi = np.searchsorted(self.unit, [start, start + block])
            dense = table[start : start + block] @ weights
            out[lo:hi] = dense[self.unit[lo:hi] - start, self.value[lo:hi]]
        return out


def count(
    items: npt.ArrayLike, values: npt.ArrayLike, *, order: Sequence[Any] | None = None,
    times: npt.ArrayLike | None = None, least: int = 2,
) -> Counts:  # fmt: skip
    """Counts of a long table: items (n,) names, values (n,) names or numbers.

    order  every value that may be given, from least to most; without it the sorted values that occur.
    times  (n,) how often each row was given, whole numbers; counted tables of parts of the data add up to the whole
    least  ratings a unit needs to be counted
    """
    unit, units = codes(items, "items")
    value, names = codes(values, "values") if order is None else _in_order(values, order)
    weight = None if times is None else whole(times, "times")
    same_length(items=unit, values=value, times=weight)
    m = np.bincount(unit, weight, minlength=units.size)
    pairable = m >= least
    single = int(m.size - pairable.sum())
    if single:
        keep = pairable[unit]
        unit, value = (np.cumsum(pairable) - 1)[unit[keep]], value[keep]
        weight = None if weight is None else weight[keep]
    v, u = names.size, int(pairable.sum())
    key = unit * v + value
    if u * v <= 8 * key.size + 1_000_000:
        table = np.bincount(key, weight, minlength=u * v)
        cells = np.flatnonzero(table)
        given = table[cells]
    else:
        cells, place = np.unique(key, return_inverse=True)
        given = np.bincount(place, weight, minlength=cells.size)
    return Counts(cells // max(v, 1), cells % max(v, 1), given.astype(float), m[pairable].astype(float), names, single)


def _in_order(values: npt.ArrayLike, order: Sequence[Any]) -> tuple[Codes, npt.NDArray[Any]]:
    code, seen = codes(values, "values")
    place = {v: i for i, v in enumerate(order)}
    if len(place) != len(order):
        raise _bad("order", "`order` names a value twice.", "each value once")
    unknown = [v for v in seen.tolist() if v not in place]
    if unknown:
        raise _bad("values", f"The value {unknown[0]!r} is not in `order`.", f"one of {list(order)}")
    return np.array([place[v] for v in seen.tolist()], dtype=np.int64)[code], np.array(list(order))


def once(
    items: npt.ArrayLike, judges: npt.ArrayLike, repeats: Literal["refuse", "first", "last"] = "refuse"
) -> npt.NDArray[np.int64]:
    """Rows to keep so that every judge counts once an item, in row order.

    Raises BadInput on a repeat under "refuse": a judge who answers twice agrees with nobody new.
    """
    item, _ = codes(items, "items")
    judge, judge_names = codes(judges, "judges")
    n = same_length(items=item, judges=judge)
    key = item * max(1, judge_names.size) + judge
    _, first = np.unique(key if repeats != "last" else key[::-1], return_index=True)
    if first.size == n:
        return np.arange(n)
    if repeats == "refuse":
        row = int(np.setdiff1d(np.arange(n), first, assume_unique=True)[0])
        raise _bad(
            "judges", f"{n - first.size} rows repeat a judge on an item, the first at row {row}.",
            "each judge once an item", 'Pass repeats="first" or repeats="last", and say so in your report.',
        )  # fmt: skip
    return np.sort(first if repeats == "first" else n - 1 - first)


def from_matrix(ratings: npt.ArrayLike) -> tuple[Codes, Codes, Floats]:
    """Items, judges and values (n,) of a matrix of ratings (judges, items) in which NaN is missing."""
    table = np.asarray(ratings, dtype=float)
    if table.ndim != 2:
        raise _bad("ratings", f"`ratings` has {table.ndim} dimensions.", "a matrix (judges, items)")
    judge, item = np.nonzero(~np.isnan(table))
    return item, judge, table[judge, item]


def numbers(names: npt.NDArray[Any], scale: str) -> Floats:
    """The values as numbers; BadInput where an interval or ratio scale got names."""
    if names.dtype.kind not in "iufb":
        raise _bad(
            "values", f"The values are names, as {names[0]!r}.", f"numbers for scale={scale!r}",
            'Use scale="ordinal" with `order`, or scale="nominal".',
        )  # fmt: skip
    return finite(names.astype(float), "values")


def ratio_distance(a: Floats, b: Floats) -> Floats:
    """((a − b)/(a + b))², 0 where both are 0."""
    total = a + b
    return np.divide(a - b, total, out=np.zeros(np.broadcast(a, b).shape), where=total != 0) ** 2


def weights(names: npt.NDArray[Any], scale: Scale | Distance) -> Floats:
    """Agreement weights (V, V) in [0, 1], 1 on the diagonal, as Gwet defines them for each scale.

    ordinal: 1 − C(d + 1, 2)/C(V, 2) for values d places apart; interval: 1 − (a − b)²/range².
    """
    v = names.size
    if scale == "nominal":
        return np.eye(v)
    if scale == "ordinal":
        d = np.abs(np.subtract.outer(np.arange(v), np.arange(v))) + 1.0
        away = d * (d - 1) / 2
    else:
        x = numbers(names, str(scale))
        measure: Distance = _DISTANCES[scale] if isinstance(scale, str) else scale
        away = np.asarray(measure(x[:, None], x[None, :]), dtype=float)
    return 1 - away / away.max() if away.max() > 0 else np.ones((v, v))


_DISTANCES: dict[str, Distance] = {"interval": lambda a, b: (a - b) ** 2, "ratio": ratio_distance}


def _bad(field: str, seen: str, expected: str, remedy: str = "Correct the column.") -> BadInput:
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=field))
