"""What moves a judge or a rater that should not."""

from __future__ import annotations

import numpy as np
import pytest
from pytest import approx
from scipy.stats import binom

from tutelage.errors import BadInput
from tutelage.measure.drift import excess_preference, fatigue, position_effect, severity, watch_errors
from tutelage.records import Estimate, Rate, Undefined


def test_a_judge_that_stays_as_certified_is_never_accused_more_often_than_alpha():
    """100 judges at exactly the allowed 5 %, watched over 600 items: ever an alarm for at most 5 % of them."""
    rng = np.random.default_rng(1)
    alarms = sum(watch_errors(rng.random(600) < 0.05, allowed=0.05).alarm_at is not None for _ in range(100))
    assert binom.sf(alarms - 1, 100, 0.05) > 0.001


def test_a_change_after_a_long_good_stretch_is_found_about_as_fast_as_one_at_the_start():
    """From 3 % to 20 % wrong, at once or after 600 good items; allowed 5 %. Median delay under 60 and 100."""
    rng = np.random.default_rng(2)
    for before, most in ((0, 60), (600, 100)):
        delays = []
        for _ in range(25):
            wrong = np.concatenate([rng.random(before) < 0.03, rng.random(300) < 0.2])
            at = watch_errors(wrong, allowed=0.05).alarm_at
            delays.append((at or len(wrong)) - before)
        assert np.median(delays) < most


def test_the_evidence_is_a_fair_game():
    """Mean of the evidence over 400 streams at the allowed rate is 1 within Monte-Carlo error, and less below it."""
    rng = np.random.default_rng(3)
    for rate, most in ((0.2, 1.25), (0.1, 1.0)):
        e = [np.exp(watch_errors(rng.random(15) < rate, allowed=0.2).log_e[-1]) for _ in range(400)]
        assert np.mean(e) <= most


def test_a_judge_that_always_takes_the_left_flips_every_pair():
    found = position_effect([0] * 40, [0] * 40)
    assert isinstance(found.flips, Rate) and found.flips.value == 1.0
    assert isinstance(found.left, Estimate) and found.left.value == 1.0 and found.left.lo > 0.8


def test_a_steady_judge_takes_the_other_place_once_sides_are_swapped():
    """Pairs: steady, steady tie, left twice, right twice: half flip, and left minus right is 0."""
    found = position_effect([0, -1, 0, 1], [1, -1, 0, 1])
    assert found.flips.value == 0.5 and found.left.value == 0.0
    assert isinstance(position_effect([], []).flips, Undefined)


def test_length_is_a_bias_only_beyond_peoples_own_liking_for_it():
    """People take the longer answer in 60 %; a judge that does so on the same items has an excess of 0."""
    rng = np.random.default_rng(4)
    people = (rng.random(500) < 0.6).astype(float)
    same = excess_preference(people, people)
    assert same.value == 0 and same.lo <= 0 <= same.hi
    biased = excess_preference(np.where(rng.random(500) < 0.3, 1.0, people), people)
    assert biased.lo > 0.02 and biased.value == approx(0.12, abs=0.05)
    assert isinstance(excess_preference([], []), Undefined)


def test_the_excess_covers_its_truth():
    """80 audits of 120 items: a judge with an excess of .15 x .5 = .075; nominal 90 %."""
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(80):
        people = (rng.random(120) < 0.5).astype(float)
        found = excess_preference(np.where(rng.random(120) < 0.15, 1.0, people), people, level=0.9)
        hits += found.lo <= 0.075 <= found.hi
    assert binom.cdf(hits, 80, 0.9) > 0.001


def test_a_severe_rater_is_seen_against_the_others():
    """Three raters score alike but for one who gives a point less of 1..5; a lone rater has no yardstick."""
    rng = np.random.default_rng(6)
    base = rng.integers(2, 6, 80)
    item = np.concatenate([np.tile(np.arange(80), 3), [99]])
    rater = np.concatenate([np.repeat([0, 1, 2], 80), [3]])
    score = np.concatenate([base, base, base - 1, [3]])
    found = severity(item, rater, score, (1, 5))
    assert found[2].value == approx(-1.0) and found[2].hi < 0
    assert found[0].value == approx(0.5) and isinstance(found[3], Undefined)


def test_fatigue_is_a_fall_within_sessions_not_between_people():
    """Accuracy falls by 30 points per 100 judgments in 12 sessions; a weak session is not a tired one."""
    rng = np.random.default_rng(7)
    session = np.repeat(np.arange(12), 80)
    position = np.tile(np.arange(80), 12)
    start = np.where(np.arange(12) % 2, 0.95, 0.75)[session]
    tired = fatigue(position, rng.random(960) < start - 0.003 * position, session)
    assert isinstance(tired, Estimate) and tired.hi < 0 and tired.lo < -0.3 < tired.hi
    fresh = fatigue(position, rng.random(960) < start, session)
    assert fresh.lo <= 0 <= fresh.hi
    assert isinstance(fatigue([1, 2, 3], [1, 1, 0], ["a", "a", "b"]), Undefined)


def test_marks_that_are_not_marks_are_refused():
    with pytest.raises(BadInput):
        watch_errors([0, 2], allowed=0.05)
    with pytest.raises(BadInput):
        position_effect([0], [0, 1])
    with pytest.raises(BadInput):
        excess_preference([0.5], [0.5, 1])
