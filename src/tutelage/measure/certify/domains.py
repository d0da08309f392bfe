"""Many domains, one certificate: e-values and e-BH keep the false discoveries among "meets" below alpha."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, logsumexp

from tutelage.measure.certify.result import DomainFinding
from tutelage.measure.exact import Floats, Stratum, log_pmf
from tutelage.records import Figure


def e_benjamini_hochberg(e_values: ArrayLike, alpha: float) -> NDArray[np.bool_]:
    """Which hypotheses to reject at false discovery rate alpha, under any dependence between them.

    e_values  (m,) non-negative, expectation at most 1 under the null.  Source: Wang and Ramdas 2022.
    """
    e = np.asarray(e_values, dtype=np.float64)
    m = len(e)
    ranked = np.argsort(-e, kind="stable")
    enough = np.flatnonzero(e[ranked] >= m / (alpha * np.arange(1, m + 1)))
    rejected = np.zeros(m, dtype=bool)
    if len(enough):
        rejected[ranked[: enough[-1] + 1]] = True
    return rejected


def findings(
    domains: Sequence[str], figures: Sequence[Figure], e_values: Sequence[float] | None, alpha: float
) -> tuple[DomainFinding, ...]:
    """One finding per domain; with e-values, which meet the requirement, false discoveries held at alpha over all."""
    if e_values is None:
        return tuple(DomainFinding(d, f, None, None) for d, f in zip(domains, figures, strict=True))
    meets = e_benjamini_hochberg(e_values, alpha)
    rows = zip(domains, figures, e_values, meets, strict=True)
    return tuple(DomainFinding(d, f, min(v, 1e300), True if m else None) for d, f, v, m in rows)


def at_most_over_rates(strata: Sequence[Stratum], allowed: float) -> float:
    """`at_most_e_value` where labels came at several rates: every stratum must be low, so the least one is valid."""
    return min((at_most_e_value(x.marked, x.drawn, x.size, allowed) for x in strata), default=1.0)


def at_most_e_value(k: int, n: int, M: int, allowed: float) -> float:
    """E-value against `more than allowed * M of M items are wrong`, from k wrong of n drawn.

    Likelihood ratio: mixture over the counts that meet the requirement (those near zero weigh most) over the best
    count that does not. Its expectation is at most 1 whichever count not meeting it is true. 1 where n = 0.
    """
    limit = int(np.floor(allowed * M + 1e-9))
    if n == 0 or limit >= M:
        return 1.0
    good, bad = np.arange(0, limit + 1), np.arange(limit + 1, M + 1)
    log_prior = _falling(good, limit)
    seen = np.array(k)
    top = logsumexp(log_pmf(seen, good, n, M) + log_prior)
    bottom = log_pmf(seen, bad, n, M).max()
    if not np.isfinite(bottom):
        return float("inf") if np.isfinite(top) else 1.0
    return float(np.exp(min(top - bottom, 700.0)))


def _falling(counts: NDArray[np.int64], limit: int) -> Floats:
    """Log weights of a Beta(1/2, 2) mixture on 0..limit, normalised."""
    raw = betaln(counts + 0.5, limit - counts + 2.0) - betaln(counts + 1.0, limit - counts + 1.0)
    return np.asarray(raw - logsumexp(raw))
