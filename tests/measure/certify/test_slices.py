"""A judged batch and its slice, checked."""

from __future__ import annotations

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.measure.certify import certify, read_slice


def test_empty_none_and_nan_are_no_label_and_numbers_keep_their_name():
    s = read_slice([1, 0, 1, 1], [1.0, None, float("nan"), ""])
    assert s.labels == ("0", "1") and s.human.tolist() == [1, -1, -1, -1]
    assert read_slice(np.array([1, 0]), np.array([1.0, np.nan])).human.tolist() == [1, -1]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"ai": [], "human": []}, "without a verdict"),
        ({"ai": ["a", ""], "human": ["a", ""]}, "row 2"),
        ({"ai": ["a", "b"], "human": ["a"]}, "shape"),
        ({"ai": ["a", "b"], "human": ["", None]}, "No item has a human label"),
        ({"ai": ["a", "b"], "human": ["a", ""], "pi": [0.5, 0.0]}, "not in"),
        ({"ai": ["a", "b"], "human": ["a", ""], "pi": [0.5, np.nan]}, "finite"),
        ({"ai": ["a", "b"], "human": ["a", ""], "confidence": [0.5]}, "confidence"),
        ({"ai": ["a", "b"], "human": ["a", ""], "domain": ["x", ""]}, "domain"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_are_named(columns, said):
    with pytest.raises(BadInput, match=said):
        read_slice(**columns)


def test_a_level_or_share_written_in_percent_is_refused():
    for wrong in ({"level": 95}, {"require": 95}, {"target": "accuracy"}, {"target": "residual", "error": 5}):
        with pytest.raises(BadInput):
            certify(["a", "b"], ["a", ""], confidence=[0.5, 0.6], **wrong)


def test_one_item_that_was_looked_at_is_known():
    found = certify(["a"], ["a"])
    assert found.estimate.lo == found.estimate.hi == 1.0


def test_a_million_items_and_five_thousand_labels_take_under_a_second():
    """Target: half a second on a free core; the bound leaves room for a busy one."""
    from time import process_time

    rng = np.random.default_rng(1)
    y = (rng.random(1_000_000) < 0.6).astype(int)
    f = y ^ (rng.random(1_000_000) < 0.05)
    human = np.full(1_000_000, np.nan)
    rows = rng.choice(1_000_000, 5_000, replace=False)
    human[rows] = y[rows]
    for target in ("agreement", "mean"):
        start = process_time()
        found = certify(f, human, target=target)
        assert process_time() - start < 1.0
        assert found.slice == 5_000
