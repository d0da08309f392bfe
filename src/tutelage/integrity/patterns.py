"""Answers that follow the clicking hand instead of the item: always the same, alternating, periodic."""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from tutelage.integrity.findings import ByJudge
from tutelage.integrity.outliers import low_tail
from tutelage.measure.exact import Floats, Ints

PERIODS = range(2, 7)
LEAST_CHANGES = 12
LEAST_ROWS = 15
NEARLY_ALL = 0.95


def periodic(sequence: Ints, expected: Ints | None = None) -> tuple[float, int]:
    """Smallest p over periods 2–6 (Bonferroni) that a sequence repeats itself, and that period.

    sequence  (n,) answers in the order given;  expected (n,) what the other judges say there, -1 unknown
    Only places where the answer *changes* are counted, so that long runs – sorted items – look less periodic, not
    more, and only places where the others do not repeat too. Independent answers return to s[t-p] with the share of s.
    """
    s, n = sequence, len(sequence)
    best, at = 1.0, 0
    share = np.bincount(s) / max(n, 1)
    for period in PERIODS:
        t = np.arange(period, n)
        t = t[s[t] != s[t - 1]]
        if expected is not None:
            t = t[(expected[t] < 0) | (expected[t] != expected[t - period])]
        if len(t) < LEAST_CHANGES:
            continue
        # among places of change an answer other than s[t-1] was given: the chance to meet s[t] rises accordingly
        chance = float(np.mean(share[s[t]]))
        hits = int((s[t] == s[t - period]).sum())
        p = float(binom.sf(hits - 1, len(t), min(max(chance, 0.5), 0.99)))
        best, at = (p, period) if p < best else (best, at)
    return min(1.0, best * len(PERIODS)), at


def rhythm(judge: Ints, value: Ints, order: Ints, expected: Ints, names: list[str]) -> ByJudge:
    """Judges whose answers alternate or repeat with a period, in the order they were given.

    judge, value, expected  (R,) codes;  order (R,) sorts the rows by time
    """
    p, words = np.ones(len(names)), {}
    arranged = order[np.argsort(judge[order], kind="stable")]
    for rows in np.split(arranged, np.flatnonzero(np.diff(judge[arranged])) + 1):
        if len(rows) < LEAST_ROWS:
            continue
        j = int(judge[rows[0]])
        p[j], period = periodic(value[rows], expected[rows])
        if p[j] < 0.05:
            words[j] = f"{names[j]}: answers repeat every {period} rows ({len(rows)} rows) where the items do not"
    return ByJudge("periodic answers", p, words)


def one_answer(judge: Ints, value: Ints, names: list[str], value_names: list[str]) -> ByJudge:
    """Judges who give (nearly) one answer only, far outside how much the other judges concentrate."""
    counts = np.zeros((len(names), len(value_names)))
    np.add.at(counts, (judge, value), 1.0)
    n = counts.sum(axis=1)
    top = counts.max(axis=1) / np.maximum(n, 1)
    enough = n >= LEAST_ROWS
    angle = np.where(enough, -np.arcsin(np.sqrt(top)), np.nan)
    error: Floats = np.where(enough, 0.5 / np.sqrt(np.maximum(n, 1)), np.nan)
    p = np.where(top >= NEARLY_ALL, low_tail(angle, error, floor=0.05), 1.0)
    words = {
        j: f"{names[j]}: {top[j]:.0%} of {int(n[j])} answers are {value_names[int(counts[j].argmax())]!r}"
        for j in np.flatnonzero(p < 0.05).tolist()
    }
    return ByJudge("one answer", p, words, crowd=True)
