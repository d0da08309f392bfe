"""Labels that are probably wrong."""

from __future__ import annotations

import numpy as np
import pytest
from pytest import approx
from scipy.stats import binom

from tutelage.errors import BadInput
from tutelage.measure.label_errors import find_label_errors, leave_out_evidence
from tutelage.records import Estimate, Undefined


def evidence(n, classes, flips, rng, sharpness=4.0):
    """Given labels with a share flipped, and calibrated out-of-sample probabilities."""
    truth = rng.integers(0, classes, n)
    logits = sharpness * (np.arange(classes) == truth[:, None]) + rng.standard_normal((n, classes))
    p = np.exp(logits)
    wrong = rng.random(n) < flips
    given = np.where(wrong, (truth + rng.integers(1, classes, n)) % classes, truth)
    return given, p / p.sum(axis=1, keepdims=True), wrong


def test_one_obvious_error_among_ten_is_named_first():
    p = np.array([[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5)
    given = np.array([0, 0, 1, 0, 0, 1, 1, 1, 1, 1])
    found = find_label_errors(given, p, rng=np.random.default_rng(0))
    assert found.order.tolist() == [2] and found.suggested[2] == 0
    assert found.suspicion[2] == approx(0.9) and found.suspicion[0] == approx(0.1)


def test_seeded_five_percent_flips_are_found():
    """2,000 labels of 4 classes, 5 % flipped: recall and precision at least 80 %."""
    given, p, wrong = evidence(2_000, 4, 0.05, np.random.default_rng(1), sharpness=6.0)
    found = find_label_errors(given, p, rng=np.random.default_rng(0))
    hit = wrong[found.order].sum()
    assert hit / wrong.sum() > 0.8 and hit / len(found.order) > 0.8


def test_the_share_of_wrong_labels_is_estimated_with_its_interval():
    """30 data sets at 8 %: within 2 points each time; a bootstrap interval of an estimate that is only nearly unbiased
    is asked to hold the truth in more than half of them.
    """
    hits = 0
    for seed in range(30):
        given, p, wrong = evidence(600, 3, 0.08, np.random.default_rng(seed))
        share = find_label_errors(given, p, rng=np.random.default_rng(seed)).share
        assert isinstance(share, Estimate) and abs(share.value - wrong.mean()) < 0.03
        hits += share.lo <= wrong.mean() <= share.hi
    assert binom.cdf(hits, 30, 0.5) > 0.001


def test_a_judge_that_is_unsure_of_one_class_does_not_accuse_it():
    """Class 1 is always given with .55: its own yardstick, so clean labels of it are not flagged."""
    p = np.array([[0.95, 0.05]] * 20 + [[0.45, 0.55]] * 20)
    assert len(find_label_errors([0] * 20 + [1] * 20, p, rng=np.random.default_rng(0)).order) == 0


def test_a_class_too_small_for_a_yardstick_gives_no_share():
    p = np.array([[0.9, 0.1]] * 8 + [[0.2, 0.8]])
    assert isinstance(find_label_errors([0] * 8 + [1], p, rng=np.random.default_rng(0)).share, Undefined)


def test_a_label_is_no_evidence_for_itself():
    """Prior 1:1, raters at 80 %; labels 0, 0, 1 on one item: seen from the third, 0 has .64/(.64+.04) = .941."""
    rows = np.array([[0.8, 0.2], [0.2, 0.8]])
    out = leave_out_evidence([[0.5, 0.5]], [0, 0, 0], [0, 1, 2], [0, 0, 1], np.stack([rows] * 3))
    assert out[2] == approx([0.64 / 0.68, 0.04 / 0.68])
    assert out[0] == approx([0.5, 0.5])


def test_shapes_that_do_not_fit_are_refused():
    for labels, p in (([0, 1], [[1.0, 0.0]]), ([0], [[0.7, 0.7]]), ([2], [[0.5, 0.5]]), ([], np.zeros((0, 2)))):
        with pytest.raises(BadInput):
            find_label_errors(np.asarray(labels, dtype=int), p, rng=np.random.default_rng(0))
