"""Many domains, one false discovery rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.stats import hypergeom

from tutelage.measure.betting import at_least_e_value
from tutelage.measure.certify import certify
from tutelage.measure.certify.domains import at_most_e_value, e_benjamini_hochberg


def test_e_bh_by_hand():
    """m = 4, alpha = .1: the k-th largest needs 40/k, so 50, 21 and 14 pass (40, 20, 13.3) and 9 does not (10)."""
    assert e_benjamini_hochberg([9, 50, 14, 21], 0.1).tolist() == [False, True, True, True]
    assert e_benjamini_hochberg([9, 39, 14, 19], 0.1).tolist() == [False, True, True, True]
    assert e_benjamini_hochberg([9, 9, 9, 9], 0.1).tolist() == [False] * 4


@pytest.mark.parametrize("allowed", [0.0, 0.05, 0.3])
def test_the_evidence_has_expectation_at_most_one_for_every_batch_that_misses_the_requirement(allowed):
    """80 items, 25 drawn: summed over all outcomes, for each count above the allowed one."""
    M, n = 80, 25
    e = np.array([at_most_e_value(k, n, M, allowed) for k in range(n + 1)])
    for K in range(int(allowed * M) + 1, M + 1):
        mass = hypergeom.pmf(range(n + 1), M, K, n)
        assert e[mass > 0] @ mass[mass > 0] <= 1 + 1e-9


def test_clean_labels_are_evidence_and_no_labels_are_none():
    assert at_most_e_value(0, 0, 500, 0.05) == approx(1)
    assert at_most_e_value(0, 200, 5_000, 0.05) > 100
    assert at_most_e_value(20, 200, 5_000, 0.05) < 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1_000), min_size=1, max_size=12), st.floats(0.01, 0.3))
def test_more_alpha_never_rejects_less_and_order_does_not_matter(e, alpha):
    few, many = e_benjamini_hochberg(e, alpha), e_benjamini_hochberg(e, 2 * alpha)
    assert (few <= many).all()
    assert (e_benjamini_hochberg(e[::-1], alpha) == few[::-1]).all()


def test_bets_against_a_low_mean_make_nothing_on_average_where_it_is_low():
    """300 slices of 40 from 200 scores whose mean is the floor: the mean stake stays near 1 or below."""
    rng = np.random.default_rng(1)
    y = rng.beta(2, 2, 200)
    f = np.clip(y + 0.1 * rng.standard_normal(200), 0, 1)
    made = []
    for _ in range(300):
        rows = rng.choice(200, 40, replace=False)
        made.append(at_least_e_value(y[rows], (0, 1), float(y.mean()), population=200, proxy=(f[rows], f.mean())))
    assert np.mean(made) <= 1 + 3 * np.std(made) / np.sqrt(300)
    assert at_least_e_value(y[:40], (0, 1), 0.2, population=200) > 20 > at_least_e_value([], (0, 1), 0.2, population=9)
    assert (
        at_least_e_value(y, (0, 1), 0.2, population=200) == np.inf
        and at_least_e_value(y, (0, 1), 0.9, population=200) == 0
    )


def three_domains(rng):
    """Rows of 1,000 in domains good, edge and bad; the judge errs on 1, 8 and 30 % of them; and its confidence."""
    domain = np.repeat(["good", "edge", "bad"], 1_000)
    chance = np.repeat([0.01, 0.08, 0.30], 1_000)
    wrong = rng.random(3_000) < chance
    drawn = rng.random(3_000) < 0.3
    return domain, wrong, drawn, 1 - chance + 0.01 * rng.random(3_000)


def test_which_domains_may_let_a_share_out_is_decided_for_all_of_them_together():
    """Nine tenths of each domain at an error of 5 %: good shows it from 270 labels; bad never does in 20 slices."""
    rng = np.random.default_rng(2)
    shown = {"good": 0, "edge": 0, "bad": 0}
    for _ in range(20):
        domain, wrong, drawn, sure = three_domains(rng)
        human = np.where(drawn, np.where(wrong, 0.0, 1.0), np.nan)
        found = certify(np.ones(3_000), human, target="residual", confidence=sure, domain=domain, require=0.9)
        for part in found.domains:
            shown[part.domain] += bool(part.meets)
    assert shown["good"] >= 18 and shown["edge"] <= 2 and shown["bad"] == 0


def test_in_which_domains_the_mean_is_high_enough_is_decided_for_all_of_them_together():
    """People say 1 on 99, 92 and 70 %; .9 is required: the first is shown, the last never; scores go the same way."""
    rng = np.random.default_rng(3)
    shown = {"good": 0, "edge": 0, "bad": 0}
    for k in range(10):
        domain, wrong, drawn, _ = three_domains(rng)
        truth = np.where(wrong, 0.0, 1.0) if k % 2 else np.where(wrong, 0.5 * rng.random(3_000), 1.0)
        found = certify(np.ones(3_000), np.where(drawn, truth, np.nan), target="mean", domain=domain, require=0.9,
                        bounds=(0, 1))  # fmt: skip
        for part in found.domains:
            shown[part.domain] += bool(part.meets)
    assert shown["good"] == 10 and shown["bad"] == 0


def test_a_domain_without_labels_is_undefined_and_meets_nothing():
    ai, domain = np.ones(300), np.repeat(["a", "b"], [200, 100])
    human = np.where(np.arange(300) < 150, 1.0, np.nan)
    for how in ({"target": "mean", "bounds": (0, 1)}, {"target": "residual", "confidence": np.full(300, 0.9)}, {}):
        found = certify(ai, human, domain=domain, require=0.5, **how).domains
        assert found[0].meets is True and found[1].meets is None and found[1].figure.type == "undefined"
        alone = certify(ai, human, domain=domain, **how).domains
        assert [x.e_value for x in alone] == [None, None]


def test_watched_at_any_time_domains_have_figures_and_no_decision():
    human = np.where(np.arange(300) % 2, 1.0, np.nan)
    domain = np.repeat(["a", "b"], 150)
    for target in ("agreement", "mean", "residual"):
        found = certify(np.ones(300), human, domain=domain, require=0.5, sequential=True, order=np.arange(300),
                        target=target, confidence=np.full(300, 0.9), bounds=(0, 1))  # fmt: skip
        assert all(x.e_value is None and x.meets is None for x in found.domains)
