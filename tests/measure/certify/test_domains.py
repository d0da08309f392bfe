"""Many domains, one false discovery rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.stats import hypergeom

from tutelage.measure.certify.domains import at_most_e_value, e_benjamini_hochberg


def test_e_bh_by_hand():
    """m = 4, alpha = .1: the k-th largest needs 40/k, so 50, 21 and 14 pass (40, 20, 13.3) and 9 does not (10)."""
    assert e_benjamini_hochberg([9, 50, 14, 21], 0.1).tolist() == [False, True, True, True]
    assert e_benjamini_hochberg([9, 39, 14, 19], 0.1).tolist() == [False, True, True, True]
    assert e_benjamini_hochberg([9, 9, 9, 9], 0.1).tolist() == [False] * 4


@pytest.mark.parametrize("allowed", [0.0, 0.05, 0.3])
def test_the_evidence_has_expectation_at_most_one_for_every_batch_that_misses_the_requirement(allowed):
    """80 items, 25 drawn: summed over all outcomes, for each count above the allowed one."""
    M, n = 80, 25
    e = np.array([at_most_e_value(k, n, M, allowed) for k in range(n + 1)])
    for K in range(int(allowed * M) + 1, M + 1):
        mass = hypergeom.pmf(range(n + 1), M, K, n)
        assert e[mass > 0] @ mass[mass > 0] <= 1 + 1e-9


def test_clean_labels_are_evidence_and_no_labels_are_none():
    assert at_most_e_value(0, 0, 500, 0.05) == approx(1)
    assert at_most_e_value(0, 200, 5_000, 0.05) > 100
    assert at_most_e_value(20, 200, 5_000, 0.05) < 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1_000), min_size=1, max_size=12), st.floats(0.01, 0.3))
def test_more_alpha_never_rejects_less_and_order_does_not_matter(e, alpha):
    few, many = e_benjamini_hochberg(e, alpha), e_benjamini_hochberg(e, 2 * alpha)
    assert (few <= many).all()
    assert (e_benjamini_hochberg(e[::-1], alpha) == few[::-1]).all()
