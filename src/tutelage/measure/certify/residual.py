"""How much may go out without a person: the largest share whose error is at most x, by fixed-sequence testing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tutelage.errors import BadInput
from tutelage.measure.betting import poisson_interval
from tutelage.measure.certify.design import ladder, profile
from tutelage.measure.certify.domains import at_most_over_rates, findings
from tutelage.measure.certify.result import DomainFinding
from tutelage.measure.certify.slices import Mask, Slice
from tutelage.measure.exact import Floats, Ints, Stratum, sum_interval, upper_count
from tutelage.measure.sequential import mixture_sequence
from tutelage.records import Estimate, Figure, Undefined


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
    anytime  valid under looking after every label; needs `order`, and at most 8 inclusion probabilities

    The order of tests is fixed by confidence, draw and sizes alone – never by a label – so each set is tested at
    the whole alpha until the first failure (fixed sequence), and the chance that the accepted set is worse is at most
    alpha.
    Raises BadInput without confidence.
    """
    if s.confidence is None:
        raise BadInput("The judge gave no confidence.", expected="a confidence per item for the residual target",
                       remedy="Pass `confidence` (--confidence C): any score where more means surer.")  # fmt: skip
    if anytime and s.order is None:
        raise BadInput("No order of labels was given.", expected="`order` for a sequence valid at any time",
                       remedy="Pass the rank or time at which each label came in (--order C).")  # fmt: skip
    if anytime and s.own_rates:
        raise BadInput("A sequence valid at any time is not known for chances of their own an item.",
                       expected="a slice drawn at a few rates", remedy="Leave out --sequential.")  # fmt: skip
    open_ = np.flatnonzero(~never) if never is not None else np.arange(len(s.ai))
    ranked = open_[np.argsort(-s.confidence[open_])]  # equal ones go out together: their order does not matter
    confidence, drawn, wrong = s.confidence[ranked], s.drawn[ranked], s.wrong[ranked]
    alpha = 1.0 - level
    seen = profile(confidence)
    rungs = ladder(seen, np.cumsum(drawn), error, alpha, top=_dense_top(s.rate[ranked]))
    bound_at = _bounds(s, ranked, alpha, error, anytime)
    passed, bound, stop, tested = 0, 0, None, 0
    for size in rungs.sizes.tolist():
        upper = bound_at(size)
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
        seen.ceiling(error) * len(ranked) / len(s.ai),
    )  # fmt: skip


def by_domain(
    s: Slice, *, error: float, level: float, require: float | None, never: Mask | None = None, anytime: bool = False
) -> tuple[DomainFinding, ...]:
    """The share of each domain that may go out; with `require`, in which domains that share may, by e-BH.

    The set tested in a domain is its most confident `require` of the items, fixed before any label is seen.
    """
    if len(s.domains) < 2:
        return ()
    figures: list[Figure] = []
    e = []
    for d in range(len(s.domains)):
        inside = s.domain == d
        part, hard = s.where(inside), never[inside] if never is not None else None
        if not part.drawn.any():
            figures.append(Undefined("no label in this domain"))
            e.append(1.0)
            continue
        out = largest_release(part, error=error, level=level, never=hard, anytime=anytime).accepted.mean()
        figures.append(Estimate(float(out), float(out), 1.0, "fixed-sequence testing, exact", int(part.drawn.sum()),
                                level, "lower", rows=len(part.ai), assumptions=("one domain alone",)))  # fmt: skip
        e.append(_e_value(part, error, require, hard) if require is not None else 1.0)
    return findings(s.domains, figures, e if require is not None and not anytime else None, 1 - level)


def _e_value(part: Slice, error: float, require: float, hard: Mask | None) -> float:
    """Against `more than error of the most confident items, require of the domain in all, are wrong`."""
    free = np.flatnonzero(~hard) if hard is not None else np.arange(len(part.ai))
    size = max(1, int(np.ceil(require * len(part.ai) - 1e-9)))
    if size > len(free) or part.own_rates or part.confidence is None:
        return 1.0  # so much is not to be had, or chances of their own give no test per domain: no evidence
    sure = part.confidence
    tested = np.zeros(len(part.ai), dtype=bool)
    tested[free] = sure[free] >= np.sort(sure[free])[::-1][size - 1]
    return at_most_over_rates(part.strata(part.wrong, tested), error)


def _bounds(s: Slice, ranked: Ints, alpha: float, error: float, anytime: bool) -> Callable[[int], int]:
    """The bound on wrong verdicts among the first `size` of the ranked items, for the draw at hand."""
    drawn, wrong = s.drawn[ranked], s.wrong[ranked]
    code = s.rate_code[ranked]
    each = [code == k for k in range(len(s.rates))] if not s.own_rates else []
    if anytime:
        came = (s.order if s.order is not None else np.zeros(len(s.ai), dtype=np.int64))[ranked]
        items, labelled = [np.cumsum(same) for same in each], [np.flatnonzero(drawn & same) for same in each]

        def ever(size: int) -> int:
            here = [k for k, count in enumerate(items) if count[size - 1]]
            total = 0
            for k in here:  # only among items of one chance are the labels a random part of them
                rows = labelled[k][: np.searchsorted(labelled[k], size)]
                marks = wrong[rows[np.argsort(came[rows])]]
                total += most_wrong_ever(marks, int(items[k][size - 1]), alpha / len(here))
            return total

        return ever
    if s.own_rates:
        rate = s.rate[ranked]

        def unequal(size: int) -> int:
            rows = np.flatnonzero(drawn[:size])
            share = poisson_interval(
                wrong[rows].astype(np.float64), rate[rows], (0.0, 1.0), size, level=1 - alpha, sided="upper"
            )
            return int(np.ceil(share[1] * size))

        return unequal
    counts = [[np.cumsum(same), np.cumsum(drawn & same), np.cumsum(wrong & same)] for same in each]

    def exact(size: int) -> int:
        strata = [Stratum(*(int(c[size - 1]) for c in level)) for level in counts]
        return most_wrong([x for x in strata if x.size], alpha, error / 2)

    return exact


def _dense_top(rate: Floats) -> int | None:
    """Where the densely drawn region ends, items sorted by falling confidence; None if all are drawn alike."""
    if np.ptp(rate) < 1e-12:
        return None
    same = np.abs(rate - rate[0]) < 1e-12
    end = int(np.argmin(same)) if not same.all() else len(rate)
    return end if end >= 0.02 * len(rate) else None
