"""The double-judged share of a slice: what people themselves disagree on must not be booked as the judge's error."""

from __future__ import annotations

import math

from tutelage.measure.certify.result import Noise
from tutelage.measure.certify.slices import ABSENT, Slice
from tutelage.measure.exact import share_interval
from tutelage.records import Estimate, Figure, Rate, Undefined

ADVISED_SHARE = 0.20


def human_noise(s: Slice, *, level: float) -> Noise | None:
    """Agreement between two people on the double-judged items, and the judge's error without human noise.

    If each person errs with chance h independently, two people differ with chance d = 2h(1-h), and a judge with
    error e differs from one person with chance w = e(1-h) + h(1-e); so e = (w - h) / (1 - 2h). The interval takes
    the worst corner of exact intervals for d and w at half the alpha each. None where nothing was judged twice.
    """
    twice = s.drawn & (s.second != ABSENT)
    n = int(twice.sum())
    if n == 0:
        return None
    same = int((s.human[twice] == s.second[twice]).sum())
    lo, hi = share_interval(same, n, level=level)
    people = Rate(same, n, lo, hi, "Clopper–Pearson", level, assumptions=("double-judged items are a uniform part",))
    return Noise(n, people, _judge_error(s, n, n - same, level))


def _judge_error(s: Slice, n: int, differ: int, level: float) -> Figure:
    if s.label_count > 2:
        return Undefined("more than two labels: two wrong answers need not coincide, so noise cannot be taken out")
    half = 1 - (1 - level) / 2
    k, m = int(s.wrong.sum()), int(s.drawn.sum())
    d, (d_lo, d_hi) = differ / n, share_interval(differ, n, level=half)
    w_lo, w_hi = share_interval(k, m, level=half)
    if d_hi >= 0.5:
        return Undefined("two people may differ on half of the items: their noise hides any judge's error")
    value, lo, hi = _without_noise(k / m, d), _without_noise(w_lo, d_hi), _without_noise(w_hi, d_lo)
    return Estimate(
        value, min(lo, value), max(hi, value), "noise-corrected, exact corners", m, level,
        assumptions=("people err independently of one another and of the judge", "all people alike"),
    )  # fmt: skip


def _without_noise(w: float, d: float) -> float:
    """The judge's own error from its rate of differing w and the rate d at which two people differ; d < 1/2."""
    h = (1 - math.sqrt(1 - 2 * d)) / 2
    return min(max((w - h) / (1 - 2 * h), 0.0), 1.0)
