"""The policy's losses: by hand, and what must hold of all."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.training import losses_policy as losses

BAND = (0.8, 1.2)


def test_the_surrogate_by_hand() -> None:
    """Ratio 1.5 is clipped to 1.2 for a good answer and counts in full for a bad one; 0.5 the other way round."""
    moved = torch.tensor([1.5, 1.5, 0.5, 0.5, 1.0]).log()
    advantages = torch.tensor([1.0, -1, 1, -1, 2])
    assert losses.clipped_surrogate(moved, advantages, BAND).tolist() == approx([-1.2, 1.5, -0.5, 0.8, -2])
    assert losses.clipped(moved, advantages, BAND).tolist() == [True, False, False, True, False]


@given(st.floats(-2, 2), st.floats(-3, 3))
def test_a_clipped_answer_has_no_gradient_and_the_others_that_of_the_ratio(moved: float, advantage: float) -> None:
    x = torch.tensor([moved], dtype=torch.float64, requires_grad=True)
    a = torch.tensor([advantage], dtype=torch.float64)
    torch.autograd.backward(losses.clipped_surrogate(x, a, BAND).sum())
    expected = 0.0 if bool(losses.clipped(x, a, BAND)) else -advantage * math.exp(moved)
    assert float(x.grad) == approx(expected, abs=1e-9)  # type: ignore[arg-type]  # backward was called


def test_the_value_loss_by_hand() -> None:
    """Return 1, before 0, clip 0.2: at 0.5 the held value 0.2 is the worse, ½·0.64; at -0.5 it is itself, ½·2.25."""
    values, before, returns = torch.tensor([0.5, -0.5]), torch.zeros(2), torch.ones(2)
    assert losses.value_loss(values, before, returns, 0.2).tolist() == approx([0.32, 1.125])
    assert losses.value_loss(values, before, returns, None).tolist() == approx([0.125, 1.125])


def test_both_kl_estimates_have_the_kl_as_their_mean() -> None:
    """p = (0.5, 0.3, 0.2) against q = (0.2, 0.3, 0.5): Σ p log p/q = 0.2749 nats, exactly, for k1 and for k3."""
    p, q = torch.tensor([0.5, 0.3, 0.2]).log(), torch.tensor([0.2, 0.3, 0.5]).log()
    true = float((p.exp() * (p - q)).sum())
    assert true == approx(0.2749, abs=1e-4)
    assert float((p.exp() * losses.k1(p, q)).sum()) == approx(true, abs=1e-6)
    assert float((p.exp() * losses.k3(p, q)).sum()) == approx(true, abs=1e-6)


@given(st.floats(-5, 0), st.floats(-5, 0))
def test_k3_is_never_negative_and_0_only_where_they_agree(p: float, q: float) -> None:
    found = float(losses.k3(torch.tensor(p, dtype=torch.float64), torch.tensor(q, dtype=torch.float64)))
    assert found >= 0
    assert (found < 1e-12) == (abs(p - q) < 2e-6)
