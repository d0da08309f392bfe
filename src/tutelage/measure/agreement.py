"""Do the judges agree, beyond chance? Krippendorff's alpha with an interval that covers, and what to read beside it.

Every function takes a long table: `items` (n,) and `values` (n,), one row a rating; a table (judges, items) goes
through `ratings.from_matrix`. Alpha alone misleads where one value is rare: read it with `raw`, `kappa.gwet` and
`per_value`, and against `ceiling`. `summary` gives them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from tutelage.measure import kappa
from tutelage.measure.arrays import Floats, codes, confidence, finite, same_length, tally, whole
from tutelage.measure.intervals import clopper_pearson, win_rate
from tutelage.measure.ratings import Counts, Distance, Scale, count, numbers, once, ratio_distance
from tutelage.records.figures import Estimate, Figure, Undefined

METHOD = "krippendorff alpha, unit jackknife"


@dataclass(frozen=True)
class _Disagreement:
    """What alpha needs of a scale, for units of weight 1, with derivatives by each unit's weight.

    observed    (U,) disagreement within each unit
    expected    Σ over pairs of all ratings
    d_observed  (U,) derivative of Σ observed
    d_expected  (U,) derivative of expected
    most        the largest disagreement of two values that occurs
    """

    m: Floats
    observed: Floats
    expected: float
    d_observed: Floats
    d_expected: Floats
    most: float


def alpha(
    items: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    scale: Scale | Distance = "nominal",
    order: Sequence[Any] | None = None,
    times: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate | Undefined:
    """Krippendorff's alpha: 1 perfect agreement, 0 what chance gives, below 0 worse than chance.

    items   (n,) names      values  (n,) names (nominal, ordinal) or numbers
    scale   how far two values are apart: a name, or a function of values (V, 1) and (1, V) that gives the squared
            disagreement (V, V): symmetric, 0 on the diagonal
    order   the values from least to most, where sorting would order them wrongly
    times   (n,) how often each row was given, whole numbers, where the table is already counted
    The interval is the infinitesimal jackknife over units, leverage taken out, O(n): units are the sample, judges are
    taken as they are.
    Where few units disagree its lower end is that of the exact binomial share of such units. Units rated once are
    ignored. Undefined where fewer than two units are rated twice, or all ratings are the same value.
    Coverage at 95 %: measured in `tests/measure/test_agreement.py`. (Bootstraps of pairs, as KALPHA's, cover 80 %.)
    Source: Krippendorff 2011, computing alpha-reliability; Efron 1982 for the jackknife.
    """
    confidence(level)
    if scale == "interval":
        return _alpha(_interval(items, values, times), level)
    return _alpha_of(count(items, values, order=order, times=times), scale, level)


def _alpha_of(table: Counts, scale: Scale | Distance, level: float) -> Estimate | Undefined:
    if table.m.size == 0:
        return _alpha(None, level)
    named = {"nominal": _nominal, "ordinal": _ordinal, "interval": _interval_cells, "ratio": _ratio}
    return _alpha(named[scale](table) if isinstance(scale, str) else _custom(table, scale), level)


def _alpha(d: _Disagreement | None, level: float) -> Estimate | Undefined:
    """Alpha and its interval. With N ratings, alpha = 1 − Σ observed · (N − 1)/expected."""
    if d is None or d.m.size == 0:
        return Undefined("no item has two ratings")
    if d.m.size == 1:
        return Undefined("one item has two ratings: no spread between items to see")
    if d.expected <= 0:
        return Undefined("all ratings are the same value: nothing to agree about")
    n, units, do = float(d.m.sum()), d.m.size, float(d.observed.sum())
    ratio = (n - 1) / d.expected
    value = 1 - do * ratio
    slope = d.d_observed * ratio + do * d.m / d.expected - do * ratio * d.d_expected / d.expected
    slope = (slope - slope.mean()) / (1 - d.m / n)  # a unit also moves the alpha it is held against
    se = math.sqrt(units / (units - 1)) * float(np.linalg.norm(slope))
    half = float(special.stdtrit(units - 1, 0.5 + level / 2)) * se
    split = int((d.observed > 1e-12 * d.most).sum())
    most_split = clopper_pearson(split, units, level)[1]
    # A unit of m ratings disagrees by m times the largest disagreement at most.
    worst = n * d.most * ratio * most_split if split == 0 else (1 - value) * most_split * units / split
    if split and se <= 1e-12:  # all units alike: their spread is not known, and no interval is too wide
        worst, half = n * d.most * ratio, 1 - value
    return Estimate(
        value, min(value - half, 1 - worst), min(1.0, max(value + half, value)), METHOD, units, level=level,
        rows=int(n), assumptions=("items are independent of one another", "the judges are taken as they are"),
    )  # fmt: skip


def _nominal(t: Counts) -> _Disagreement:
    n, of_value = float(t.m.sum()), t.of_value
    observed = (t.m**2 - t.per_unit(t.count)) / (t.m - 1)
    d_expected = 2 * (n * t.m - t.per_unit(of_value[t.value]))
    return _Disagreement(t.m, observed, n * n - float(of_value @ of_value), observed, d_expected, 1.0)


def _interval(items: npt.ArrayLike, values: npt.ArrayLike, times: npt.ArrayLike | None) -> _Disagreement | None:
    """Squared differences by moments of each unit: no table of values, so any number of levels costs the same."""
    unit, names = codes(items, "items")
    x = finite(values, "values")
    weight = None if times is None else whole(times, "times")
    if same_length(items=unit, values=x, times=weight) == 0:
        return None
    x = x - (x.mean() if weight is None else np.average(x, weights=weight))
    m = tally(unit, weight, names.size)
    s1 = tally(unit, x if weight is None else weight * x, names.size)
    keep = m >= 2
    most = float(np.ptp(x)) ** 2 if keep.all() else float(np.ptp(x[keep[unit]])) ** 2 if keep.any() else 0.0
    x *= x  # in place: at ten million ratings a fresh array costs more than the squares
    s2 = tally(unit, x if weight is None else weight * x, names.size)
    return _moments(m[keep], s1[keep], s2[keep], most)


def _interval_cells(t: Counts) -> _Disagreement:
    x = numbers(t.names, "interval")
    x = x - x.mean()
    return _moments(t.m, t.per_unit(x[t.value]), t.per_unit(x[t.value] ** 2), float(np.ptp(x)) ** 2)


def _moments(m: Floats, s1: Floats, s2: Floats, most: float) -> _Disagreement:
    """Σ over ordered pairs of (x − y)² from each unit's m, Σx, Σx²."""
    n, t1, t2 = float(m.sum()), float(s1.sum()), float(s2.sum())
    observed = np.maximum(2 * (m * s2 - s1 * s1) / (m - 1), 0)
    expected = 2 * (n * t2 - t1 * t1)
    if expected <= 1e-12 * n * t2 or most == 0:
        expected = 0.0
    return _Disagreement(m, observed, expected, observed, 2 * (m * t2 + n * s2 - 2 * s1 * t1), most)


def _ordinal(t: Counts) -> _Disagreement:
    """Values apart by the ratings between them: squared difference of mid-ranks, which move with the ratings."""
    n_v = t.of_value
    q = np.cumsum(n_v) - n_v / 2
    q = q - float(q @ n_v) / float(n_v.sum())
    cell = q[t.value]
    s1 = t.per_unit(cell)
    base = _moments(t.m, s1, t.per_unit(cell**2), float(np.ptp(q[n_v > 0])) ** 2)
    # by the mid-ranks (V,), then by the weight of a unit, whose ratings raise every mid-rank at or above theirs
    by_q = tally(
        t.value, 4 * t.count * (t.m[t.unit] * cell - s1[t.unit]) / (t.m[t.unit] - 1), t.names.size
    )  # fmt: skip
    e_by_q = 4 * n_v * (float(t.m.sum()) * q - float(s1.sum()))
    o_extra, e_extra = (t.per_unit((np.cumsum(g[::-1])[::-1] - g / 2)[t.value]) for g in (by_q, e_by_q))
    return replace(base, d_observed=base.observed + o_extra, d_expected=base.d_expected + e_extra)


def _ratio(t: Counts) -> _Disagreement:
    return _custom(t, ratio_distance)


def _custom(t: Counts, distance: Distance) -> _Disagreement:
    x = numbers(t.names, "a distance") if distance is ratio_distance or t.names.dtype.kind in "iufb" else t.names
    d = np.broadcast_to(np.asarray(distance(x[:, None], x[None, :]), dtype=float), (x.size, x.size))
    n_v = t.of_value
    to_all = d @ n_v
    observed = t.per_unit(t.times(d)) / (t.m - 1)
    return _Disagreement(
        t.m,
        observed,
        float(n_v @ to_all),
        observed,
        2 * t.per_unit(to_all[t.value]),
        float(d[np.ix_(n_v > 0, n_v > 0)].max()),
    )


def raw(items: npt.ArrayLike, values: npt.ArrayLike, *, level: float = 0.95) -> Estimate | Undefined:
    """Share of pairs of ratings of one item that are equal, averaged over items; the first figure to look at."""
    table = count(items, values)
    if table.m.size == 0:
        return Undefined("no item has two ratings")
    found = win_rate(np.clip(kappa.pair_agreement(table), 0, 1), level=level)
    return found if isinstance(found, Undefined) else replace(found, rows=int(table.m.sum()))


def per_value(items: npt.ArrayLike, values: npt.ArrayLike, *, level: float = 0.95) -> dict[Any, Estimate | Undefined]:
    """Alpha of each value against all others: which of them the judges tell apart."""
    table = count(items, values)
    out: dict[Any, Estimate | Undefined] = {}
    for code, name in enumerate(table.names.tolist()):
        ones = tally(table.unit[table.value == code], table.count[table.value == code], table.m.size)
        out[name] = _alpha(_moments(table.m, ones, ones, 1.0) if table.m.size else None, level)
    return out


@dataclass(frozen=True)
class Ceiling:
    """What agreement people reach with one another: no judge of these items can be asked for more.

    pair  how often two people agree on an item
    rest  how often a person agrees with the plurality of the other people on the item (2 others or more; ties count
          by share): what the best possible judge that knows the others' answers reaches
    """

    pair: Estimate | Undefined
    rest: Estimate | Undefined


def ceiling(items: npt.ArrayLike, values: npt.ArrayLike, *, level: float = 0.95) -> Ceiling:
    """The human–human ceiling from items that people rated twice or more; pass people's rows only."""
    table = count(items, values)
    many = table.m >= 3
    if not many.any():
        return Ceiling(raw(items, values, level=level), Undefined("no item has three ratings"))
    return Ceiling(raw(items, values, level=level), win_rate(_rest_agreement(table)[many], level=level))


def _rest_agreement(t: Counts) -> Floats:
    """(U,) share with which one rating equals the plurality of the others, ties by share."""
    top = np.zeros(t.m.size)
    np.maximum.at(top, t.unit, t.count)

    def how_many(level: Floats) -> Floats:
        return tally(t.unit, (t.count == level[t.unit]).astype(float), t.m.size)

    tops, nexts = how_many(top), how_many(top - 1)
    c, highest, tied = t.count, top[t.unit], tops[t.unit]
    alone = (c == highest) & (tied == 1)  # without one of its ratings the leader has c − 1, level with the runners-up
    share = np.where(alone, 1 / (1 + nexts[t.unit]), 0.0)
    return t.per_unit(share) / t.m


def summary(
    items: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    judges: npt.ArrayLike | None = None,
    scale: Scale | Distance = "nominal",
    order: Sequence[Any] | None = None,
    repeats: Literal["refuse", "first", "last"] = "refuse",
    level: float = 0.95,
) -> dict[str, Figure | dict[Any, Estimate | Undefined]]:
    """Every figure worth reading together: alpha, raw, ac (AC1, or AC2 by scale), fleiss, brennan_prediger,
    ceiling_pair, ceiling_rest, per_value. With `judges`, each judge counts once an item (see `ratings.once`)."""
    if judges is not None:
        keep = once(items, judges, repeats)
        items, values = np.asarray(items)[keep], np.asarray(values)[keep]
    top = ceiling(items, values, level=level)
    return {
        "alpha": alpha(items, values, scale=scale, order=order, level=level),
        "raw": top.pair,
        "ac": kappa.gwet(items, values, scale=scale, order=order, level=level),
        "fleiss": kappa.fleiss(items, values, scale=scale, order=order, level=level),
        "brennan_prediger": kappa.brennan_prediger(items, values, scale=scale, order=order, level=level),
        "ceiling_pair": top.pair,
        "ceiling_rest": top.rest,
        "per_value": per_value(items, values, level=level),
    }
