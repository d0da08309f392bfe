"""How much may go out without a person: the largest share whose error is at most x, by fixed-sequence testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tutelage.errors import BadInput
from tutelage.measure.certify.design import honest_ceiling, ladder
from tutelage.measure.certify.slices import Mask, Slice
from tutelage.measure.exact import Floats, Stratum, sum_interval, upper_count
from tutelage.measure.sequential import mixture_sequence


@dataclass(frozen=True, slots=True)
class Release:
    """What may go out.

    accepted     (N,) items that may go out on the judge's word
    threshold    their least confidence; None if none may
    tested       how many sets were tested, in order, each at the whole alpha, until one failed
    most_wrong   upper bound on the number of wrong verdicts among the accepted;  seen: (wrong, labelled) among them
    ceiling      share that could go out if every confidence were honest and every item known: no method lets out more
    first_set    size and bound of the first set where it failed: what stood in the way
    """

    accepted: Mask
    threshold: float | None
    tested: int
    most_wrong: int
    seen: tuple[int, int]
    first_set: tuple[int, int] | None
    expected_share: float
    ceiling: float


def most_wrong(strata: list[Stratum], alpha: float, guess: float) -> int:
    """Upper bound, one-sided, on the wrong verdicts in a set whose labels were drawn at one or more rates."""
    if len(strata) == 1:
        part = strata[0]
        return upper_count(part.marked, part.drawn, part.size, alpha)
    signs, guesses = [1] * len(strata), [guess] * len(strata)
    return sum_interval(strata, signs, guesses, level=1 - alpha, sided="upper")[1]


def most_wrong_ever(wrong_in_order: Mask, size: int, alpha: float) -> int:
    """The same, valid after every label together; labels in the order in which they came."""
    if len(wrong_in_order) == 0:
        return size
    return int(np.ceil(mixture_sequence(wrong_in_order, population=size, level=1 - alpha)[1][-1] * size - 1e-9))


def largest_release(
    s: Slice, *, error: float, level: float, never: Mask | None = None, anytime: bool = False
) -> Release:
    """The largest set {confidence >= threshold} of which at most `error` is wrong, with confidence `level`.

    never    items that go to a person whatever the judge says (hard strata)
    anytime  valid under looking after every label; needs one inclusion probability in the region and `order`

    The order of tests is fixed by confidence, draw and sizes alone – never by a label – so each set is tested at
    the whole alpha until the first failure (fixed sequence), and the chance that the accepted set is worse is at most
    alpha.
    Raises BadInput without confidence.
    """
    if s.confidence is None:
        raise BadInput("The judge gave no confidence.", expected="a confidence per item for the residual target",
                       remedy="Pass `confidence` (any score where more means surer).")  # fmt: skip
    if anytime and s.order is None:
        raise BadInput("No order of labels was given.", expected="`order` for a sequence valid at any time",
                       remedy="Pass the rank or time at which each label came in.")  # fmt: skip
    open_ = np.flatnonzero(~never) if never is not None else np.arange(len(s.ai))
    ranked = open_[np.argsort(-s.confidence[open_], kind="stable")]
    confidence, drawn, wrong = s.confidence[ranked], s.drawn[ranked], s.wrong[ranked]
    alpha = 1.0 - level
    order = s.order if s.order is not None else np.zeros(len(s.ai), dtype=np.int64)
    rungs = ladder(confidence, np.cumsum(drawn), error, alpha, top=_dense_top(s.rate[ranked]))
    passed, bound, stop = 0, 0, None
    tested = 0
    for size in rungs.sizes.tolist():
        inside = ranked[:size]
        if anytime:
            rows = inside[s.drawn[inside]]
            upper = most_wrong_ever(s.wrong[rows[np.argsort(order[rows])]], size, alpha)
        else:
            mask = np.zeros(len(s.ai), dtype=bool)
            mask[inside] = True
            upper = most_wrong(s.strata(s.wrong, mask), alpha, error / 2)
        tested += 1
        if upper > error * size + 1e-9:
            stop = (size, upper)
            break
        passed, bound = size, upper
    accepted = np.zeros(len(s.ai), dtype=bool)
    accepted[ranked[:passed]] = True
    return Release(
        accepted, float(confidence[passed - 1]) if passed else None, tested, bound,
        (int(wrong[:passed].sum()), int(drawn[:passed].sum())), stop, rungs.expected_share,
        honest_ceiling(confidence, error) * len(ranked) / len(s.ai),
    )  # fmt: skip


def _dense_top(rate: Floats) -> int | None:
    """Where the densely drawn region ends, items sorted by falling confidence; None if all are drawn alike."""
    if np.ptp(rate) < 1e-12:
        return None
    same = np.abs(rate - rate[0]) < 1e-12
    end = int(np.argmin(same)) if not same.all() else len(rate)
    return end if end >= 0.02 * len(rate) else None
