"""Exact bounds on counts in a finite batch."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.stats import hypergeom

from tutelage.errors import BadInput
from tutelage.measure.exact import (
    Stratum,
    count_interval,
    critical_count,
    pair_interval,
    share_interval,
    split_alpha,
    sum_interval,
    tail,
    union_interval,
)


def test_two_wrong_of_three_looked_at_among_four_leaves_two_or_three_wrong_items():
    """Of 4 items one was not looked at, so K is 2 or 3, and nothing can be excluded at 95 %."""
    assert count_interval(2, 3, 4) == (2, 3)


def test_a_clean_slice_of_50_from_100_bounds_the_wrong_ones_by_hand():
    """P(0 of 50 | K of 100 wrong) is about 2**-K: K = 4 gives .0587 > .05 and K = 5 gives .0281, one-sided 95 %."""
    assert tail(0, 4, 50, 100) == approx(0.0587, abs=1e-4)
    assert tail(0, 5, 50, 100) == approx(0.0281, abs=1e-4)
    assert count_interval(0, 50, 100, sided="upper") == (0, 4)


def test_the_tail_is_scipys():
    for k, K, n, M in [(0, 10, 50, 1000), (7, 100, 50, 400), (49, 390, 50, 400), (3, 3, 9, 9)]:
        assert tail(k, K, n, M) == approx(hypergeom.cdf(k, M, K, n), abs=1e-12)


def test_looking_at_every_item_gives_the_exact_count():
    assert count_interval(13, 200, 200) == (13, 13)
    assert pair_interval((Stratum(30, 30, 4), Stratum(20, 20, 9)), (1, -1)) == (-5, -5)


def test_a_one_sided_bound_is_the_two_sided_one_at_half_the_alpha():
    """The defect of a peer that ignored `alternative` cannot return."""
    two = count_interval(3, 80, 900, level=0.9)
    assert count_interval(3, 80, 900, level=0.95, sided="upper")[1] == two[1]
    assert count_interval(3, 80, 900, level=0.95, sided="lower")[0] == two[0]


def test_clopper_pearson_by_its_rule_of_three():
    """0 of n: upper end 1 - alpha**(1/n), one-sided; 0 of 100 at 95 % is .02951."""
    assert share_interval(0, 100, sided="upper") == approx((0.0, 1 - 0.05**0.01))
    assert share_interval(0, 0) == (0.0, 1.0)


def test_more_marked_items_than_items_is_refused():
    with pytest.raises(BadInput, match="marked"):
        Stratum(10, 5, 6)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_count_intervals_cover_every_count_exactly(level):
    """For each K of 60, the mass of slices of 17 whose interval holds K, summed over all outcomes, is >= level."""
    M, n = 60, 17
    found = [count_interval(k, n, M, level=level) for k in range(n + 1)]
    for K in range(M + 1):
        mass = hypergeom.pmf(range(n + 1), M, K, n)
        assert sum(m for m, (lo, hi) in zip(mass, found, strict=True) if lo <= K <= hi) >= level - 1e-9


@pytest.mark.parametrize("signs", [(1, -1), (1, 1)])
def test_pair_intervals_cover_every_pair_of_counts_exactly(signs):
    """Strata of 30 and 50 items, 9 and 12 looked at: all 10 x 13 outcomes, all 31 x 51 truths, coverage >= 90 %."""
    sizes, drawn, level = (30, 50), (9, 12), 0.9
    found = {
        (a, b): pair_interval((Stratum(sizes[0], drawn[0], a), Stratum(sizes[1], drawn[1], b)), signs, level=level)
        for a, b in product(range(drawn[0] + 1), range(drawn[1] + 1))
    }
    lo = np.array([[found[a, b][0] for b in range(13)] for a in range(10)])
    hi = np.array([[found[a, b][1] for b in range(13)] for a in range(10)])
    worst = 1.0
    for K1, K2 in product(range(31), range(51)):
        theta = signs[0] * K1 + signs[1] * K2
        mass = np.outer(hypergeom.pmf(range(10), 30, K1, 9), hypergeom.pmf(range(13), 50, K2, 12))
        worst = min(worst, float(mass[(lo <= theta) & (theta <= hi)].sum()))
    assert worst >= level


@pytest.mark.parametrize(("seen", "ratio"), [((0, 0), 0.95), ((3, 2), 0.8), ((20, 15), 0.75)])
def test_a_pair_interval_is_much_shorter_than_splitting_alpha(seen, ratio):
    """Errors of both strata add in squares, not in lengths: down to 1/sqrt(2) = .71 of the union bound's width."""
    parts = (Stratum(8_000, 200, seen[0]), Stratum(12_000, 300, seen[1]))
    lo, hi = pair_interval(parts, (1, -1))
    low, high = union_interval(list(parts), [1, -1])
    assert hi - lo <= ratio * (high - low)


def test_an_uneven_split_of_alpha_helps_where_strata_differ():
    """A large stratum that was hardly looked at decides the width; it gets most of alpha, and the shares add to one."""
    shares = split_alpha([9_000, 1_000, 500], [90, 300, 500], [0.1, 0.1, 0.1])
    assert sum(shares) == approx(1) and shares[0] > 0.8 and min(shares) > 0
    parts = [Stratum(9_000, 90, 2), Stratum(1_000, 300, 9), Stratum(500, 500, 20)]
    even, uneven = union_interval(parts, [1, 1, 1]), union_interval(parts, [1, 1, 1], shares=shares)
    assert uneven[1] - uneven[0] < even[1] - even[0]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_intervals_lie_within_logic_and_hold_the_estimate(data):
    M = data.draw(st.integers(1, 400))
    n = data.draw(st.integers(0, M))
    k = data.draw(st.integers(0, n))
    lo, hi = count_interval(k, n, M)
    assert k <= lo <= hi <= M - n + k
    if n:
        assert lo <= round(k * M / n) <= hi
    assert count_interval(n - k, n, M) == (M - hi, M - lo)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.floats(0.01, 0.2), st.data())
def test_the_critical_count_is_the_last_one_that_rejects(M, alpha, data):
    n = data.draw(st.integers(1, M))
    K = data.draw(st.integers(0, M))
    c = critical_count(n, M, K, alpha)
    assert c == -1 or tail(c, K, n, M) <= alpha
    assert c >= min(n, K) or tail(c + 1, K, n, M) > alpha


def test_many_strata_are_tested_in_pairs_and_beat_splitting_alpha():
    """Four strata: two pairs, each at half the alpha; and one or two strata are the exact tests themselves."""
    parts = [Stratum(4_000, 150, 9), Stratum(3_000, 100, 4), Stratum(2_000, 200, 20), Stratum(1_000, 80, 2)]
    lo, hi = sum_interval(parts, [1, 1, 1, 1], [0.05] * 4)
    low, high = union_interval(parts, [1, 1, 1, 1])
    assert hi - lo < 0.8 * (high - low)
    assert sum_interval(parts[:2], [1, -1], [0.05] * 2) == pair_interval((parts[0], parts[1]), (1, -1))
    assert sum_interval(parts[:1], [1], [0.05]) == count_interval(9, 150, 4_000)
    three = sum_interval(parts[:3], [1, -1, 1], [0.05] * 3)
    assert three[0] <= 9 * 4_000 / 150 - 4 * 30 + 200 <= three[1]
