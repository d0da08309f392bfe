"""Best of n: its KL, and its value at every n from one set of answers."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from tutelage.training.methods.best_of_n import curve, kl, n_at


def test_the_kl_of_best_of_n_by_hand() -> None:
    """n = 1: 0. n = 4: log 4 - 3/4 = 0.636 nats."""
    assert kl(1) == 0
    assert kl(4) == approx(math.log(4) - 0.75)


@given(st.floats(1, 1e6))
def test_n_at_a_kl_is_its_inverse(n: float) -> None:
    assert kl(n_at(kl(n))) == approx(kl(n), abs=1e-9)


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=5), st.integers(1, 5))
def test_the_curve_is_the_mean_over_all_subsets(value: list[float], n: int) -> None:
    """Every way to draw n of 5 answers, the one with the highest proxy kept: the same mean."""
    proxy = [0.3, -1.0, 2.0, 0.9, -0.2]
    best = [value[max(s, key=lambda i: proxy[i])] for s in itertools.combinations(range(5), n)]
    found = curve(np.array([proxy]), np.array([value]), [n])[0, 0]
    assert found == approx(float(np.mean(best)), abs=1e-9)


def test_the_kl_formula_is_what_a_simulation_gives() -> None:
    """Best of 4 of 64 answers, all different and equally likely: Σ p log(p · 64) is within 0.02 nats of log 4 - 3/4."""
    rank = np.arange(1, 65)
    p = (rank / 64) ** 4 - ((rank - 1) / 64) ** 4
    assert float((p * np.log(p * 64)).sum()) == approx(kl(4), abs=0.02)
