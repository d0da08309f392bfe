"""Strengths of items with everything their uncertainty allows one to say: differences, win chances, rank sets."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

from tutelage.errors import BadInput, Where
from tutelage.measure.arrays import Floats
from tutelage.records.figures import Estimate, Undefined

Names = npt.NDArray[Any]
PAIRS_SIMULATED = 45_000  # above, the simultaneous bound is Bonferroni's: wider, never too narrow


@dataclass(frozen=True)
class Raters:
    """How judges differ, each pulled towards the crowd by how little is known of them. Evidence, never a verdict.

    sensitivity  (R,) g: exp(g) multiplies every difference of strengths; well below 0 is chance, or the reverse
    side         (R,) log odds this judge gives the left beyond the crowd's
    *_se         (R,) their standard errors; *_sd the spread of the crowd, where about 0 says that judges are alike
    """

    names: Names
    sensitivity: Floats
    sensitivity_se: Floats
    side: Floats
    side_se: Floats
    sensitivity_sd: float
    side_sd: float

    def sensitivity_of(self, name: Any, *, level: float = 0.95) -> Estimate:
        """g of one judge with its empirical-Bayes interval."""
        return self._of(name, self.sensitivity, self.sensitivity_se, level)

    def side_of(self, name: Any, *, level: float = 0.95) -> Estimate:
        """δ of one judge, log odds, with its empirical-Bayes interval."""
        return self._of(name, self.side, self.side_se, level)

    def _of(self, name: Any, value: Floats, se: Floats, level: float) -> Estimate:
        i = place_of(self.names, name, "judge")
        half, v = quantile(math.inf, level) * float(se[i]), float(value[i])
        return Estimate(
            v, v - half, v + half, "empirical Bayes, normal", self.names.size, level=level, unit="log odds",
            assumptions=("judges differ normally", "their answers are independent given the model"),
        )  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """A fitted preference model. Only differences of strengths mean anything: they sum to 0.

    theta       (I,) log strength: the chance that i beats j, ties aside, is 1/(1 + exp(θ_j − θ_i))
    covariance  (I, I) of theta under the error model named in `errors`
    df          degrees of freedom of its t intervals (clusters), or infinity
    side        log odds that the left side gains by being left; 0 or None: none, not fitted
    covariates  name → effect on the log odds of one unit more on the left
    ties        the tie parameter ν (two equal items tie with chance ν/(2 + ν)), or None without ties
    n           clusters the errors rest on (rows, where there are none)
    components  groups of items that comparisons connect; between groups only a prior speaks
    raters      how judges differ, where that was fitted
    """

    items: Names
    theta: Floats
    covariance: Floats
    df: float
    level: float
    method: str
    errors: str
    n: int
    rows: int
    log_likelihood: float
    side: Estimate | None = None
    covariates: dict[str, Estimate] = field(default_factory=dict)
    ties: Estimate | None = None
    components: tuple[tuple[Any, ...], ...] = ()
    notes: tuple[str, ...] = ()
    raters: Raters | None = None

    @property
    def worth(self) -> Floats:
        """(I,) strengths that sum to 1: softmax of theta."""
        return np.asarray(special.softmax(self.theta))

    @property
    def se(self) -> Floats:
        """(I,) standard errors of theta, each against the mean of all items."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0))

    def strengths(self) -> dict[Any, Estimate]:
        """Item → log strength against the mean of all items, with its own interval (not simultaneous)."""
        return {
            n: self._estimate(float(t), float(s))
            for n, t, s in zip(self.items.tolist(), self.theta, self.se, strict=True)
        }

    def difference(self, a: Any, b: Any) -> Estimate | Undefined:
        """θ_a − θ_b with its interval: the figure to compare two items by. Undefined across unconnected groups."""
        i, j = self._index(a), self._index(b)
        if self._group(a) != self._group(b):
            return Undefined(f"{a!r} and {b!r} are in groups that no comparison connects")
        v = self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j]
        return self._estimate(float(self.theta[i] - self.theta[j]), math.sqrt(max(float(v), 0.0)))

    def probability(self, a: Any, b: Any) -> Estimate | Undefined:
        """Chance that a beats b where one of them wins, ties and side aside, with its interval in (0, 1)."""
        d = self.difference(a, b)
        if isinstance(d, Undefined):
            return d
        value, lo, hi = (float(special.expit(x)) for x in (d.value, d.lo, d.hi))
        return Estimate(
            value, lo, hi, d.method, d.n, level=d.level, rows=d.rows, assumptions=d.assumptions
        )  # fmt: skip

    def rank_sets(self, *, rng: np.random.Generator | int, level: float | None = None) -> dict[Any, tuple[int, int]]:
        """Item → (best, worst) rank it may have; all of them hold at once with confidence `level`.

        From simultaneous intervals on all differences (max |t|, simulated; Bonferroni above 300 items).
        Items of unconnected groups cannot be told apart. Source: Mogstad et al. 2024, inference for ranks.
        """
        c = self._critical(rng, level or self.level)
        v = np.diag(self.covariance)[:, None] + np.diag(self.covariance)[None, :] - 2 * self.covariance
        gap = self.theta[None, :] - self.theta[:, None]  # (i, j): how much j is above i
        apart = np.abs(gap) > c * np.sqrt(np.maximum(v, 0)) + 1e-12
        group = np.array([self._group(n) for n in self.items.tolist()])
        apart &= group[:, None] == group[None, :]
        above, below = (apart & (gap > 0)).sum(1), (apart & (gap < 0)).sum(1)
        return {
            n: (1 + int(a), self.items.size - int(b)) for n, a, b in zip(self.items.tolist(), above, below, strict=True)
        }

    def quasi_variances(self) -> Floats:
        """(I,) one variance an item: two items' sum is about the variance of their difference. For plots.

        With them √q_i bars may be compared by eye; a difference itself is better asked of `difference`. Below 3 items
        they do not exist: (I,) of the half of the one variance. Least squares on logs.
        Source: Firth and de Menezes 2004, quasi-variances.
        """
        k, v = self.items.size, np.diag(self.covariance)
        i, j = np.triu_indices(k, 1)
        of_pair = np.maximum(v[i] + v[j] - 2 * self.covariance[i, j], 1e-300)
        if k < 3:
            return np.full(k, float(of_pair[0]) / 2 if k == 2 else 0.0)
        row = np.arange(i.size)
        pairs = sparse.csr_array((np.ones(2 * i.size), (np.tile(row, 2), np.append(i, j))), shape=(i.size, k))
        gram = (pairs.T @ pairs).toarray()
        q = np.maximum(np.linalg.solve(gram, pairs.T @ of_pair), 1e-3 * of_pair.min())
        for _ in range(100):  # Gauss–Newton on log(q_i + q_j) − log v_ij
            total = pairs @ q
            slope = pairs.multiply(1 / total[:, None]).tocsr()
            step = np.linalg.solve((slope.T @ slope).toarray(), slope.T @ np.log(of_pair / total))
            q = np.maximum(q + step, q / 10)
            if np.abs(step).max() < 1e-10 * q.max():
                break
        return np.asarray(q)

    def _critical(self, rng: np.random.Generator | int, level: float) -> float:
        """The bound that max over pairs of |t| stays under with probability `level`."""
        k = self.items.size
        pairs = k * (k - 1) // 2
        if pairs > PAIRS_SIMULATED or pairs == 0:
            return (
                float(special.stdtrit(self.df, 1 - (1 - level) / (2 * max(pairs, 1))))
                if math.isfinite(self.df)
                else float(special.ndtri(1 - (1 - level) / (2 * max(pairs, 1))))
            )
        inner = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0))
        i, j = np.triu_indices(k, 1)
        se = np.sqrt(np.maximum(self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j], 1e-300))
        most = np.empty(2000)
        for r in range(most.size):
            z = root @ inner.standard_normal(k)
            most[r] = np.max(np.abs(z[i] - z[j]) / se)
        if math.isfinite(self.df):
            most /= np.sqrt(inner.chisquare(self.df, most.size) / self.df)
        return float(np.quantile(most, level))

    def _estimate(self, value: float, se: float, unit: str = "log odds") -> Estimate:
        half = quantile(self.df, self.level) * se
        return Estimate(
            value, value - half, value + half, f"{self.method}, {self.errors}", self.n, level=self.level, unit=unit,
            rows=self.rows, assumptions=assumptions(self.errors),
        )  # fmt: skip

    def _index(self, name: Any) -> int:
        return place_of(self.items, name, "item")

    def _group(self, name: Any) -> int:
        return (
            next((k for k, names in enumerate(self.components) if name in names), 0) if len(self.components) > 1 else 0
        )


def moments(win: Floats, tie: Floats) -> tuple[Floats, Floats, Floats]:
    """Variance of the side that won (±½, 0 for a tie), its covariance with a tie, and a tie's variance."""
    lean = (2 * win + tie - 1) / 2
    return (1 - tie) / 4 - lean**2, -lean * tie, tie * (1 - tie)


def place_of(names: Names, name: Any, what: str) -> int:
    """Where `name` stands in `names`; BadInput if it does not."""
    found = np.flatnonzero(names == name)
    if found.size == 0:
        raise BadInput(
            f"There is no {what} {name!r}.", expected=f"a {what} that takes part in the comparisons",
            remedy="Use a name from the data.", where=Where(field=what),
        )  # fmt: skip
    return int(found[0])


def quantile(df: float, level: float) -> float:
    """The two-sided t quantile, or the normal one where df is infinite."""
    return float(special.stdtrit(df, 0.5 + level / 2) if math.isfinite(df) else special.ndtri(0.5 + level / 2))


def assumptions(errors: str) -> tuple[str, ...]:
    """What the named error model rests on."""
    if "judge" in errors or "prompt" in errors:
        return ("clusters are independent of one another", "enough of them for a t interval")
    return ("rows are independent of one another", "the model holds")


def notes_on(alone: tuple[str, ...], groups: int = 1) -> tuple[str, ...]:
    """What a reader must know: cluster columns that hold one name only, and groups never compared."""
    out = [f"one {name} only: how others would differ is not in the errors" for name in alone]
    if groups > 1:
        out.append(f"{groups} groups never compared: between them only the prior speaks")
    return tuple(out)
