"""Rankings of one item's responses by several judges, as a certainty for every pair of responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from tutelage.errors import BadInput, Where
from tutelage.measure.arrays import Floats, confidence

LEAST, MOST = 0.05, 200.0  # of the concentration: judges who always agree, judges who answer by lot


@dataclass(frozen=True)
class Pairs:
    """What K responses' rankings say of every pair (i, j); all (K, K), the diagonal 0.5, [i, j] + [j, i] = 1.

    share      expected share of judges who would put i before j: the chance that one more judge would
    lo, hi     its interval
    certainty  that more than half of all judges would
    """

    share: Floats
    lo: Floats
    hi: Floats
    certainty: Floats


def pair_wins(ranks: npt.ArrayLike) -> Floats:
    """(K, K) how many judges put i before j, a tie half for each.

    ranks  (R, K) one row a judge: 1 is best, equal ranks are ties, NaN was not ranked
    """
    table = np.asarray(ranks, dtype=np.float64)
    if table.ndim != 2 or np.isinf(table).any():
        raise BadInput(f"The ranks have shape {table.shape}.", expected="(judges, responses), NaN where not ranked",
                       remedy="One row a judge.", where=Where(field="ranks"))  # fmt: skip
    one, two = table[:, :, None], table[:, None, :]
    wins: Floats = ((one < two) + 0.5 * (one == two)).sum(0)
    np.fill_diagonal(wins, 0.0)
    return wins


def concentration(wins: npt.ArrayLike, losses: npt.ArrayLike) -> float:
    """The a for which these pairs are most probable where shares of judges are spread as Beta(a, a): small where judges
    agree on most pairs, large where they answer by lot.

    wins, losses  (n,) for each pair of many items, once in one direction. 1 – evenly spread – without a pair on which
    two judges spoke. Empirical Bayes; use 100 pairs or more.
    """
    w, x = np.asarray(wins, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    spoke = w + x > 1
    if not spoke.any():
        return 1.0

    def cost(log_a: float) -> float:
        a = np.exp(log_a)
        return -float((special.betaln(a + w[spoke], a + x[spoke]) - special.betaln(a, a)).sum())

    found = optimize.minimize_scalar(cost, bounds=(np.log(LEAST), np.log(MOST)), method="bounded")
    return float(np.exp(found.x))


def pair_certainty(ranks: npt.ArrayLike, *, spread: float = 1.0, level: float = 0.95) -> Pairs:
    """Every pair of one item's responses from its judges' rankings.

    ranks   (R, K), see `pair_wins`
    spread  `concentration` of many items' pairs; 1 where there are none: every share as likely as any other
    The share of judges for i over j is Beta(spread + wins, spread + losses). A pair on which nobody spoke is 0.5
    within all but [0, 1]. Holds for judges drawn independently; pairs of one item share judges, so that the K(K−1)/2
    figures are not independent evidence.
    """
    if not spread > 0:
        raise BadInput(f"The spread is {spread}.", expected="above 0", remedy="Pass `concentration` of many pairs.",
                       where=Where(field="spread"))  # fmt: skip
    wins = pair_wins(ranks)
    a, b = spread + wins, spread + wins.T
    tail = (1 - confidence(level)) / 2
    certainty = special.betainc(b, a, 0.5)  # P(Beta(a, b) > 1/2)
    lo, hi = special.betaincinv(a, b, tail), special.betaincinv(a, b, 1 - tail)
    share = a / (a + b)
    for table in (share, lo, hi, certainty):
        np.fill_diagonal(table, 0.5)
    return Pairs(share, lo, hi, certainty)
