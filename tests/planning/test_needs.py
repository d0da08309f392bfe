"""The table of section 3 of the sourcing study, line by line, with its arithmetic."""

from __future__ import annotations

import pytest
from pytest import approx
from scipy.stats import binom

from tutelage.errors import BadInput
from tutelage.planning import needs


def test_people_who_agree_73_percent_of_the_time_are_right_84_percent_of_it() -> None:
    """(1 + sqrt(2 × .73 − 1)) / 2 = (1 + .678) / 2 = .839; for .80 it is (1 + .775) / 2 = .887."""
    assert needs.single_accuracy(0.73) == approx(0.839, abs=5e-4)
    assert needs.single_accuracy(0.80) == approx(0.887, abs=5e-4)


@pytest.mark.parametrize(("judges", "right"), [(3, 0.931), (5, 0.968), (7, 0.984)])
def test_a_majority_of_three_five_or_seven(judges: int, right: float) -> None:
    assert needs.majority_accuracy(needs.single_accuracy(0.73), judges) == approx(right, abs=1e-3)


def test_the_fixed_majority_for_a_target() -> None:
    """.931 of three is below .96, .968 of five is not; people right 51 % of the time never get to .99 together."""
    assert needs.fixed_majority(needs.single_accuracy(0.73), 0.96) == 5
    assert needs.fixed_majority(0.51, 0.99) is None


@pytest.mark.parametrize(
    ("agreement", "target", "judgments", "right"),
    [(0.73, 0.96, 2.75, 0.964), (0.73, 0.98, 4.27, 0.988), (0.80, 0.96, 2.5, 0.984)],
)
def test_asking_until_sure_costs_half_of_a_fixed_number(
    agreement: float, target: float, judgments: float, right: float
) -> None:
    """A lead of 2 at p = .839 has the posterior 5.21² / (1 + 5.21²) = .964; five fixed judgments reach .968."""
    found = needs.until_sure(needs.single_accuracy(agreement), target)
    assert found.judgments == approx(judgments, abs=0.025)
    assert found.accuracy == approx(right, abs=1e-3)


def test_an_accuracy_out_of_reach_is_refused() -> None:
    with pytest.raises(BadInput, match="accuracy that 9 judgments"):
        needs.until_sure(0.51, 0.99)


@pytest.mark.parametrize(("within", "items"), [(0.05, 385), (0.03, 1068), (0.02, 2401), (0.01, 9604)])
def test_a_rate_to_plus_or_minus(within: float, items: int) -> None:
    """1.96² × .25 / .05² = 384.1, rounded up."""
    assert needs.for_rate(within) == items


@pytest.mark.parametrize(("error", "items"), [(0.05, 59), (0.02, 149), (0.01, 299)])
def test_a_proof_without_a_miss(error: float, items: int) -> None:
    """.95^59 = .0485 ≤ .05 and .95^58 = .0510 > .05."""
    assert needs.without_a_miss(error) == items


@pytest.mark.parametrize(("truth", "most"), [(0.02, (340, 10)), (0.03, (860, 32))])
def test_a_proof_that_allows_for_misses_keeps_both_risks_and_is_the_smallest(
    truth: float, most: tuple[int, int]
) -> None:
    """The study's rounded plans are 340 (≤ 10) and 860 (≤ 32); the exact search needs no more."""
    found = needs.to_prove(0.05, truth)
    assert binom.cdf(found.misses, found.items, 0.05) <= 0.05
    assert binom.cdf(found.misses, found.items, truth) >= 0.9
    assert (found.items, found.misses) <= most
    fewer = found.misses - 1
    smallest = next(n for n in range(1, 2000) if binom.cdf(fewer, n, 0.05) <= 0.05)
    assert binom.cdf(fewer, smallest, truth) < 0.9


@pytest.mark.parametrize(("rho", "worth"), [(0.6, 1.56), (0.8, 2.78), (0.9, 5.26)])
def test_what_a_correlated_judge_is_worth(rho: float, worth: float) -> None:
    """1 / (1 − .36) = 1.5625."""
    assert needs.judge_worth(rho) == approx(worth, abs=5e-3)


@pytest.mark.parametrize(("rate", "comparisons"), [(0.52, 4898), (0.55, 782), (0.60, 194)])
def test_a_win_rate_told_from_one_half(rate: float, comparisons: int) -> None:
    """(1.96 × .5 + .842 × sqrt(p q))² / (p − .5)²; the study's .52 uses one variance for both: 0.1 % fewer."""
    assert needs.for_win_rate(rate) == approx(comparisons, rel=2e-3)
