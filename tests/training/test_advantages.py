"""Advantages: by hand on small cases, and what must hold of all."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.training.advantages import gae, group_relative, leave_one_out, whitened

FLOATS = st.floats(-10, 10, width=32)
GROUPS = st.lists(st.lists(FLOATS, min_size=2, max_size=6), min_size=1, max_size=4)


def test_gae_by_hand() -> None:
    """Two answers of 2 and 1 tokens, gamma 1, lambda 1/2.

    Second token: 1 - 0.5 = 0.5. First: 0 + 0.5 - 0.25 + ½·0.5 = 0.5. Alone: 2 - 1 = 1. Returns add the value.
    """
    rewards, values = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.25, 0.5, 1.0])
    advantages, returns = gae(rewards, values, [2, 1], gamma=1.0, lam=0.5)
    assert advantages.tolist() == approx([0.5, 0.5, 1.0])
    assert returns.tolist() == approx([0.75, 1.0, 2.0])


@given(st.lists(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=5), min_size=1, max_size=4))
def test_with_lambda_1_an_advantage_is_the_return_less_the_value(answers: list[list[tuple[float, float]]]) -> None:
    """gamma = lambda = 1: what comes from here to the end of the answer, minus what was foreseen."""
    rewards = torch.tensor([r for a in answers for r, _ in a])
    values = torch.tensor([v for a in answers for _, v in a])
    advantages, returns = gae(rewards, values, [len(a) for a in answers], 1.0, 1.0)
    to_go = [sum(r for r, _ in a[t:]) for a in answers for t in range(len(a))]
    assert returns.tolist() == approx(to_go, abs=1e-3)
    assert (advantages + values).tolist() == approx(to_go, abs=1e-3)


def test_leave_one_out_by_hand() -> None:
    """(3, 1, 2): 3 - 1.5, 1 - 2.5, 2 - 2; (0, 4): 0 - 4, 4 - 0."""
    assert leave_one_out(torch.tensor([3.0, 1, 2, 0, 4]), [3, 2]).tolist() == approx([1.5, -1.5, 0, -4, 4])


def test_group_relative_by_hand() -> None:
    """(1, 3): mean 2, deviation √2 with n - 1; without scale -1 and 1. Equal rewards give 0, not 0/0."""
    rewards = torch.tensor([1.0, 3, 5, 5])
    assert group_relative(rewards, [2, 2], scale=False).tolist() == [-1, 1, 0, 0]
    assert group_relative(rewards, [2, 2], scale=True).tolist() == approx([-(2**-0.5), 2**-0.5, 0, 0], abs=1e-3)


@given(GROUPS)
def test_the_advantages_of_a_group_sum_to_zero(groups: list[list[float]]) -> None:
    rewards, sizes = torch.tensor([r for g in groups for r in g]), [len(g) for g in groups]
    for found in (leave_one_out(rewards, sizes), group_relative(rewards, sizes, scale=False)):
        assert [float(p.sum()) for p in torch.split(found, sizes)] == approx([0.0] * len(sizes), abs=1e-3)  # type: ignore[no-untyped-call]  # torch types no split


@given(GROUPS, FLOATS)
def test_a_reward_that_all_siblings_share_changes_nothing(groups: list[list[float]], more: float) -> None:
    rewards, sizes = torch.tensor([r for g in groups for r in g]), [len(g) for g in groups]
    assert leave_one_out(rewards + more, sizes).tolist() == approx(leave_one_out(rewards, sizes).tolist(), abs=1e-3)


@pytest.mark.parametrize("values", [[1.0, 2, 3, 10], [5.0]])
def test_whitened_advantages_have_mean_0_and_variance_1(values: list[float]) -> None:
    """One alone has no variance and becomes 0."""
    found = whitened(torch.tensor(values))
    assert float(found.mean()) == approx(0, abs=1e-6)
    assert float(found.square().mean()) == approx(float(len(values) > 1), abs=1e-5)
