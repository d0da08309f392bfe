"""Plackett–Luce rankings with ties and gaps (Davidson–Luce): a ranking is a chain of choices from what is left.

The chance that the group C leads the alternatives A is δ_|C| · (Π α_i)^(1/|C|) over the sum of the same for all groups
of A up to the largest tie seen; α = exp(θ), δ_1 = 1. Two items at a time it is Davidson's Bradley–Terry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from tutelage.errors import BadInput, DidNotConverge, Where
from tutelage.measure.arrays import Codes, Floats, codes, confidence, same_length, tally
from tutelage.measure.preference.bradley_terry import inverse
from tutelage.measure.preference.connect import components, require_connected
from tutelage.measure.preference.sandwich import clustered
from tutelage.measure.preference.scores import Scores, assumptions, notes_on, quantile
from tutelage.records.figures import Estimate, Undefined

BLOCK = 4_000_000  # numbers in one (stages, A, A) block


def plackett_luce(
    rankings: npt.ArrayLike,
    items: npt.ArrayLike,
    places: npt.ArrayLike,
    *,
    judges: npt.ArrayLike | None = None,
    prompts: npt.ArrayLike | None = None,
    prior_sd: float | None = None,
    level: float = 0.95,
) -> Scores | Undefined:
    """Strengths of items from rankings of any length, as a long table with one row an item in a ranking.

    rankings  (n,) which ranking      items  (n,) names
    places    (n,) 1 is best; equal places are ties; infinity: was there, but below all that were placed, unordered
    judges, prompts  (n,) the same on every row of a ranking: errors are clustered by them, two ways with both
    prior_sd  standard deviation of a normal prior on strengths; None is maximum likelihood
    `ties` holds δ_2. Raises NotConnected, naming the items, where strengths do not exist without a prior.
    Source: Plackett 1975; Turner et al. 2020 for ties and partial rankings.
    """
    confidence(level)
    table = _table(rankings, items, places)
    if table.stages == 0:
        return Undefined("no ranking orders two items")
    up, down = _edges(table)
    groups = require_connected(up, down, table.names) if prior_sd is None else components(up, down, table.names)
    model = _Model(table, prior_sd)
    phi, value = model.maximise()
    k = table.names.size
    bread = inverse(model.hessian(phi))
    if prior_sd is None:
        bread[:k, :k] -= 1 / k
    cluster = {n: codes(c, n)[0][table.order][table.first] for n, c in _given(judges, prompts, table.order.size)}
    alone = tuple(n for n, c in cluster.items() if c.max() == c.min())
    cluster = {n: codes(c, n)[0] for n, c in cluster.items() if n not in alone}
    if cluster:
        v, df, n, errors = clustered(
            bread, lambda c, g: model.gather(phi, c, g), lambda rows: model.hessian(phi, rows), cluster
        )  # fmt: skip
    else:
        v, df, n, errors = bread, float("inf"), table.rankings, "model errors"
    name = "plackett-luce" if not model.sizes else "davidson-luce"
    nu = None
    if 2 in model.sizes:
        at = k + model.sizes.index(2)
        half = quantile(df, level) * float(np.sqrt(max(v[at, at], 0.0)))
        lo, mid, hi = (float(np.exp(phi[at] + x)) for x in (-half, 0.0, half))
        nu = Estimate(
            mid, lo, hi, f"{name}, {errors}", n, level=level, rows=table.rankings, assumptions=assumptions(errors)
        )  # fmt: skip
    centre = np.eye(k) - 1 / k
    return Scores(
        table.names, phi[:k] - phi[:k].mean(), centre @ v[:k, :k] @ centre, df, level, name, errors, n, table.rankings,
        value, ties=nu, components=groups,
        notes=notes_on(alone, len(groups)),
    )  # fmt: skip


def _given(
    judges: npt.ArrayLike | None, prompts: npt.ArrayLike | None, n: int
) -> list[tuple[str, npt.NDArray[np.generic]]]:
    out = [(name, np.asarray(c)) for name, c in (("judge", judges), ("prompt", prompts)) if c is not None]
    for name, c in out:
        same_length(rankings=np.empty(n), **{name: c})
    return out


@dataclass(frozen=True)
class _Table:
    """Rows sorted by ranking and place, and the choices they make: `stages` of them.

    item, place  (n,)   order  (n,) where each row stood
    first        (s,) row where the chosen group starts; size (s,) of that group; left (s,) how many to choose from
    """

    item: Codes
    place: Floats
    ranking: Codes
    order: Codes
    names: npt.NDArray[np.generic]
    first: Codes
    size: Codes
    left: Codes
    rankings: int

    @property
    def stages(self) -> int:
        return int(self.first.size)


def _table(rankings: npt.ArrayLike, items: npt.ArrayLike, places: npt.ArrayLike) -> _Table:
    ranking, _ = codes(rankings, "rankings")
    item, names = codes(items, "items")
    place = np.asarray(places, dtype=float)
    n = same_length(rankings=ranking, items=item, places=place)
    if np.isnan(place).any():
        row = int(np.argmax(np.isnan(place)))
        raise _bad("places", f"`places` row {row} is missing.", "a number, or infinity for an item below all placed")
    pair = ranking * max(1, names.size) + item
    if np.unique(pair).size != n:
        raise _bad("items", "An item stands twice in one ranking.", "each item once in a ranking")
    order = np.lexsort((place, ranking))
    r, p = ranking[order], place[order]
    fresh = np.ones(n, bool)  # where a group starts
    fresh[1:] = (r[1:] != r[:-1]) | (p[1:] != p[:-1])
    start = np.flatnonzero(fresh)
    size = np.diff(np.append(start, n))
    end = np.searchsorted(r, r[start], side="right") if n else start
    left = end - start
    keep = (left >= 2) & np.isfinite(p[start])
    return _Table(
        item[order], p, r, order, names, start[keep], size[keep], left[keep], int(np.unique(r[start[keep]]).size)
    )  # fmt: skip


def _edges(t: _Table) -> tuple[Codes, Codes]:
    """(above, below): each row leads to the next of its ranking, and back within a tie."""
    n = t.item.size
    here = np.flatnonzero(t.ranking[1:] == t.ranking[:-1]) if n else np.empty(0, np.int64)
    placed = here[np.isfinite(t.place[here])]
    tie = placed[t.place[placed] == t.place[placed + 1]]
    # what was never placed lies below the last placed item of its ranking
    loose = np.flatnonzero(np.isinf(t.place))
    last = np.searchsorted(t.ranking + np.isinf(t.place) * 0.5, t.ranking[loose] + 0.25) - 1
    has = (last >= 0) & (t.ranking[np.maximum(last, 0)] == t.ranking[loose]) if loose.size else np.empty(0, bool)
    above = np.concatenate([placed, tie + 1, last[has]])
    below = np.concatenate([placed + 1, tie, loose[has]])
    return t.item[above], t.item[below]


class _Model:
    """Log likelihood, gradient and information of φ = (θ (I,), log δ_k for each size of tie seen)."""

    def __init__(self, table: _Table, prior_sd: float | None) -> None:
        self.t, self.k = table, table.names.size
        self.sizes = [int(s) for s in np.unique(table.size) if s > 1]
        self.p = self.k + len(self.sizes)
        self.precision = 0.0 if prior_sd is None else 1 / prior_sd**2
        self.blocks = []
        for a in np.unique(table.left):
            rows = np.flatnonzero(table.left == a)
            step = max(1, int(BLOCK // a**2))
            self.blocks += [rows[i : i + step] for i in range(0, rows.size, step)]

    def _choices(self, phi: Floats, rows: Codes, *, pairs: bool) -> _Choices:
        a = int(self.t.left[rows[0]])
        items = self.t.item[self.t.first[rows][:, None] + np.arange(a)]  # (s, A)
        return _choices(phi[items], items, self.t.size[rows], self.sizes, phi[self.k :], pairs=pairs)

    def log_likelihood(self, phi: Floats) -> float:
        """Σ log chance of the choices, less the prior."""
        fit = sum(float(self._choices(phi, rows, pairs=False).log_chance.sum()) for rows in self.blocks)
        return fit - self.precision / 2 * float((phi[: self.k] ** 2).sum())

    def gradient(self, phi: Floats) -> Floats:
        """(p,) slope of the log likelihood."""
        out = np.asarray(self.gather(phi, np.zeros(self.t.stages, np.int64), 1)[0])
        out[: self.k] -= self.precision * phi[: self.k]
        return out

    def gather(self, phi: Floats, code: Codes, g: int) -> Floats:
        """(g, p) score sums by cluster of stage."""
        out = np.zeros((g, self.p))
        for rows in self.blocks:
            c = self._choices(phi, rows, pairs=False)
            where = (code[rows][:, None] * self.k + c.items).ravel()
            out[:, : self.k] += tally(where, (c.seen - c.expected).ravel(), g * self.k).reshape(g, self.k)
            for m, size in enumerate(self.sizes):
                out[:, self.k + m] += tally(code[rows], (self.t.size[rows] == size) - c.of_size[:, m], g)
        return out

    def hessian(self, phi: Floats, only: npt.NDArray[np.int64] | None = None) -> Floats:
        """(p, p) information, of the stages `only`, or of all with the prior (or the ridge that fixes Σθ)."""
        k, h = self.k, np.zeros((self.p, self.p))
        for block in self.blocks:
            rows = block if only is None else np.intersect1d(block, only, assume_unique=True)
            if rows.size == 0:
                continue
            c = self._choices(phi, rows, pairs=True)
            where = (c.items[:, :, None] * k + c.items[:, None, :]).ravel()
            h[:k, :k] += tally(where, c.covariance.ravel(), k * k).reshape(k, k)
            for m in range(len(self.sizes)):
                cross = tally(c.items.ravel(), c.with_size[:, :, m].ravel(), k)
                h[:k, k + m] += cross
                h[k + m, :k] += cross
            h[k:, k:] += np.diag(c.of_size.sum(0)) - c.of_size.T @ c.of_size
        if only is None:
            h[:k, :k] += 0 if self.precision else 1 / k
            h[np.arange(k), np.arange(k)] += self.precision
        return h

    def maximise(self) -> tuple[Floats, float]:
        """Newton with halved steps from 0."""
        phi = np.zeros(self.p)
        phi[self.k :] = -1.0
        value = self.log_likelihood(phi)
        for _ in range(200):
            step = linalg.solve(self.hessian(phi), self.gradient(phi), assume_a="pos", check_finite=False)
            size, ahead = 1.0, phi + step
            while (after := self.log_likelihood(ahead)) < value - 1e-9 * abs(value) and size > 1e-6:
                size /= 2
                ahead = phi + size * step
            phi, value = ahead, after
            if size == 1 and np.abs(step).max() < 1e-6:
                return phi, value
            if np.abs(phi).max() > 60:
                break
        raise DidNotConverge(
            "A strength grew without end.", expected="finite strengths",
            remedy="Pass `prior_sd` (2, say), or leave out items that always come first or last.",
        )  # fmt: skip


@dataclass(frozen=True)
class _Choices:
    """Stages of one number of alternatives A: what was seen and what the model expects of T_i = 1[i in C]/|C|."""

    items: Codes  # (s, A)
    log_chance: Floats  # (s,)
    seen: Floats  # (s, A)
    expected: Floats  # (s, A)
    of_size: Floats  # (s, m) chance of a tie of each size
    covariance: Floats  # (s, A, A), or empty
    with_size: Floats  # (s, A, m) covariance of T_i with a tie of each size


def _choices(theta: Floats, items: Codes, size: Codes, ties: list[int], log_delta: Floats, *, pairs: bool) -> _Choices:
    s, a = theta.shape
    top = theta.max(1, keepdims=True)
    x = theta - top
    orders = [1, *[t for t in ties if t <= a]]
    weight = [1.0, *[float(np.exp(log_delta[m])) for m, t in enumerate(ties) if t <= a]]
    parts = [_subsets(np.exp(x / k), k, pairs=pairs) for k in orders]
    z = sum(w * total for w, (total, _, _) in zip(weight, parts, strict=True))
    zc = np.asarray(z)[:, None]
    expected, second, square = np.zeros((s, a)), np.zeros((s, a)), np.zeros((s, a, a) if pairs else (0, 0, 0))
    of_size, with_size = np.zeros((s, len(ties))), np.zeros((s, a, len(ties)))
    for k, w, (total, inside, both) in zip(orders, weight, parts, strict=True):
        expected += w * inside / (k * zc)
        second += w * inside / (k * k * zc)
        if pairs:
            square += w * both / (k * k * zc[..., None])
        if k > 1:
            m = ties.index(k)
            of_size[:, m] = w * total / np.asarray(z)
            with_size[:, :, m] = w * inside / (k * zc)
    with_size -= expected[:, :, None] * of_size[:, None, :]
    if pairs:
        square[:, np.arange(a), np.arange(a)] = second
        square -= expected[:, :, None] * expected[:, None, :]
    chosen = np.arange(a) < size[:, None]
    mean = np.where(chosen, x, 0.0).sum(1) / size
    tie = np.zeros(s)
    for m, t in enumerate(ties):
        tie[size == t] = log_delta[m]
    return _Choices(
        items, tie + mean - np.log(np.asarray(z)), chosen / size[:, None], expected, of_size, square, with_size
    )  # fmt: skip


def _subsets(y: Floats, k: int, *, pairs: bool) -> tuple[Floats, Floats, Floats]:
    """Of all k-subsets weighed by the product of y (s, A): their sum (s,), with i in (s, A), with i and j in (s, A, A).

    Elementary symmetric polynomials; leaving i out divides by (1 + y_i t).
    """
    s, a = y.shape
    e = [np.ones(s), *[np.zeros(s) for _ in range(k)]]
    for i in range(a):
        for m in range(k, 0, -1):
            e[m] = e[m] + y[:, i] * e[m - 1]
    without = [np.ones_like(y)]
    for m in range(1, k):
        without.append(e[m][:, None] - y * without[-1])
    inside = y * without[k - 1]
    if not pairs:
        return e[k], inside, np.zeros((0, 0, 0))
    if k == 1:
        return e[k], inside, np.zeros((s, a, a))
    neither = np.ones((s, a, a))
    for m in range(1, k - 1):
        neither = without[m][:, :, None] - y[:, None, :] * neither
    return e[k], inside, y[:, :, None] * y[:, None, :] * neither


def _bad(field: str, seen: str, expected: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy="Correct the column.", where=Where(field=field))
