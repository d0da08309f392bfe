"""Best of n: exact over all subsets, and a proxy that is over-optimised is seen to be."""

from __future__ import annotations

from itertools import combinations
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.evaluation.bon import best_of, curve, kl_nats
from tutelage.records import Estimate, Undefined


def test_two_of_three_by_hand() -> None:
    """Proxy 1 < 2 < 3, gold 10, 20, 60: subsets {1,2} → 20, {1,3} → 60, {2,3} → 60; mean 140/3."""
    assert best_of(2, [[1, 2, 3]], [[10, 20, 60]]) == pytest.approx([140 / 3])


def test_the_divergence_is_log_n_less_n_minus_one_over_n() -> None:
    assert kl_nats(1) == 0
    assert kl_nats(4) == pytest.approx(log(4) - 3 / 4)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.floats(-5, 5)), min_size=1, max_size=6),
    data=st.data(),
)
def test_it_is_the_mean_over_every_subset_with_equal_proxies_drawn_evenly(
    rows: list[tuple[int, float]], data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, len(rows)))
    means = []
    for subset in combinations(rows, n):
        top = max(p for p, _ in subset)
        best = [g for p, g in subset if p == top]
        means.append(sum(best) / len(best))
    proxy, gold = [[p for p, _ in rows]], [[g for _, g in rows]]
    assert best_of(n, proxy, gold)[0] == pytest.approx(np.mean(means), abs=1e-9)


def test_a_proxy_that_rewards_what_gold_dislikes_is_seen_to_be_over_optimised() -> None:
    """gold = proxy − proxy²/2 peaks at proxy 1, which the best of 16 (about 1.8) has long passed."""
    rng = np.random.default_rng(1)
    proxy = rng.normal(size=(400, 16))
    gold = proxy - 0.5 * proxy**2
    found = curve(proxy, gold, [str(i) for i in range(400)])
    proxies = [p.proxy.value for p in found.points if isinstance(p.proxy, Estimate)]
    assert proxies == sorted(proxies)
    assert [p.n for p in found.points] == [1, 2, 4, 8, 16]
    assert found.peak_n < 16
    assert isinstance(found.beyond_peak, Estimate)
    assert found.beyond_peak.hi < 0


def test_an_honest_proxy_has_no_fall_to_report() -> None:
    rng = np.random.default_rng(1)
    gold = rng.normal(size=(50, 8))
    assert isinstance(curve(gold, gold, [str(i) for i in range(50)]).beyond_peak, Undefined)


def test_more_of_n_than_there_are_samples_is_refused() -> None:
    with pytest.raises(BadInput):
        best_of(3, [[1.0, 2.0]], [[1.0, 2.0]])
    with pytest.raises(BadInput):
        best_of(1, [[1.0, float("nan")]], [[1.0, 2.0]])
