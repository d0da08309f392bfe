"""Chance-corrected agreement other than alpha: Gwet's AC1/AC2, Fleiss, Brennan–Prediger, Cohen; gaps allowed.

They differ only in what they call chance. AC1/AC2 stays sensible where one value is rare and kappa collapses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from tutelage.measure.arrays import Codes, Floats, codes, confidence, same_length, tally
from tutelage.measure.ratings import Counts, Distance, Scale, count, weights
from tutelage.records.figures import Estimate, Undefined

# (weights (V, V), shares π (V,)) → chance agreement and its derivative by π (V,), halved
Chance = Callable[[Floats, Floats], tuple[float, Floats]]


def gwet(
    items: npt.ArrayLike, values: npt.ArrayLike, *, scale: Scale | Distance = "nominal",
    order: Sequence[Any] | None = None, level: float = 0.95,
) -> Estimate | Undefined:  # fmt: skip
    """Gwet's AC1 (nominal) or AC2 (other scales), at most 1, with Gwet's variance over items and t.

    items (n,), values (n,) as for `agreement.alpha`. Source: Gwet 2008; 2014, Handbook of inter-rater reliability.
    """
    return _corrected(
        count(items, values, order=order, least=1), scale, level, _ac, "gwet AC1" if scale == "nominal" else "gwet AC2"
    )


def fleiss(
    items: npt.ArrayLike, values: npt.ArrayLike, *, scale: Scale | Distance = "nominal",
    order: Sequence[Any] | None = None, level: float = 0.95,
) -> Estimate | Undefined:  # fmt: skip
    """Fleiss' kappa, weighted on other scales than nominal, with Gwet's variance over items. Source: Fleiss 1971."""
    return _corrected(count(items, values, order=order, least=1), scale, level, _shared, "fleiss kappa")


def brennan_prediger(
    items: npt.ArrayLike, values: npt.ArrayLike, *, scale: Scale | Distance = "nominal",
    order: Sequence[Any] | None = None, level: float = 0.95,
) -> Estimate | Undefined:  # fmt: skip
    """Agreement beyond that of judges who pick every value equally often. Source: Brennan and Prediger 1981."""
    return _corrected(count(items, values, order=order, least=1), scale, level, _uniform, "brennan-prediger")


def _ac(w: Floats, share: Floats) -> tuple[float, Floats]:
    q = share.size
    t = float(w.sum()) / (q * (q - 1))
    return t * float((share * (1 - share)).sum()), t * (1 - share)


def _shared(w: Floats, share: Floats) -> tuple[float, Floats]:
    return float(share @ w @ share), w @ share


def _uniform(w: Floats, share: Floats) -> tuple[float, Floats]:
    pe = float(w.sum()) / share.size**2
    return pe, np.full(share.size, pe)


def pair_agreement(t: Counts, w: Floats | None = None) -> Floats:
    """(U,) mean agreement of two different ratings of each unit, 0 for a unit rated once.

    w  weights (V, V); by default 1 for equal values
    """
    alike = t.count if w is None else t.times(w)
    return t.per_unit(alike - 1) / np.maximum(t.m * (t.m - 1), 1)


def _corrected(t: Counts, scale: Scale | Distance, level: float, chance: Chance, method: str) -> Estimate | Undefined:
    confidence(level)
    twice = t.m >= 2
    pairs = int(twice.sum())
    if pairs < 2:
        return Undefined("fewer than two items have two ratings")
    if t.names.size < 2:
        return Undefined("all ratings are the same value: nothing to agree about")
    w = weights(t.names, scale)
    agree = pair_agreement(t, None if scale == "nominal" else w)
    units = t.m.size
    share = tally(t.value, t.count / t.m[t.unit], t.names.size) / units
    pe, at = chance(w, share)
    if pe >= 1:
        return Undefined("chance alone would agree always: nothing to agree about")
    value = (float(agree.sum()) / pairs - pe) / (1 - pe)
    pe_unit = t.per_unit(at[t.value]) / t.m
    # items rated once help to know the chance, not the agreement
    own = np.where(twice, units / pairs * (agree - pe), 0.0)
    unit = own / (1 - pe) - 2 * (1 - value) * (pe_unit - pe) / (1 - pe)
    return _over_units(value, unit, method, level, int(t.m.sum()))


def _over_units(value: float, unit: Floats, method: str, level: float, rows: int) -> Estimate | Undefined:
    n = unit.size
    se = math.sqrt(float(((unit - value) ** 2).sum()) / (n * (n - 1)))
    if se < 1e-12:
        return Undefined(f"all {n} items agree alike ({value:.3g}): the spread between items is not known")
    half = float(special.stdtrit(n - 1, 0.5 + level / 2)) * se
    return Estimate(
        value, max(value - half, -1.0) if value >= -1 else value, min(value + half, 1.0), method, n, level=level,
        rows=rows, assumptions=("items are independent of one another", "the judges are taken as they are"),
    )  # fmt: skip


def cohen(
    a: npt.ArrayLike, b: npt.ArrayLike, *, scale: Scale | Distance = "nominal", level: float = 0.95
) -> Estimate | Undefined:
    """Cohen's kappa of two judges' values a, b (n,) of the same items; weighted on other scales than nominal.

    Interval from the asymptotic variance of Fleiss, Cohen and Everitt 1969 with t; use 30 items or more.
    Undefined where both judges give one and the same value throughout, or no spread is seen.
    """
    first, second, names = _together(a, b)
    n = first.size
    if n < 2:
        return Undefined("fewer than two items")
    w = weights(names, scale)
    table = np.bincount(first * names.size + second, minlength=names.size**2).reshape(names.size, -1) / n
    rows, columns = table.sum(1), table.sum(0)
    po, pe = float((w * table).sum()), float(rows @ w @ columns)
    if names.size < 2 or pe >= 1:
        return Undefined("both judges give one and the same value throughout")
    value = (po - pe) / (1 - pe)
    against = (w @ columns)[first] + (w.T @ rows)[second]
    unit = (w[first, second] - (1 - value) * against) / (1 - pe)
    return _over_units(value, unit - unit.mean() + value, "cohen kappa", confidence(level), 2 * n)


def _together(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Codes, Codes, npt.NDArray[Any]]:
    one, two = np.asarray(a), np.asarray(b)
    same_length(a=one, b=two)
    code, names = codes(np.concatenate([one, two]), "a, b")
    return code[: one.size], code[one.size :], names
