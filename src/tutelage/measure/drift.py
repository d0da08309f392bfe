"""What moves a judge or a rater that should not: time, position, length, its own family, severity, fatigue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from tutelage.errors import BadInput
from tutelage.measure.betting import fixed_n_interval
from tutelage.measure.exact import Floats, share_interval
from tutelage.measure.sequential import mixture_sequence
from tutelage.records import Estimate, Figure, Rate, Undefined

RATES = 12
LEAST_GROUPS = 5


@dataclass(frozen=True, slots=True)
class Drift:
    """A rolling human slice held against what was certified.

    lo, hi     (n,) bounds on the error rate of the whole stretch, valid at all times together while it is one rate;
               bands that cross (some lo above some hi) are themselves the news: the rate changed
    log_e      (n,) evidence that the rate has risen above `allowed`, whenever that happened
    alarm_at   labels seen at the alarm; None: no alarm. False alarms ever: at most alpha, however often one looks
    """

    lo: Floats
    hi: Floats
    log_e: Floats
    alarm_at: int | None
    allowed: float


def watch_errors(wrong: ArrayLike, *, allowed: float, alpha: float = 0.05) -> Drift:
    """Watch a judge's disagreements with people on a trickle of uniformly drawn items.

    wrong    (n,) 1 where judge and person differ, in the order of the items
    allowed  the error rate that the certificate allows
    Evidence is a mixture over the moment of change (slowly falling weights that add to one) and over the rate after
    it; each part is a likelihood ratio with expectation at most 1 while the rate stays at or below `allowed`, so a
    change after a long good stretch is found about as fast as one at the start.
    The bounds are for one rate throughout. Where they cross, no one rate explains what was seen: the rate changed,
    up or down, with confidence 1 − alpha.
    Source: Shin, Ramdas and Rinaldo 2024, e-detectors.
    """
    marks = np.asarray(wrong, dtype=np.int64)
    if marks.ndim != 1 or not np.isin(marks, (0, 1)).all() or not 0 < allowed < 1:
        raise BadInput("Marks are 0 or 1 and `allowed` is a share.", expected="0 < allowed < 1",
                       remedy="Mark disagreements 1.")  # fmt: skip
    rates = allowed + (1 - allowed) * np.linspace(0.02, 0.9, RATES) ** 1.5
    ratio = np.where(marks[:, None] == 1, np.log(rates / allowed), np.log((1 - rates) / (1 - allowed)))  # (n, RATES)
    begun, path = np.full(RATES, -np.inf), np.empty(len(marks))
    for t in range(len(marks)):
        rest = 1 / np.log2(t + 3.0)  # weight of changes yet to come; what it lost since is that of "it changed now"
        begun = np.logaddexp(begun, np.log(1 / np.log2(t + 2.0) - rest)) + ratio[t]
        path[t] = np.logaddexp(np.logaddexp.reduce(begun) - np.log(RATES), np.log(rest))
    lo, hi = mixture_sequence(marks, level=1 - alpha)
    over = np.flatnonzero(path >= np.log(1 / alpha))
    return Drift(lo, hi, path, int(over[0]) + 1 if len(over) else None, allowed)


@dataclass(frozen=True, slots=True)
class Position:
    """What showing the sides the other way round did to a judge.

    flips  share of pairs whose verdict depends on the order;  left  share decided for the left in both orders minus
    the share decided for the right in both
    """

    flips: Rate | Undefined
    left: Figure


def position_effect(shown: ArrayLike, swapped: ArrayLike, *, level: float = 0.95) -> Position:
    """Position bias from verdicts on the same pairs in both orders.

    shown, swapped  (n,) 0 left, 1 right, -1 tie: the *place* chosen, in each order
    A steady judge chooses the other place once the sides are swapped.
    """
    a, b = np.asarray(shown, dtype=np.int64), np.asarray(swapped, dtype=np.int64)
    if a.shape != b.shape or a.ndim != 1 or not np.isin(np.concatenate([a, b]), (-1, 0, 1)).all():
        raise BadInput("The two orders do not fit.", expected="(n,) of 0, 1 or -1 in each", remedy="Align the pairs.")
    n = len(a)
    if n == 0:
        return Position(Undefined("no pair was judged in both orders"), Undefined("no pair was judged in both orders"))
    steady = np.where(a == -1, b == -1, b == 1 - a)
    k = int((~steady).sum())
    lo, hi = share_interval(k, n, level=level)
    pull = ((a == 0) & (b == 0)).astype(float) - ((a == 1) & (b == 1)).astype(float)
    return Position(
        Rate(k, n, lo, hi, "Clopper–Pearson", level, assumptions=("pairs independent",)),
        _bounded(pull, (-1.0, 1.0), level, "left minus right"),
    )


def _bounded(x: Floats, bounds: tuple[float, float], level: float, what: str) -> Estimate:
    lo, hi = fixed_n_interval(x, bounds, level=level)
    return Estimate(float(x.mean()), lo, hi, f"betting (finite-sample), {what}", len(x), level,
                    assumptions=("items independent",))  # fmt: skip


def excess_preference(judge: ArrayLike, people: ArrayLike, *, level: float = 0.95) -> Figure:
    """How much oftener a judge prefers something than people do on the *same* items: longer answers, its own family.

    judge, people  (n,) in [0, 1] per item: 1 preferred the longer (own) answer, 0 the other, 0.5 a tie, or shares of
                   several votes
    Longer answers are often better: only what goes beyond people's own preference is bias. Finite-sample interval.
    """
    a, b = np.asarray(judge, dtype=np.float64), np.asarray(people, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise BadInput("Judge and people do not fit.", expected="(n,) values in [0, 1] for the same items",
                       remedy="Keep the items both judged.")  # fmt: skip
    if len(a) == 0:
        return Undefined("no item was judged by both")
    return _bounded(a - b, (-1.0, 1.0), level, "judge minus people")


def severity(
    item: ArrayLike, rater: ArrayLike, score: ArrayLike, bounds: tuple[float, float], *, level: float = 0.95
) -> dict[int, Figure]:
    """How far each rater's scores lie above (+) or below (-) the others' mean on the same items.

    item, rater (R,) codes;  score (R,) within `bounds`. Keys are rater codes; a rater who judged nothing that
    another judged is Undefined. Finite-sample interval; a rater is never part of their own yardstick.
    """
    i, r = np.asarray(item, dtype=np.int64), np.asarray(rater, dtype=np.int64)
    s = np.asarray(score, dtype=np.float64)
    n = np.bincount(i)[i]
    others = np.divide(np.bincount(i, weights=s)[i] - s, n - 1, out=np.full(len(s), np.nan), where=n > 1)
    gap, reach = s - others, bounds[1] - bounds[0]
    out: dict[int, Figure] = {}
    for one in np.unique(r):
        mine = gap[(r == one) & ~np.isnan(gap)]
        out[int(one)] = (
            _bounded(mine, (-reach, reach), level, "rater minus others") if len(mine)
            else Undefined("no item in common with another rater")
        )  # fmt: skip
    return out


def fatigue(
    position: ArrayLike, correct: ArrayLike, session: Sequence[object] | ArrayLike, *, level: float = 0.95
) -> Figure:
    """Change of accuracy per 100 judgments within a session; negative is fatigue. Asymptotic in sessions.

    position (R,) how many judgments the session had seen before;  correct (R,) in [0, 1], on gold or double-judged
    Each session is its own baseline (slow starters do not look tired), and sessions are the clusters (CR1, t).
    Undefined below 5 sessions in which position varies.
    """
    x, y = np.asarray(position, dtype=np.float64) / 100, np.asarray(correct, dtype=np.float64)
    _, g = np.unique(np.asarray([str(v) for v in np.asarray(session, dtype=object)]), return_inverse=True)
    n = np.bincount(g)
    x, y = x - (np.bincount(g, weights=x) / n)[g], y - (np.bincount(g, weights=y) / n)[g]
    square = np.bincount(g, weights=x * x)
    groups = int((square > 0).sum())
    if groups < LEAST_GROUPS:
        return Undefined(f"{groups} sessions with more than one place in them; {LEAST_GROUPS} are needed")
    slope = float((x * y).sum() / square.sum())
    score = np.bincount(g, weights=x * (y - slope * x))
    error = float(np.sqrt((score**2).sum() * groups / (groups - 1))) / float(square.sum())
    reach = error * float(student.isf((1 - level) / 2, groups - 1))
    return Estimate(slope, slope - reach, slope + reach, "within-session slope, cluster-robust (asymptotic)", groups,
                    level, unit="per 100 judgments", rows=len(x), assumptions=("sessions independent",))  # fmt: skip
