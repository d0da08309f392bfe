"""Ordered categories: cuts are fitted, severity is taken out, intervals hold, and only the order matters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from tutelage.measure.consensus import ordinal, votes
from tutelage.measure.consensus.ordinal import OrdinalConsensus, _Probit
from tutelage.records import Undefined

CUTS = np.array([-1.2, -0.2, 0.3, 1.5])  # five categories of uneven width


def ratings(seed, items=200, judges=10, per=5):
    """Ratings by the model itself: (item, judge, category, z)."""
    rng = np.random.default_rng(seed)
    z, severity, sharp = rng.normal(size=items), rng.normal(0, 0.6, judges), np.exp(rng.normal(0.5, 0.25, judges))
    item = np.repeat(np.arange(items), per)
    judge = np.concatenate([rng.choice(judges, per, replace=False) for _ in range(items)])
    u = sharp[judge] * z[item] + severity[judge] + rng.normal(size=item.size)
    return item, judge, np.searchsorted(CUTS * np.exp(0.5), u), z, severity


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_the_gradient_is_that_of_the_objective(seed):
    rng = np.random.default_rng(seed)
    model = _Probit(votes(np.repeat(np.arange(12), 4), np.tile(np.arange(4), 12), np.arange(48) % 4))
    theta = model.start() + rng.normal(0, 0.3, model.start().size)
    numeric = approx_fprime(theta, lambda t: model.cost(t)[0], 1e-6)
    assert model.cost(theta)[1] == pytest.approx(numeric, abs=2e-4)


def test_cuts_severities_and_items_come_back():
    item, judge, y, z, severity = ratings(1, items=600, per=6)
    found = ordinal(item, judge, y)
    assert np.abs(found.cuts - CUTS).max() < 0.2
    assert np.corrcoef(found.latent.value, z)[0, 1] > 0.9
    assert np.corrcoef(found.latent.level_of, severity)[0, 1] > 0.95


def test_intervals_of_z_cover():
    """20 projects of 200 items at 95 %; judges' parameters estimated: 4,000 intervals, at least 92 %."""
    hit = []
    for seed in range(20):
        item, judge, y, z, _severity = ratings(100 + seed)
        found = ordinal(item, judge, y)
        shift = (found.latent.value - z).mean()  # the zero of the scale is the mean judge's, not an item's
        hit.append(np.mean((found.latent.lo - shift <= z) & (z <= found.latent.hi - shift)))
    assert np.mean(hit) > 0.92


def test_severity_is_taken_out_where_a_median_of_ratings_keeps_it():
    """Two panels, one severe and one generous, on items of one kind: the panels' items come out alike."""
    rng = np.random.default_rng(3)
    z = rng.normal(size=200)
    judge = np.where(np.arange(200)[:, None] < 100, [0, 1, 2, 6], [3, 4, 5, 6])  # judge 6 links the panels
    b = np.array([-1.2, -1.2, -1.2, 1.2, 1.2, 1.2, 0.0])
    y = np.searchsorted(CUTS, 1.5 * z[:, None] + b[judge] + rng.normal(size=judge.shape))
    item = np.repeat(np.arange(200), 4)
    found = ordinal(item, judge.ravel(), y.ravel())
    raw = y.mean(1)
    gap = found.latent.value[100:].mean() - found.latent.value[:100].mean() - (z[100:].mean() - z[:100].mean())
    assert raw[100:].mean() - raw[:100].mean() > 1
    assert abs(gap) < 0.35


def test_probabilities_add_up_and_agree_with_the_median():
    item, judge, y, _z, _s = ratings(4)
    found = ordinal(item, judge, y, order=range(6))  # nobody gave 5
    assert found.probability.sum(1) == pytest.approx(np.ones(200))
    assert np.all(found.probability[:, 5] == 0)
    below = np.cumsum(found.probability, 1)
    rows = np.arange(200)
    assert np.all(below[rows, found.median] > 0.5 - 1e-6)
    assert np.all(below[rows, found.median] - found.probability[rows, found.median] < 0.5 + 1e-6)
    assert np.all((found.lo <= found.median) & (found.median <= found.hi))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_row_order_names_and_the_spelling_of_categories_do_not_matter(seed):
    item, judge, y, _z, _s = ratings(seed, items=40)
    order = np.random.default_rng(seed).permutation(item.size)
    words = np.array(["awful", "bad", "fair", "good", "top"])
    one, two = ordinal(item, judge, y), ordinal(item[order], judge[order], words[y[order]], order=words.tolist())
    assert isinstance(one, OrdinalConsensus)
    assert two.latent.value == pytest.approx(one.latent.value, abs=1e-3)


def test_turning_the_scale_round_turns_the_answer_round():
    item, judge, y, _z, _s = ratings(6)
    one, two = ordinal(item, judge, y), ordinal(item, judge, 4 - y)
    assert two.latent.value == pytest.approx(-one.latent.value, abs=5e-3)
    assert two.cuts[::-1] == pytest.approx(-one.cuts, abs=5e-3)


@pytest.mark.parametrize(
    "rows",
    [([], [], []), ([1, 1], ["a", "b"], [2, 2]), ([1, 2], ["a", "b"], [1, 2])],
    ids=["none", "same", "apart"],
)
def test_ratings_that_cannot_be_compared_are_undefined(rows):
    assert isinstance(ordinal(*rows), Undefined)
