"""Draws that are committed first and that anyone can repeat."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.measure.sample import aipw, check, hajek, places, plan_doubt, plan_residual, plan_uniform, redraw
from tutelage.records import Estimate, Undefined

IDS = [f"item-{i}" for i in range(400)]


def test_an_items_place_is_the_head_of_a_hash_that_any_language_can_compute():
    """SHA-256("7\\nitem-0"), first 53 bits, over 2**53."""
    head = int.from_bytes(hashlib.sha256(b"7\nitem-0").digest()[:8], "big") >> 11
    assert places(["item-0"], 7)[0] == head / 2**53


def test_the_same_seed_draws_the_same_items_whatever_the_order_of_rows():
    draw = plan_uniform(IDS, 50, seed=3)
    back = plan_uniform(IDS[::-1], 50, seed=3)
    assert (draw.drawn() == back.drawn()[::-1]).all() and draw.drawn().sum() == 50
    assert draw.commitment == back.commitment
    assert (draw.drawn() != plan_uniform(IDS, 50, seed=4).drawn()).any()


def test_a_slice_that_was_tampered_with_is_named_item_by_item():
    draw = plan_uniform(IDS, 50, seed=3)
    mask = draw.drawn()
    assert check(draw, draw.commitment, mask) == []
    swapped = mask.copy()
    out, into = np.flatnonzero(mask)[0], np.flatnonzero(~mask)[0]
    swapped[[out, into]] = swapped[[into, out]]
    found = check(draw, draw.commitment, swapped)
    assert len(found) == 2 and any(IDS[out] in line for line in found)
    assert "commitment" in check(replace(draw, seed=4), draw.commitment, mask)[0]


def test_a_slice_file_holds_all_that_a_stranger_needs_to_redraw_it():
    draw = plan_residual(IDS, 100, np.linspace(0.5, 1, 400), error=0.1, seed=9, strata=["x", "y"] * 200, minimum=20)
    again = redraw(IDS, draw.pi, draw.cell, seed=9)
    assert (again.drawn() == draw.drawn()).all()
    assert again.commitment == draw.commitment
    assert check(again, draw.commitment, draw.drawn()) == []
    with pytest.raises(BadInput, match="pi"):
        redraw(IDS, np.round(draw.pi, 2), draw.cell, seed=9)


def test_every_prefix_of_a_uniform_draw_is_a_uniform_draw():
    draw = plan_uniform(IDS, 50, seed=3)
    assert (draw.drawn() == (draw.order() < 50)).all()
    assert (plan_uniform(IDS, 20, seed=3).drawn() == (draw.order() < 20)).all()


def test_a_rare_stratum_gets_its_minimum_and_the_size_is_kept():
    """360 common, 36 rare, 4 very rare items; 60 drawn, at least 10 of each stratum: 46, 10 and all 4."""
    strata = ["common"] * 360 + ["rare"] * 36 + ["very rare"] * 4
    draw = plan_uniform(IDS, 60, seed=1, strata=strata, minimum=10)
    drawn = draw.drawn()
    counts = {s: int(drawn[np.asarray(strata) == s].sum()) for s in set(strata)}
    assert counts == {"common": 46, "rare": 10, "very rare": 4}


def test_a_draw_by_doubt_keeps_thirty_percent_uniform():
    """Doubt is nil for half of the items: they still keep 30 % of a uniform draw's chance (.3 x 80/400 = .06)."""
    draw = plan_doubt(IDS, 80, [0.0] * 200 + [1.0] * 200, seed=5)
    assert draw.pi.min() >= 0.3 * 80 / 400 - 1e-12
    assert draw.pi[300] > 3 * draw.pi[0]
    with pytest.raises(BadInput, match="uniform"):
        plan_doubt(IDS, 80, [1.0] * 400, seed=5, uniform=0.1)


def test_a_residual_draw_is_dense_where_acceptance_is_decided():
    confidence = np.random.default_rng(1).beta(6, 0.9, 400)
    draw = plan_residual(IDS, 150, confidence, error=0.1, seed=2)
    assert len(set(np.round(draw.pi, 9))) == 2
    assert draw.pi[confidence.argmax()] > 1.5 * draw.pi[confidence.argmin()]
    assert draw.drawn().sum() == 150


def test_every_items_chance_is_the_stated_one():
    """3,000 seeds: an item's share of draws is within 5 standard errors of its pi, in a fixed and a Poisson draw."""
    ids = IDS[:60]
    for design in ("fixed", "poisson"):
        draw = plan_doubt(ids, 20, np.linspace(0, 1, 60) ** 2, seed=0, design=design)
        share = np.mean([replace(draw, seed=s).drawn() for s in range(3_000)], axis=0)
        assert (np.abs(share - draw.pi) < 5 * np.sqrt(draw.pi * (1 - draw.pi) / 3_000) + 1e-9).all()


def test_estimators_are_centred_on_the_batch_over_draws():
    """300 Poisson draws of 80 of 400: mean AIPW and Hájek estimates are within 4 standard errors of the batch mean."""
    rng = np.random.default_rng(2)
    y = rng.random(400)
    judge = np.clip(y + 0.2 * rng.standard_normal(400), 0, 1)
    draw = plan_doubt(IDS, 80, np.linspace(0.1, 1, 400), seed=0, design="poisson")
    found = {"aipw": [], "hajek": []}
    for seed in range(300):
        d = replace(draw, seed=seed).drawn()
        found["aipw"].append(aipw(y[d], judge[d], draw.pi[d], judge).value)
        found["hajek"].append(hajek(y[d], draw.pi[d]).value)
    for values in found.values():
        assert abs(np.mean(values) - y.mean()) < 4 * np.std(values) / np.sqrt(300)


def test_equal_chances_give_the_plain_mean():
    y = np.arange(40) / 40
    found = hajek(y, np.full(40, 0.2))
    assert isinstance(found, Estimate) and found.value == approx(y.mean())


def test_too_few_labels_give_no_normal_interval():
    assert isinstance(hajek([1.0] * 29, [0.5] * 29), Undefined)
    assert isinstance(aipw([1.0] * 500, [1.0] * 500, [0.5] * 500, [1.0] * 1_000), Undefined)


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 120), st.integers(0, 2**31), st.data())
def test_chances_add_to_the_size_and_stay_in_range(n, seed, data):
    size = data.draw(st.integers(10, n))
    doubt = data.draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))
    draw = plan_doubt(IDS[:n], size, doubt, seed=seed)
    assert draw.pi.sum() == approx(size)
    assert ((draw.pi > 0) & (draw.pi <= 1)).all()
    assert draw.drawn().sum() == size


def test_draws_that_cannot_be_made_are_refused():
    for bad in (
        lambda: plan_uniform(["a", "a"], 1, seed=1),
        lambda: plan_uniform(IDS, 500, seed=1),
        lambda: plan_uniform(IDS, 10, seed=1, strata=["x"] * 3, minimum=1),
        lambda: plan_uniform(IDS, 10, seed=1, strata=["x", "y"] * 200, minimum=9),
        lambda: plan_doubt(IDS, 10, [-1.0] * 400, seed=1),
        lambda: plan_residual(IDS, 10, [0.5], error=0.1, seed=1),
        lambda: redraw(IDS, [0.5], [0], seed=1),
    ):
        with pytest.raises(BadInput):
            bad()
