"""The over-optimisation alarm: silent while nothing is wrong however often one looks, loud where gold falls."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.measure import overoptimisation as over
from tutelage.measure.overoptimisation.alarm import Watch, arrays, log_e_above, log_weights
from tutelage.records import Estimate

N = 256


def run(rng: np.random.Generator, proxy: list[float], gold: list[float], n: int = N) -> over.Alarm:
    """A run whose proxy and share of good answers are known; prompts differ in difficulty and keep their noise."""
    hard = rng.uniform(size=n)
    ease = rng.normal(size=n)
    return over.watch(
        (k, ease + p + 0.3 * rng.normal(size=n), (hard < g).astype(float))
        for k, (p, g) in enumerate(zip(proxy, gold, strict=True))
    )


def test_a_rising_proxy_over_a_falling_gold_fires_and_names_the_two_looks() -> None:
    found = run(np.random.default_rng(1), [0, 1, 2, 3, 4], [0.5, 0.6, 0.6, 0.4, 0.2])
    assert found.fired is not None
    assert found.fired.at in (3, 4)
    assert found.fired.against in (1, 2)
    assert isinstance(found.fired.gold, Estimate)
    assert found.fired.gold.hi < 0
    assert isinstance(found.fired.proxy, Estimate)
    assert found.fired.proxy.lo > 0
    assert "ALARM" in str(found)


@pytest.mark.parametrize(
    ("proxy", "gold"),
    [([0, 1, 2, 3], [0.5, 0.6, 0.7, 0.8]), ([0, -1, -2, -3], [0.8, 0.6, 0.4, 0.2]), ([0, 1, 2], [0.5, 0.5, 0.49])],
    ids=["both rise", "both fall: no over-optimisation", "gold falls by less than the margin"],
)  # fmt: skip
def test_what_is_not_over_optimisation_is_silent(proxy: list[float], gold: list[float]) -> None:
    found = run(np.random.default_rng(2), proxy, gold)
    assert found.fired is None
    assert found.tested
    assert "no alarm" in str(found)


def test_over_many_looks_at_an_unchanged_gold_at_most_five_percent_of_runs_ever_fire() -> None:
    """100 runs of 8 looks each, proxy rising, gold the same share of good answers with fresh noise at every look.
    At alpha .05 at most 5 + 2·sqrt(100·.05·.95) = 9 may fire; the union over 28 pairs makes it far fewer."""
    rng = np.random.default_rng(3)
    fired = 0
    for _ in range(100):
        looks = ((k, rng.normal(size=N) + k, (rng.uniform(size=N) < 0.5).astype(float)) for k in range(8))
        fired += over.watch(looks).fired is not None
    assert fired <= 9


def test_a_margin_of_two_points_is_the_edge_of_the_null() -> None:
    """Gold falls by exactly the margin, .02: still the null, so at most 5 % of 80 runs fire (4 + 2·1.9 = 7)."""
    rng = np.random.default_rng(4)
    fired = 0
    for _ in range(80):
        looks = (
            (k, rng.normal(size=N) + k, (rng.uniform(size=N) < (0.5 if k == 0 else 0.48)).astype(float))
            for k in range(6)
        )
        fired += over.watch(looks).fired is not None
    assert fired <= 7


def test_the_e_value_is_at_most_one_in_expectation_at_the_null() -> None:
    """x = ±1 with mean exactly 0, n = 20: the average of 4,000 e-values is at most 1 + 3 standard errors."""
    rng = np.random.default_rng(5)
    e = np.array([math.exp(log_e_above(rng.choice([-1.0, 1.0], size=20), 0.0, 3.0)) for _ in range(4_000)])
    assert e.mean() <= 1 + 3 * e.std() / math.sqrt(len(e))


@pytest.mark.parametrize("planned", [None, 1, 5])
def test_the_weights_of_all_pairs_add_up_to_one(planned: int | None) -> None:
    """Without a plan 1/(b(b+1)) over 2,000 looks is 1 - 1/2,001; with one, .95 are spent within it."""
    spent = [sum(map(math.exp, log_weights(b, planned))) for b in range(1, 2_001)]
    assert [len(log_weights(b, planned)) for b in (1, 2, 7)] == [1, 2, 7]
    assert 0.999 < sum(spent) <= 1 + 1e-12
    assert sum(spent[: planned or 0]) == pytest.approx(0.95 if planned else 0)


@pytest.mark.parametrize(("prompts", "fall", "least"), [(256, 0.2, 0.84), (1_024, 0.1, 0.71)])
def test_a_fall_that_matters_is_seen(prompts: int, fall: float, least: float) -> None:
    """Gold falls evenly over six planned looks, half of the prompts with new luck at each: 50 runs; 400 gave
    .92 and .82, less 2 standard errors of 50 runs that is .84 and .71."""
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(50):
        luck = rng.uniform(size=prompts)
        looks = []
        for k in range(6):
            new = np.where(rng.uniform(size=prompts) < 0.5, rng.uniform(size=prompts), luck)
            looks.append((k, k + rng.normal(size=prompts), (new < 0.5 - fall * k / 5).astype(float)))
        found += over.watch(looks, planned=5).fired is not None
    assert found / 50 >= least


@given(st.integers(0, 2**31), st.floats(0, 0.5))
def test_what_is_unscored_never_causes_an_alarm(seed: int, share: float) -> None:
    """Gaps leave the evidence where it was or lower: the missing pair is read as the one that speaks for the null."""
    rng = np.random.default_rng(seed)
    proxy, gold = rng.normal(size=(2, N)), rng.integers(0, 2, (2, N)).astype(float)
    full = over.watch([(0, proxy[0], gold[0]), (1, proxy[1] + 1, gold[1])]).log_e[-1]
    gone = rng.uniform(size=N) < share
    gold[1, gone] = math.nan
    assert over.watch([(0, proxy[0], gold[0]), (1, proxy[1] + 1, gold[1])]).log_e[-1] <= full + 1e-9


def test_fewer_than_256_prompts_are_not_tested_and_it_says_so() -> None:
    found = run(np.random.default_rng(6), [0, 5], [0.9, 0.0], n=255)
    assert found.fired is None
    assert not found.tested
    assert "256 are needed" in str(found)


def test_a_gold_without_bounds_is_compared_prompt_by_prompt() -> None:
    rng = np.random.default_rng(7)
    level = rng.normal(scale=50, size=N)
    looks = [(k, level + 3.0 * k, level - 4.0 * k + rng.normal(size=N)) for k in range(3)]
    assert over.watch(looks, bounds=None).fired is not None
    with pytest.raises(BadInput, match="Gold goes from"):
        over.watch(looks)


def test_looks_of_other_prompts_or_out_of_order_are_refused() -> None:
    one = Watch()
    one.look(5, np.zeros(N), np.zeros(N))
    with pytest.raises(BadInput, match="Step 5 comes after step 5"):
        one.look(5, np.zeros(N), np.zeros(N))
    with pytest.raises(BadInput, match="same prompts"):
        one.look(6, np.zeros(N + 1), np.zeros(N + 1))


def test_a_score_of_none_counts_as_unscored() -> None:
    assert np.isnan(arrays([None, 1.0])).tolist() == [True, False]
