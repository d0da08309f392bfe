"""The price of KL and the budget."""

from __future__ import annotations

import pytest
from pytest import approx

from tutelage.errors import BadInput
from tutelage.training import PpoConfig, RlooConfig
from tutelage.training.leash import Leash


def test_the_price_rises_above_the_target_and_falls_below_it_by_at_most_a_fifth_of_the_gain() -> None:
    """beta 1, gain 0.1, target 4: at 4.4 nats × 1.01, at 40 × 1.02, at 0 × 0.98."""
    for kl, price in ((4.4, 1.01), (40.0, 1.02), (0.0, 0.98), (4.0, 1.0)):
        leash = Leash(1.0, 4.0, 0.1, None)
        leash.feel(kl)
        assert leash.beta == approx(price)


def test_a_fixed_price_stays() -> None:
    leash = Leash.of(RlooConfig(beta=0.3))
    leash.feel(100.0)
    assert leash.beta == 0.3
    assert not leash.broken(1e9)


def test_a_steered_price_holds_a_policy_that_answers_to_it_at_the_target() -> None:
    """A policy whose KL is 2 / beta settles at its target of 8 nats: beta 0.25."""
    leash = Leash(1.0, 8.0, 0.5, None)
    for _ in range(200):
        leash.feel(2 / leash.beta)
    assert 2 / leash.beta == approx(8, rel=0.02)


def test_the_budget_is_spent_beyond_it() -> None:
    leash = Leash.of(PpoConfig(kl_budget=5.0))
    assert not leash.broken(5.0)
    assert leash.broken(5.1)


@pytest.mark.parametrize("wrong", [{"kl_budget": 0.0}, {"beta": -1.0}, {"kl_target": 3.0, "beta": 0.0}, {"answers": 1}])
def test_what_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        RlooConfig(**wrong)  # type: ignore[arg-type]  # the parameters are the test's


def test_a_step_that_measured_no_kl_moves_no_price_and_breaks_no_budget() -> None:
    """Unknown is not 0 nats: at 0 the price would fall to 0.98."""
    leash = Leash(1.0, 4.0, 0.1, 5.0)
    leash.feel(None)
    assert leash.beta == 1.0
    assert not leash.broken(None)
