"""People's own noise, seen in the double-judged share."""

from __future__ import annotations

import numpy as np
from pytest import approx
from scipy.stats import binom

from tutelage.measure.certify import certify
from tutelage.records import Estimate, Rate, Undefined


def test_by_hand_ten_percent_noise_each_explains_a_perfect_judges_errors():
    """People err with h = .1 each: two differ on 2 x .1 x .9 = 18 %, a perfect judge differs from one on 10 %."""
    n = 1_000
    ai = np.full(n, "a")
    human = np.where(np.arange(n) < 100, "b", "a")
    second = np.where((np.arange(n) >= 10) & (np.arange(n) < 100) | (np.arange(n) >= 910), "a", "a")
    second = np.where((np.arange(n) < 10) | (np.arange(n) >= 910), "b", second)
    noise = certify(ai, human, second=second).noise
    assert isinstance(noise.between_people, Rate) and noise.between_people.value == approx(0.82)
    assert isinstance(noise.judge_error, Estimate) and noise.judge_error.value == approx(0.0, abs=1e-9)


def test_the_corrected_error_covers_the_judges_own():
    """100 slices: people err on 8 %, the judge on 5 %; the raw disagreement (12 %) is not the judge's error."""
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(100):
        truth = rng.random(400) < 0.5
        ai, human, second = (truth ^ (rng.random(400) < e) for e in (0.05, 0.08, 0.08))
        found = certify(ai.astype(int), human.astype(int), second=second.astype(int)).noise.judge_error
        hits += found.lo <= 0.05 <= found.hi
    assert binom.cdf(hits, 100, 0.95) > 0.001


def test_three_labels_or_coin_flipping_people_leave_it_undefined():
    rng = np.random.default_rng(2)
    three = rng.choice(["a", "b", "tie"], 100)
    assert isinstance(certify(three, three, second=three).noise.judge_error, Undefined)
    ai, human, second = rng.integers(0, 2, (3, 100))
    assert isinstance(certify(ai, human, second=second).noise.judge_error, Undefined)


def test_too_few_double_judged_items_are_warned_of():
    ai = ["a", "b"] * 50
    assert any("judged twice" in w for w in certify(ai, ai).warnings)
    assert not any("judged twice" in w for w in certify(ai, ai, second=ai).warnings)
    assert certify(ai, ai).noise is None
