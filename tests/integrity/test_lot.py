"""The lot plan keeps its two risks, and its bounds are exact."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom

from tutelage.errors import BadInput
from tutelage.integrity.findings import discoveries, least_true, more_than_chance
from tutelage.integrity.lot import Risks, Slice, decide, most_contaminated, single_plan, unanimous


def test_the_single_plan_is_the_smallest_slice_that_keeps_both_risks() -> None:
    """2,000 rows, 20 bad in a good lot, 200 in a bad one: P(pass|20) >= .95, P(pass|200) <= .10, not with n - 1."""
    n, c = single_plan(2000, Risks())
    assert (n, c) == (52, 2)
    assert hypergeom.cdf(c, 2000, 20, n) >= 0.95
    assert hypergeom.cdf(c, 2000, 200, n) <= 0.10
    shorter = [k for k in range(6) if hypergeom.cdf(k, 2000, 20, n - 1) >= 0.95]
    assert all(hypergeom.cdf(k, 2000, 200, n - 1) > 0.10 for k in shorter)


@pytest.mark.parametrize(("bad", "wrong", "risk"), [(20, "reject", 0.05), (200, "accept", 0.10)])
def test_a_rejudged_slice_decides_wrongly_no_oftener_than_its_risk(bad: int, wrong: str, risk: float) -> None:
    """Every outcome k of a slice of 52 from 2,000 rows, weighed by its hypergeometric chance."""
    chance = 0.0
    for k in range(53):
        low, high = Slice(52, k).bounds(2000, 0.05, 0.10)
        chance += hypergeom.pmf(k, 2000, bad, 52) * (decide(low, high, Risks()) == wrong)
    assert chance <= risk


def test_contamination_of_answers_that_ignore_the_item_is_bounded_whatever_form_they_take() -> None:
    """15 % of 900 rows ignore the item (one answer, random, a rhythm): the bound falls below 15 % in at most 10 % of
    300 lots; 44 would be the 99.9 % binomial limit of that."""
    rng = np.random.default_rng(5)
    short = 0
    for k in range(300):
        truth = rng.choice(3, 900, p=[0.6, 0.3, 0.1])
        said, ignoring = truth.copy(), rng.random(900) < 0.15
        clicks = (np.zeros(900, int), rng.integers(0, 3, 900), np.arange(900) % 3)[k % 3]
        said[ignoring] = clicks[ignoring]
        short += most_contaminated(said, truth, np.arange(900), 3, 0.10, "truth").most < ignoring.mean()
    assert short <= 44


def test_a_perfect_lot_is_bounded_near_zero_and_one_class_bounds_nothing() -> None:
    truth = np.arange(3000) % 3
    assert most_contaminated(truth, truth, np.arange(3000), 3, 0.1, "gold").most < 0.02
    assert most_contaminated(truth * 0, truth * 0, np.arange(3000), 3, 0.1, "gold").most == 1.0


def test_where_nothing_is_shown_or_both_are_the_lot_stays_open() -> None:
    assert decide(0.0, 1.0, Risks()) == "insufficient"
    assert decide(0.02, 0.05, Risks()) == "insufficient"
    assert (decide(0.02, 0.3, Risks()), decide(0.0, 0.05, Risks())) == ("reject", "accept")
    with pytest.raises(BadInput, match="AQL"):
        Risks(aql=0.2, ltpd=0.1)


def test_honest_judges_are_proven_contaminated_no_oftener_than_alpha() -> None:
    """Uniform p of 60 honest judges, 600 crowds: each bound finds one in at most 5 % (99.9 % binomial limit: 48)."""
    rng = np.random.default_rng(2)
    weight = np.full(60, 10)
    crowds = rng.random((600, 60))
    assert sum(least_true(p, weight, 0.05)[0] > 0 for p in crowds) <= 48
    assert sum(more_than_chance(p, weight, 0.05)[0] > 0 for p in crowds) <= 48


def test_three_judges_far_out_are_three_and_the_lightest_rows_are_counted() -> None:
    """p of .0001 three times among 40: at least 3 true; their rows are 5 + 7 + 9."""
    p = np.r_[np.full(3, 1e-4), np.linspace(0.1, 1, 37)]
    assert least_true(p, np.r_[[5, 7, 9], np.full(37, 50)], 0.05)[0] == 21


def test_benjamini_hochberg_keeps_the_textbook_findings() -> None:
    """n = 4, 5 %: .01 <= .0125, .02 <= .025, .03 <= .0375; .5 stays out."""
    assert discoveries([0.5, 0.01, 0.03, 0.02]).tolist() == [False, True, True, True]


def test_the_others_stand_for_the_truth_where_nine_in_ten_of_enough_agree() -> None:
    shares = np.array([[1.0, 0.0], [0.9, 0.1], [0.6, 0.4], [np.nan, np.nan]])
    assert unanimous(shares, np.array([4, 10, 10, 0]), 4).tolist() == [0, 0, -1, -1]
    assert unanimous(shares, np.array([3, 10, 10, 0]), 4).tolist() == [-1, 0, -1, -1]
