"""What must be true of every certificate, whatever the batch."""

from __future__ import annotations

import json
from math import isfinite

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from tutelage.measure.certify import Certificate, certify
from tutelage.records import Estimate, decode, encode

LABELS = ["a", "b", "tie"]
VALUES = {"a": 0.0, "b": 1.0, "tie": 0.5}


@st.composite
def batches(draw):
    """(ai, human, confidence): up to 40 items, at least one of them looked at."""
    n = draw(st.integers(1, 40))
    ai = draw(st.lists(st.sampled_from(LABELS), min_size=n, max_size=n))
    human = draw(st.lists(st.sampled_from([*LABELS, ""]), min_size=n, max_size=n))
    human[draw(st.integers(0, n - 1))] = "a"
    confidence = draw(st.lists(st.sampled_from([0.2, 0.5, 0.9, 0.99]), min_size=n, max_size=n))
    return ai, human, confidence


HOW = [
    {"target": "agreement"},
    {"target": "mean", "values": VALUES},
    {"target": "mean", "values": VALUES, "method": "exact"},
    {"target": "residual", "error": 0.3},
]


@pytest.mark.parametrize("how", HOW)
@settings(max_examples=12, deadline=None)
@given(batch=batches(), seed=st.integers(0, 1_000))
def test_any_batch_gives_finite_figures_in_range_whatever_the_order_of_rows(how, batch, seed):
    ai, human, confidence = batch
    found = certify(ai, human, confidence=confidence, **how)
    estimate = found.estimate
    assert isfinite(estimate.lo) and 0 <= estimate.lo <= estimate.value <= estimate.hi <= 1
    assert found.usable is None and "usable" not in found.claim.lower()
    rows = np.random.default_rng(seed).permutation(len(ai))
    again = certify(*([column[i] for i in rows] for column in (ai, human)),
                    confidence=[confidence[i] for i in rows], **how).estimate  # fmt: skip
    assert (again.value, again.lo, again.hi) == approx((estimate.value, estimate.lo, estimate.hi))


@settings(max_examples=25, deadline=None)
@given(batch=batches())
def test_agreement_lies_within_what_was_seen(batch):
    """Items seen to agree or differ stay so: with c right and w wrong of N, agreement is in [c/N, 1 - w/N]."""
    ai, human, _ = batch
    found = certify(ai, human).estimate
    right = sum(a == h for a, h in zip(ai, human, strict=True))
    wrong = sum(h not in ("", a) for a, h in zip(ai, human, strict=True))
    assert right / len(ai) - 1e-9 <= found.lo and found.hi <= 1 - wrong / len(ai) + 1e-9


@settings(max_examples=15, deadline=None)
@given(batch=batches(), chance=st.floats(0.05, 0.95))
def test_equal_chances_are_the_uniform_slice(batch, chance):
    """Recording one pi for all changes the words, not the figures."""
    ai, human, _ = batch
    drawn = sum(h != "" for h in human)
    first = certify(ai, human).estimate
    again = certify(ai, human, pi=[drawn / len(ai)] * len(ai)).estimate
    assert (first.lo, first.hi) == (again.lo, again.hi)


def test_more_judged_items_never_make_the_human_bound_sharper_than_the_labels_allow():
    """The same 60 clean labels: over a batch of 600 the judge may be wrong less often than over one of 60,000."""
    lows = [certify(["a"] * N, ["a"] * 60 + [""] * (N - 60)).estimate.lo for N in (60, 600, 6_000, 60_000)]
    assert lows == sorted(lows, reverse=True) and lows[0] == 1 and lows[-1] == approx(0.025 ** (1 / 60), abs=1e-3)


def test_a_certificate_is_json_and_back():
    ai = ["a", "b"] * 100
    human = [x if i % 3 else "" for i, x in enumerate(ai)]
    domain = ["x"] * 100 + ["y"] * 100
    for how in ({"require": 0.9, "domain": domain}, {"target": "mean", "values": VALUES}, {"target": "residual"}):
        found = certify(ai, human, second=human, confidence=[0.9] * 200, **how)
        assert decode(Certificate, json.loads(json.dumps(encode(found), allow_nan=False))) == found


def test_the_figure_beside_a_share_let_out_bounds_its_error():
    found = certify(["a"] * 500, ["a"] * 200 + [""] * 300, target="residual", confidence=[0.9] * 500, require=0.5)
    inside = found.figures["residual_error"]
    assert isinstance(inside, Estimate) and inside.hi <= 0.05 and inside.sided == "upper"
    assert found.usable is True and found.threshold == 0.9


@pytest.mark.parametrize("target", ["agreement", "mean"])
def test_looks_that_exclude_one_another_still_give_an_interval(target):
    """40 mistakes come first, then 260 items that are right: no share fits both, a miss that the level allows."""
    human = np.r_[np.ones(40), np.zeros(260), np.full(700, np.nan)]
    found = certify(np.zeros(1_000), human, target=target, sequential=True, order=np.arange(1_000)).estimate
    assert 0 <= found.lo <= found.value <= found.hi <= 1
