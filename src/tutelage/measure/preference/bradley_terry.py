"""Bradley–Terry with ties, side bias and covariates (Davidson): counted once, then Newton on the counts.

P(left) : P(tie) : P(right) = exp(η/2) : ν : exp(−η/2) with η = θ_left − θ_right + side + x·β; judges who differ are in
`raters`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import linalg, special

from tutelage.errors import BadInput, DidNotConverge, Where
from tutelage.measure.arrays import Codes, Floats, codes, confidence, finite, same_length, tally, whole
from tutelage.measure.preference.connect import components, require_connected
from tutelage.measure.preference.raters import MOST_CELLS, Answers, RaterModel
from tutelage.measure.preference.sandwich import Gather, Information, clustered
from tutelage.measure.preference.scores import Names, Raters, Scores, assumptions, moments, notes_on, quantile
from tutelage.records.figures import Estimate, Undefined

MOST_ITEMS = 6000  # a dense (I, I) matrix is inverted


def bradley_terry(
    left: npt.ArrayLike,
    right: npt.ArrayLike,
    outcome: npt.ArrayLike,
    *,
    judges: npt.ArrayLike | None = None,
    prompts: npt.ArrayLike | None = None,
    side: bool = False,
    covariates: Mapping[str, npt.ArrayLike] | None = None,
    rater_effects: bool = False,
    times: npt.ArrayLike | None = None,
    prior_sd: float | None = None,
    level: float = 0.95,
) -> Scores | Undefined:
    """Strengths of items from comparisons of two, with errors that hold when one judge answers often.

    left, right  (n,) names of the items shown
    outcome      (n,) 1 where left was preferred, 0 where right was, 0.5 for a tie (Davidson's tie parameter is fitted)
    judges       (n,) who judged; prompts (n,) what about: errors are clustered by either, or two ways by both
    side         fit what being on the left is worth
    covariates   name → (n,) left minus right of anything else that may sway judges: length in words, own family (0/1)
    rater_effects  let judges differ in how strongly they follow the strengths and in what the left is worth to them;
                 shrunk to the crowd by empirical Bayes, in `Scores.raters`; needs `judges`
    times        (n,) how often each row was seen, whole numbers; without it once
    prior_sd     standard deviation of a normal prior on strengths; None is maximum likelihood
    Raises NotConnected, naming the items, where the strengths do not exist without a prior: an item that always won,
    or groups never compared. Undefined without rows. At most 6 000 items.
    Source: Davidson 1970; Davidson and Beaver 1977 for the side; Chen et al. 2013 (Crowd-BT) for judges who differ.
    """
    rows = _rows(left, right, outcome, covariates, times, side)
    confidence(level)
    if rows.n == 0 or rows.items.size < 2:
        return Undefined("no comparisons")
    columns = {name: codes(c, name) for name, c in (("judge", judges), ("prompt", prompts)) if c is not None}
    for name, (c, _names) in columns.items():
        same_length(left=rows.left, **{name: c})
    alone = tuple(name for name, (_c, names) in columns.items() if names.size == 1)
    clusters = {name: c for name, (c, _names) in columns.items() if name not in alone}
    cells = _cells(rows, side=side)
    won, lost = cells.win + cells.tie > 0, cells.lose + cells.tie > 0
    up, down = np.append(cells.left[won], cells.right[lost]), np.append(cells.right[won], cells.left[lost])
    connected = require_connected(up, down, rows.items) if prior_sd is None else components(up, down, rows.items)
    model = _Model(cells, rows.items.size, side=side, prior_sd=prior_sd)
    fit = _crowd(model, rows)
    if rater_effects:
        fit = _each_judge(fit.phi, rows, columns.get("judge"), model)
    if prior_sd is None:
        fit.bread[: model.k, : model.k] -= 1 / model.k  # the ridge that fixed the sum
    v, df, n, errors = fit.bread, float("inf"), rows.n, "model errors"
    if clusters:
        v, df, n, errors = clustered(fit.bread, fit.gather, fit.information, clusters, rows.times)
    found = _result(rows, fit, v, df, n, errors, level, model, connected)
    return replace(found, notes=found.notes + notes_on(alone))


@dataclass(frozen=True)
class _Fit:
    """Parameters φ (p,), the inverse of their information (p, p), and what `clustered` asks of a model."""

    phi: Floats
    value: float
    bread: Floats
    gather: Gather
    information: Information
    raters: Raters | None = None


def _crowd(model: _Model, rows: _Rows) -> _Fit:
    """All judges alike."""
    phi, value = model.maximise()
    return _Fit(
        phi, value, inverse(model.hessian(phi)),
        lambda c, g: model.gather(phi, rows, c, g), lambda r: model.information(phi, rows, r),
    )  # fmt: skip


def _each_judge(start: Floats, rows: _Rows, judge: tuple[Codes, Names] | None, model: _Model) -> _Fit:
    """Judges who differ, from the crowd's fit on."""
    if judge is None or judge[1].size < 2:
        raise _bad("judges", "`rater_effects` is asked for with fewer than 2 judges.", "a column of 2 or more judges")
    code, names = judge
    if names.size * model.p > MOST_CELLS:
        raise _bad("judges", f"{names.size} judges of {model.p} parameters.", f"a product up to {MOST_CELLS}",
                   "Fit without `rater_effects`: clustered errors stay right.")  # fmt: skip
    left, right = (np.asarray(c, np.int64) for c in (rows.left, rows.right))
    times = np.ones(rows.y.size) if rows.times is None else rows.times
    own = RaterModel(
        Answers(left, right, rows.y, code, model.with_side(rows, slice(None)), times, model.k, names.size),
        precision=model.precision,
    )  # fmt: skip
    phi, bread = own.fit(start)
    return _Fit(phi, own.now.value, bread, own.gather, own.information, own.raters(names))


@dataclass(frozen=True)
class _Rows:
    """Comparisons as codes; y is 2, 1, 0 for left, tie, right; x (n, q) covariates; names those and the side's."""

    left: Codes
    right: Codes
    y: npt.NDArray[np.int8]
    items: Names
    x: Floats | None
    names: tuple[str, ...]
    times: Floats | None

    @property
    def n(self) -> int:
        return int(self.y.size if self.times is None else self.times.sum())


def _rows(
    left: npt.ArrayLike, right: npt.ArrayLike, outcome: npt.ArrayLike, covariates: Mapping[str, npt.ArrayLike] | None,
    times: npt.ArrayLike | None, side: bool,
) -> _Rows:  # fmt: skip
    a, b, y = np.asarray(left), np.asarray(right), np.asarray(outcome)
    same_length(left=a, right=b, outcome=y)
    one, two, items = _together(a, b)
    if items.size > MOST_ITEMS:
        raise _bad("left", f"There are {items.size} items.", f"{MOST_ITEMS} or fewer", "Rank fewer at a time.")
    if (one == two).any():
        row = int(np.argmax(one == two))
        raise _bad("right", f"Row {row} compares {items[one[row]]!r} with itself.", "two items", "Leave the row out.")
    twice = _twice(y)
    more = {name: finite(c, name) for name, c in (covariates or {}).items()}
    same_length(left=one, **more)
    x = np.stack(list(more.values()), 1) if more else None
    weight = None if times is None else whole(times, "times")
    same_length(left=one, times=weight)
    return _Rows(one, two, twice, items, x, (("side",) if side else ()) + tuple(more), weight)


def _together(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> tuple[Codes, Codes, Names]:
    """Two columns of names as codes into one list of names."""
    if a.size and a.dtype.kind in "iu" and b.dtype.kind in "iu" and min(a.min(), b.min()) >= 0:
        most = int(max(a.max(), b.max()))
        if most < MOST_ITEMS:  # counting instead of sorting, and no copy where every number is used
            seen = np.zeros(most + 1, bool)
            seen[a] = True
            seen[b] = True
            names = np.flatnonzero(seen)
            place = (np.cumsum(seen) - 1).astype(np.int32)
            whole = names.size == seen.size
            one, two = (x.astype(np.int32, copy=False) if whole else place[x.astype(np.intp)] for x in (a, b))
            return cast(Codes, one), cast(Codes, two), names
    both, items = codes(np.concatenate([a, b]), "left, right")
    return both[: a.size], both[a.size :], items


def _twice(y: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
    """Outcomes 1, ½, 0 as 2, 1, 0."""
    kind = y.dtype.kind
    if kind in "biuf":
        out = y.astype(np.int8) * np.int8(2) if kind in "biu" else (2 * y).astype(np.int8)
        whole = kind == "b" or (kind in "iu" and (not y.size or (y.min() >= 0 and y.max() <= 1)))
        if whole or (kind == "f" and (not y.size or (out.min() >= 0 and out.max() <= 2 and (out == 2 * y).all()))):
            return out
    raise _bad("outcome", "`outcome` holds other values than 1, 0.5 and 0.", "1 left, 0 right, 0.5 tie")


@dataclass(frozen=True)
class _Cells:
    """Equal comparisons counted: codes (c,), counts of left, tie, right (c,), and x (c, q) what else sways them."""

    left: Codes
    right: Codes
    win: Floats
    tie: Floats
    lose: Floats
    x: Floats


def _cells(rows: _Rows, *, side: bool) -> _Cells:
    """Pairs counted; without side and covariates both orders of a pair are one; with covariates rows stay rows."""
    k = rows.items.size
    if rows.x is not None:
        y, times = rows.y, 1.0 if rows.times is None else rows.times
        x = np.concatenate([np.ones((y.size, 1)), rows.x], 1) if side else rows.x
        win, tie, lose = ((y == v) * times for v in (2, 1, 0))
        return _Cells(rows.left, rows.right, win, tie, lose, x)
    key = (rows.left.astype(np.int32) * np.int32(k) + rows.right) * np.int32(3) + rows.y  # below 2^31 at MOST_ITEMS
    if 3 * k * k <= 4 * key.size + 3_000_000:
        table = np.bincount(key, rows.times, minlength=3 * k * k).reshape(k, k, 3)
        if not side:
            table = np.triu(np.ones((k, k), np.int8), 1)[..., None] * (table + table.transpose(1, 0, 2)[..., ::-1])
        left, right = np.nonzero(table.any(2))
        counts = table[left, right].astype(float)
    else:
        found, inverse = np.unique(key, return_inverse=True)
        pair, place = np.unique(found // 3, return_inverse=True)
        counts = np.zeros((pair.size, 3))
        counts[place, found % 3] = tally(inverse, rows.times, found.size)
        left, right = pair // k, pair % k
    return _Cells(left, right, counts[:, 2], counts[:, 1], counts[:, 0], np.ones((left.size, int(side))))


class _Model:
    """Log likelihood, gradient and Hessian of φ = (θ (I,), side and β (q,), log ν if there are ties)."""

    def __init__(self, cells: _Cells, k: int, *, side: bool, prior_sd: float | None) -> None:
        self.c, self.k, self.side = cells, k, side
        self.q = cells.x.shape[1]
        self.ties = bool(cells.tie.any())
        self.p = k + self.q + int(self.ties)
        self.n = cells.win + cells.tie + cells.lose
        self.precision = 0.0 if prior_sd is None else 1 / prior_sd**2
        self._at: tuple[Floats, tuple[Floats, Floats, Floats]] | None = None

    def chances(self, phi: Floats, left: Codes, right: Codes, x: Floats) -> tuple[Floats, Floats, Floats]:
        """P(left), P(tie), and the log of the normaliser, for pairs (c,)."""
        eta = phi[left] - phi[right]
        if self.q:
            eta += x @ phi[self.k : self.k + self.q]
        top = np.abs(eta)
        away = np.exp(-top)  # of the loser, with the winner at 1
        total = 1 + away
        tie = np.zeros_like(eta)
        if self.ties:
            tie = np.exp(phi[-1] - top / 2)
            total += tie
            tie /= total
        return np.where(eta >= 0, 1.0, away) / total, tie, top / 2 + np.log(total)

    def _seen(self, phi: Floats) -> tuple[Floats, Floats, Floats]:
        """`chances` of the cells; likelihood, slope and information at one φ share them."""
        if self._at is None or self._at[0] is not phi:
            self._at = (phi, self.chances(phi, self.c.left, self.c.right, self.c.x))
        return self._at[1]

    def log_likelihood(self, phi: Floats) -> float:
        """Σ log chance of what was seen, less the prior."""
        c = self.c
        eta = phi[c.left] - phi[c.right]
        if self.q:
            eta += c.x @ phi[self.k : self.k + self.q]
        fit = float((c.win - c.lose) @ eta) / 2 - float(self.n @ self._seen(phi)[2])
        if self.ties:
            fit += float(c.tie.sum() * phi[-1])
        return fit - self.precision / 2 * float((phi[: self.k] ** 2).sum())

    def gradient(self, phi: Floats) -> Floats:
        """(p,) slope of the log likelihood."""
        c = self.c
        win, tie, _ = self._seen(phi)
        own = (c.win - c.lose) / 2 - self.n * (2 * win + tie - 1) / 2
        out = np.zeros(self.p)
        out[: self.k] = tally(c.left, own, self.k) - tally(c.right, own, self.k) - self.precision * phi[: self.k]
        out[self.k : self.k + self.q] = own @ c.x
        if self.ties:
            out[-1] = float((c.tie - self.n * tie).sum())
        return out

    def hessian(self, phi: Floats) -> Floats:
        """(p, p) information; without a prior a ridge of 1/I fixes the sum of θ."""
        c, k = self.c, self.k
        win, tie, _ = self._seen(phi)
        v, cross, own = moments(win, tie)
        v, cross = v * self.n, cross * self.n
        h = np.zeros((self.p, self.p))
        flat = tally(c.left * k + c.right, v, k * k).reshape(k, k)
        flat += flat.T
        h[:k, :k] = -flat
        h[np.arange(k), np.arange(k)] = flat.sum(1)
        h[:k, :k] += 0 if self.precision else 1 / k
        h[np.arange(k), np.arange(k)] += self.precision
        for a in range(self.q):
            weighted = v * c.x[:, a]
            h[:k, k + a] = h[k + a, :k] = tally(c.left, weighted, k) - tally(c.right, weighted, k)
            h[k + a, k : k + self.q] = weighted @ c.x
        if self.ties:
            h[:k, -1] = h[-1, :k] = tally(c.left, cross, k) - tally(c.right, cross, k)
            h[k : k + self.q, -1] = h[-1, k : k + self.q] = cross @ c.x
            h[-1, -1] = float((own * self.n).sum())
        return h

    def maximise(self) -> tuple[Floats, float]:
        """Newton with halved steps from each item's log odds of winning; DidNotConverge where an effect runs away."""
        phi = np.zeros(self.p)
        c = self.c
        won = tally(c.left, c.win + c.tie / 2, self.k) + tally(c.right, c.lose + c.tie / 2, self.k)
        met = tally(c.left, self.n, self.k) + tally(c.right, self.n, self.k)
        phi[: self.k] = special.logit((won + 0.5) / (met + 1))
        phi[: self.k] -= phi[: self.k].mean()
        if self.ties:
            phi[-1] = np.log(2 * self.c.tie.sum() / max(self.n.sum() - self.c.tie.sum(), 1.0))
        value = self.log_likelihood(phi)
        for _ in range(100):
            step = _solve(self.hessian(phi), self.gradient(phi))
            size, ahead = 1.0, phi + step
            while (after := self.log_likelihood(ahead)) < value - 1e-9 * abs(value) and size > 1e-6:
                size /= 2
                ahead = phi + size * step
            phi, value = ahead, after
            if np.abs(phi).max() > 40:
                break
            if size == 1 and np.abs(step).max() < 1e-5:  # Newton squares the error: the next step would be 1e-10
                return phi, value
        raise DidNotConverge(
            "An effect grew without end: a side, a covariate or a strength explains every outcome by itself.",
            expected="effects that are not decided by the data alone",
            remedy="Leave that covariate out or pass `prior_sd`.",
        )

    def gather(self, phi: Floats, rows: _Rows, code: Codes, g: int) -> Floats:
        """(g, p) score sums by cluster."""
        own, of_tie = self._residuals(phi, rows, slice(None))
        k = self.k
        out = np.zeros((g, self.p))
        out[:, :k] = tally(code * k + rows.left, own, g * k).reshape(g, k)
        out[:, :k] -= tally(code * k + rows.right, own, g * k).reshape(g, k)
        for a in range(self.q):
            out[:, k + a] = tally(code, own * self.with_side(rows, slice(None))[:, a], g)
        if self.ties:
            out[:, -1] = tally(code, of_tie, g)
        return out

    def information(self, phi: Floats, rows: _Rows, at: npt.NDArray[np.int64]) -> Floats:
        """(p, p) information of these rows."""
        x = np.zeros((at.size, self.p))
        x[np.arange(at.size), rows.left[at]] = 1
        x[np.arange(at.size), rows.right[at]] = -1
        x[:, self.k : self.k + self.q] = self.with_side(rows, at)
        win, tie, _ = self.chances(phi, rows.left[at], rows.right[at], self.with_side(rows, at))
        v, cross, own = moments(win, tie)
        if rows.times is not None:
            v, cross, own = (part * rows.times[at] for part in (v, cross, own))
        h = x.T @ (x * v[:, None])
        if self.ties:
            h[:, -1] += cross @ x
            h[-1, :] += cross @ x
            h[-1, -1] += float(own.sum())
        return h

    def with_side(self, rows: _Rows, at: slice | npt.NDArray[np.int64]) -> Floats:
        """(rows, q) a one for the side, if it is fitted, and the covariates."""
        n = rows.left[at].size
        parts = [np.ones((n, 1))] if self.side else []
        if rows.x is not None:
            parts.append(rows.x[at])
        return np.concatenate(parts, 1) if parts else np.zeros((n, 0))

    def _residuals(self, phi: Floats, rows: _Rows, at: slice) -> tuple[Floats, Floats]:
        """Seen less expected of each row: of the side that won (n,), and of a tie (n,)."""
        if rows.x is None and self.k**2 <= 2 * rows.left.size:  # look up the pair instead of computing each row
            first, second = np.divmod(np.arange(self.k**2), self.k)
            win, tie, _ = self.chances(phi, first, second, np.ones((first.size, self.q)))
            pair = rows.left * self.k + rows.right
            expected, of_tie = ((2 * win + tie - 1) / 2)[pair], tie[pair]
        else:
            win, tie, _ = self.chances(phi, rows.left[at], rows.right[at], self.with_side(rows, at))
            expected, of_tie = (2 * win + tie - 1) / 2, tie
        lean, tied = (rows.y - 1) / 2 - expected, (rows.y == 1) - of_tie
        return (lean, tied) if rows.times is None else (lean * rows.times, tied * rows.times)


def inverse(h: Floats) -> Floats:
    """The inverse of a symmetric positive definite (p, p), at half the work of a general one."""
    factor, lower = linalg.cho_factor(h, lower=True, overwrite_a=True, check_finite=False)
    out, _info = linalg.lapack.dpotri(factor, lower=lower, overwrite_c=True)
    out = np.tril(out)
    return np.asarray(out + np.tril(out, -1).T)


def _solve(h: Floats, g: Floats) -> Floats:
    try:
        return np.asarray(linalg.cho_solve(linalg.cho_factor(h, overwrite_a=True, check_finite=False), g))
    except linalg.LinAlgError:
        raise DidNotConverge(
            "The effects cannot be told apart: one is a combination of the others.",
            expected="side and covariates that differ from one another and from the items",
            remedy="Leave one of the covariates out.",
        ) from None


def _result(
    rows: _Rows, fit: _Fit, v: Floats, df: float, n: int, errors: str, level: float, model: _Model,
    groups: tuple[tuple[object, ...], ...],
) -> Scores:  # fmt: skip
    k, phi = rows.items.size, fit.phi
    t = quantile(df, level)
    name = ("davidson" if model.ties else "bradley-terry") + (", rater effects" if fit.raters else "")

    def effect(at: int, unit: str) -> Estimate:
        half = t * float(np.sqrt(max(v[at, at], 0.0)))
        return Estimate(
            float(phi[at]), float(phi[at]) - half, float(phi[at]) + half, f"{name}, {errors}", n, level=level,
            unit=unit, rows=rows.n, assumptions=assumptions(errors),
        )  # fmt: skip

    effects = {label: effect(k + a, "log odds") for a, label in enumerate(rows.names)}
    nu = None
    if model.ties:
        log_nu = effect(model.p - 1, "")
        lo, mid, hi = (float(np.exp(x)) for x in (log_nu.lo, log_nu.value, log_nu.hi))
        nu = Estimate(
            mid, lo, hi, log_nu.method, n, level=level, rows=rows.n, assumptions=log_nu.assumptions
        )  # fmt: skip
    centre = np.eye(k) - 1 / k
    covariance = centre @ v[:k, :k] @ centre if model.precision else v[:k, :k]
    return Scores(
        rows.items, phi[:k] - phi[:k].mean(), covariance, df, level, name, errors, n, rows.n, fit.value,
        side=effects.pop("side", None), covariates=effects, ties=nu, components=groups,
        notes=notes_on((), len(groups)), raters=fit.raters,
    )  # fmt: skip


def _bad(field: str, seen: str, expected: str, remedy: str = "Correct the column.") -> BadInput:
    return BadInput(seen, expected=expected, remedy=remedy, where=Where(field=field))
