"""Accept, ask another, or ask an expert: by the value one more label is expected to bring per unit of money."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from tutelage.errors import BadInput
from tutelage.measure.exact import Floats, Ints

ACCEPT = -1
MOST_TOGETHER = 3  # two wrong-headed votes may be needed to turn a verdict: look up to three labels ahead

Why = Literal["nothing is worth its price", "the budget is spent", "nobody may take what is left"]


@dataclass(frozen=True, slots=True)
class Routing:
    """Who should judge what next.

    choice          (I,) index of the source to ask, or -1: accept the present verdict
    expected_gain   (I,) expected rise in the chance of a right verdict from that label (per label, looking ahead)
    spent           money, in the unit of the costs;  value  expected right verdicts gained, summed
    shadow_price    gain per unit of money of the last label bought; 0 if none
    stopped         why no more is asked
    """

    choice: Ints
    expected_gain: Floats
    spent: float
    value: float
    shadow_price: float
    stopped: Why


def label_gain(posterior: Floats, confusion: Floats, labels: int = 1) -> Floats:
    """(I,) expected rise of max posterior after `labels` more labels from a source; never negative.

    posterior  (I, K) present chance of each answer;  confusion  (K true, K said) of the source
    """
    K = posterior.shape[1]
    best_after = np.zeros(len(posterior))
    for said in product(range(K), repeat=labels):
        likelihood = np.prod(confusion[:, list(said)], axis=1)  # (K,)
        best_after += (posterior * likelihood).max(axis=1)
    return np.asarray(np.maximum(best_after - posterior.max(axis=1), 0.0))


def gains(posterior: Floats, confusions: Floats) -> Floats:
    """(I, S) gain per label of each source: the best of one, two or three labels looked ahead, per label."""
    ahead = MOST_TOGETHER if posterior.shape[1] <= 5 else 1
    return np.stack(
        [np.max([label_gain(posterior, c, m) / m for m in range(1, ahead + 1)], axis=0) for c in confusions], axis=1
    )


def route(
    posterior: ArrayLike, confusions: ArrayLike, costs: ArrayLike, *, budget: float, worth: ArrayLike | float = 1.0,
    capacity: ArrayLike | None = None, eligible: ArrayLike | None = None,
) -> Routing:  # fmt: skip
    """One round of routing under a budget.

    posterior   (I, K) chance of each answer per item, calibrated
    confusions  (S, K true, K said) of each source that could be asked (a pooled other rater, an expert, …)
    costs       (S,) per label, delay priced in, one unit of money;  budget in the same unit
    worth       money that a right verdict is worth, per item or for all: a label must bring more than it costs
    capacity    (S,) labels a source can give this round;  eligible (I, S): domain, load, exposure and conflict rules
                are constraints here, never prices
    Best value per money first, until nothing is worth its price, the budget is spent, or nobody may take the rest.
    Ask again after the labels are in: posteriors move, and the same rule says when to stop.
    Source: Chen, Lin and Zhou 2013 (knowledge gradient for crowdsourcing), with lookahead against its plateaus.
    """
    p, c, price = (np.asarray(x, dtype=np.float64) for x in (posterior, confusions, costs))
    _check(p, c, price, budget)
    gain = gains(p, c)
    may = np.ones_like(gain, dtype=bool) if eligible is None else np.asarray(eligible, dtype=bool)
    value = gain * np.broadcast_to(np.asarray(worth, dtype=np.float64), len(p))[:, None]
    ratio = np.where(may, value / price[None, :], 0.0)
    left = np.full(len(price), len(p)) if capacity is None else np.asarray(capacity, dtype=np.int64).copy()
    return _fill(gain, ratio, price, left, budget)


def _check(p: Floats, c: Floats, price: Floats, budget: float) -> None:
    fits = p.ndim == 2 and c.ndim == 3 and c.shape[1:] == (p.shape[1],) * 2 and price.shape == (len(c),)
    if not fits or not np.allclose(p.sum(axis=1), 1) or not np.allclose(c.sum(axis=2), 1):
        raise BadInput("The posteriors, confusions and costs do not fit.",
                       expected="(I, K), (S, K, K) and (S,), rows of the first two adding to one",
                       remedy="Fold judgments first: `consensus` gives both.")  # fmt: skip
    if not (price > 0).all() or budget < 0:
        raise BadInput("A cost is not positive, or the budget is negative.", expected="cost > 0, budget >= 0",
                       remedy="Price time, even unpaid time.")  # fmt: skip


def _fill(gain: Floats, ratio: Floats, price: Floats, left: NDArray[np.int64], budget: float) -> Routing:
    items, sources = gain.shape
    choice = np.full(items, ACCEPT, dtype=np.int64)
    spent = value = last = 0.0
    stopped: Why = "nothing is worth its price"
    worth_it = np.flatnonzero(ratio.ravel() > 1.0)
    # equal ratios: the cheaper source first, then the earlier item, so that routing is reproducible
    for pair in worth_it[np.lexsort((worth_it // sources, price[worth_it % sources], -ratio.ravel()[worth_it]))]:
        item, source = divmod(int(pair), sources)
        if choice[item] != ACCEPT:
            continue
        if left[source] == 0:
            stopped = "nobody may take what is left"
            continue
        if spent + price[source] > budget + 1e-9:
            stopped = "the budget is spent"
            break
        choice[item], left[source] = source, left[source] - 1
        spent, value, last = spent + float(price[source]), value + float(gain[item, source]), float(ratio[item, source])
    picked = np.where(choice >= 0, gain[np.arange(items), np.maximum(choice, 0)], 0.0)
    return Routing(choice, picked, spent, value, last, stopped)


def update(posterior: ArrayLike, confusion: ArrayLike, said: int) -> Floats:
    """(K,) the posterior of one item after a source with these (K, K) rows said `said`."""
    p = np.asarray(posterior, dtype=np.float64) * np.asarray(confusion, dtype=np.float64)[:, said]
    if p.sum() <= 0:
        raise BadInput("The source said what its confusion rows call impossible.", expected="positive rows",
                       remedy="Smooth the rows.")  # fmt: skip
    return np.asarray(p / p.sum())


def recalibrated(posterior: ArrayLike, known: ArrayLike) -> Floats:
    """(I, K) posteriors corrected by what the expert has answered so far: a crowd can be confidently one-sided.

    posterior  (I, K) chance of each answer before;  known  (I,) the expert's answer, or -1 where not asked
    One sharpness and one offset per answer are fitted to the expert's answers, held near 1 and 0 by a firm prior
    (sd .3 and .5), so that a handful of answers moves little. Valid although the hard items were the ones asked,
    since they were chosen by the posterior alone. Known items get certainty. Source: Guo et al. 2017, vector scaling.
    """
    p, answer = np.asarray(posterior, dtype=np.float64), np.asarray(known, dtype=np.int64)
    items, K = p.shape
    if answer.shape != (items,) or answer.max(initial=-1) >= K:
        raise BadInput("`known` does not fit.", expected="(I,) codes below K, -1 where unknown", remedy="Align it.")
    x = np.log(np.clip(p, 1e-3, 1.0))
    asked = answer >= 0
    target = np.eye(K)[answer[asked]]

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = theta[0] * x[asked] + theta[1:]
        log_p = z - logsumexp(z, axis=1, keepdims=True)
        gap = np.exp(log_p) - target
        pull = (theta - start) / spread
        grad = np.concatenate([[float((gap * x[asked]).sum())], gap.sum(axis=0)]) + pull / spread
        return float(-(target * log_p).sum() + 0.5 * (pull**2).sum()), grad

    start = np.concatenate([[1.0], np.zeros(K)])
    spread = np.concatenate([[0.3], np.full(K, 0.5 / np.sqrt(2))])
    theta = minimize(loss, start, jac=True, method="L-BFGS-B").x
    z = theta[0] * x + theta[1:]
    out = np.exp(z - logsumexp(z, axis=1, keepdims=True))
    out[asked] = target
    return np.asarray(out)
