"""Shares, means and differences keep their level, and never claim what a small sample cannot know."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, stats

from tutelage.errors import BadInput
from tutelage.measure.intervals import (
    bootstrap,
    clopper_pearson,
    difference_of_rates,
    mcnemar_difference,
    mean,
    paired_difference,
    rate,
    win_rate,
)
from tutelage.measure.power import n_for_difference, n_for_width, smallest_detectable
from tutelage.records import Estimate, Rate, Undefined


def test_no_errors_in_fifty_rows_still_allow_seven_percent():
    """Clopper–Pearson at k = 0: hi = 1 − 0.025^(1/50) = 0.0711."""
    found = rate(0, 50)
    assert isinstance(found, Rate)
    assert (found.lo, found.hi) == (0.0, pytest.approx(1 - 0.025 ** (1 / 50)))


def test_wilson_of_three_in_ten():
    """(0.3 + 1.92/10 ± 1.96·√(0.21/10 + 3.84/400)) / 1.384 = [0.1078, 0.6032]."""
    found = rate(3, 10, method="wilson")
    assert isinstance(found, Rate)
    assert (found.lo, found.hi) == (pytest.approx(0.107791, abs=1e-6), pytest.approx(0.603222, abs=1e-6))


def test_a_share_of_nothing_is_undefined_and_keeps_its_unscored_rows_in_view():
    assert rate(0, 0, unscored=7) == Undefined("no scored rows (7 unscored)")


def test_more_hits_than_rows_are_refused():
    with pytest.raises(BadInput, match="3 of 2"):
        rate(3, 2)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_exact_interval_is_two_one_sided_bounds_at_half_the_error(kn):
    """P(X >= k | lo) = P(X <= k | hi) = 0.025, by the binomial itself."""
    k, n = kn
    found = rate(k, n)
    assert k == 0 or stats.binom.sf(k - 1, n, found.lo) == pytest.approx(0.025, rel=1e-6)
    assert k == n or stats.binom.cdf(k, n, found.hi) == pytest.approx(0.025, rel=1e-6)


def _cr2_by_matrices(x, clusters):
    """CR2 variance and Bell–McCaffrey degrees of freedom of an intercept, from their definition; rho = 0 and 1."""
    n, groups = len(x), [np.flatnonzero(clusters == c) for c in np.unique(clusters)]
    hat = np.full((n, n), 1 / n)
    e = x - x.mean()
    columns = []
    for g in groups:
        block = np.eye(len(g)) - hat[np.ix_(g, g)]
        a = np.real(linalg.sqrtm(np.linalg.inv(block)))
        columns.append((np.eye(n) - hat)[:, g] @ a @ np.full(len(g), 1 / n))
    variance = sum((c @ x) ** 2 for c in columns)
    assert np.allclose([c @ e for c in columns], [c @ x for c in columns])
    big = np.array(columns).T
    dfs = []
    for omega in (np.eye(n), (clusters[:, None] == clusters[None, :]).astype(float)):
        m = big.T @ omega @ big
        dfs.append(np.trace(m) ** 2 / (m**2).sum())
    return np.sqrt(variance), min(dfs)


def test_clustered_mean_is_cr2_with_bell_mccaffrey_degrees_of_freedom():
    """The closed form equals the definition by matrices on clusters of 1 … 9 rows."""
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(9), np.arange(1, 10))
    x = rng.normal(size=45) + rng.normal(size=9)[clusters]
    found = mean(x, clusters=clusters)
    se, df = _cr2_by_matrices(x, clusters)
    assert isinstance(found, Estimate)
    assert found.hi - found.value == pytest.approx(stats.t.ppf(0.975, df) * se)
    assert (found.n, found.rows) == (9, 45)


def test_one_row_a_cluster_is_the_plain_t_interval():
    x = np.random.default_rng(1).normal(size=30)
    assert mean(x, clusters=np.arange(30)).hi == pytest.approx(mean(x).hi)


def test_duplicating_every_row_inside_its_cluster_changes_nothing():
    """Ten copies of each person's answers are not ten times as many people."""
    rng = np.random.default_rng(2)
    x, c = rng.normal(size=40), np.repeat(np.arange(20), 2)
    once, tenfold = mean(x, clusters=c), mean(np.tile(x, 10), clusters=np.tile(c, 10))
    assert (tenfold.lo, tenfold.hi, tenfold.n) == (pytest.approx(once.lo), pytest.approx(once.hi), once.n)


@pytest.mark.parametrize("x", [[], [3.0], [2.0, 2.0, 2.0]])
def test_a_mean_without_visible_spread_is_undefined(x):
    assert isinstance(mean(x), Undefined)


def test_equal_values_have_an_interval_once_their_bounds_are_known():
    """Thirty answers of 5 on a scale of 1 to 5: the exact bound for 30 of 30 on that scale, 1 + 4·0.025^(1/30)."""
    found = mean(np.full(30, 5.0), bounds=(1, 5))
    assert (found.lo, found.hi) == (pytest.approx(1 + 4 * 0.025 ** (1 / 30)), 5.0)


def test_rows_of_one_cluster_are_undefined():
    assert isinstance(mean([1.0, 2.0, 3.0], clusters=["a", "a", "a"]), Undefined)
    assert isinstance(win_rate([1.0, 0.0, 1.0], clusters=["a", "a", "a"]), Undefined)


def test_a_missing_value_names_its_row():
    with pytest.raises(BadInput, match="row 1 is nan"):
        mean([1.0, float("nan")])


def test_all_wins_are_not_certain():
    """20 wins of 20: lo = 0.025^(1/20) = 0.8316."""
    found = win_rate(np.ones(20))
    assert (found.value, found.lo, found.hi) == (1.0, pytest.approx(0.025 ** (1 / 20)), 1.0)


def test_all_wins_of_twelve_people_are_about_as_sure_as_twelve_wins():
    found = win_rate(np.ones(600), clusters=np.repeat(np.arange(12), 50))
    assert 0.6 < found.lo <= 0.025 ** (1 / 12) == pytest.approx(0.7353, abs=1e-4)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=60), st.booleans())
def test_a_win_rate_mirrors_when_the_sides_are_swapped(outcomes, clustered):
    """1 − rate of the other side, within [0, 1], never of width 0."""
    clusters = np.arange(len(outcomes)) // 2 if clustered and len(outcomes) > 2 else None
    one = win_rate(outcomes, clusters=clusters)
    other = win_rate(1 - np.array(outcomes), clusters=clusters)
    assert 0 <= one.lo < one.hi <= 1
    assert (one.lo, one.hi) == (pytest.approx(1 - other.hi), pytest.approx(1 - other.lo))


@given(st.integers(0, 2**32 - 1))
def test_row_order_and_names_of_clusters_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    x, c = rng.normal(size=20), rng.integers(0, 6, 20)
    order = rng.permutation(20)
    names = np.array(["zoe", "ann", "bob", "cy", "dan", "eve"])[c]
    a, b = mean(x, clusters=c), mean(x[order], clusters=names[order])
    assert (a.value, a.lo) == (pytest.approx(b.value), pytest.approx(b.lo))


def test_newcombe_of_his_own_example():
    """56/70 against 48/80: 0.2 [0.0524, 0.3339] (Newcombe 1998, table II, method 10)."""
    found = difference_of_rates(56, 70, 48, 80)
    assert (found.value, found.lo, found.hi) == (
        pytest.approx(0.2), pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5),
    )  # fmt: skip


def test_tango_of_no_disagreement_is_z2_over_n_plus_z2():
    """Ten rows, no discordant pair: ±3.8415/13.8415 = ±0.2775."""
    found = mcnemar_difference(5, 0, 0, 5)
    assert (found.value, found.hi) == (0.0, pytest.approx(1.959964**2 / (10 + 1.959964**2), abs=1e-6))
    assert found.lo == pytest.approx(-found.hi)


def test_tango_of_one_discordant_pair_in_forty_four():
    """−1/44 = −0.0227 with Tango's printed interval [−0.118, 0.060] (0.0598 rounded)."""
    found = mcnemar_difference(43, 0, 1, 0)
    assert (found.lo, found.hi) == (pytest.approx(-0.118, abs=1e-3), pytest.approx(0.060, abs=1e-3))


def test_a_paired_difference_sees_what_two_means_cannot():
    """The same noise on both sides cancels: sd of the difference 0.1 against 1."""
    rng = np.random.default_rng(3)
    a = rng.normal(size=100)
    b = a + 0.1 + rng.normal(scale=0.1, size=100)
    assert paired_difference(a, b).hi < 0
    assert mean(a).hi > mean(b).lo


def test_a_bootstrap_is_redrawn_from_its_recorded_seed():
    x = np.random.default_rng(4).normal(size=50)
    first = bootstrap(np.median, x, rng=np.random.default_rng(5), rounds=200)
    assert bootstrap(np.median, x, rng=first.seed, rounds=200) == first


def test_a_bootstrap_of_a_statistic_that_does_not_exist_is_undefined():
    assert isinstance(bootstrap(lambda x: float("nan"), [1.0, 2.0], rng=1), Undefined)


def test_planning_is_the_inverse_of_detecting():
    """(1.96 + 0.8416)²·0.25/0.05² = 784.9: 785 rows show 0.05; half the margin needs four times the rows."""
    assert n_for_difference(0.05, p=0.5) == 785
    assert smallest_detectable(785, p=0.5) == pytest.approx(0.05, abs=1e-5)
    assert n_for_difference(0.025, p=0.5) == pytest.approx(4 * 785, rel=0.001)
    assert n_for_width(0.05, p=0.5) == 385


def _coverage(draw, truth, rounds):
    missed = 0
    for _ in range(rounds):
        found = draw()
        missed += not found.lo <= truth <= found.hi
    return 1 - missed / rounds


@pytest.mark.parametrize(("win", "tie"), [(0.5, 0.1), (0.3, 0.4), (0.9, 0.08), (0.07, 0.93), (0.2, 0.8)])
@pytest.mark.parametrize("n", [10, 50, 200])
def test_win_rates_with_ties_cover_at_their_level(n, win, tie):
    """1 000 draws at 95 %: the one-sided 99.9 % binomial bound is 92.9 %."""
    rng = np.random.default_rng([n, int(100 * win)])
    loss = max(0.0, 1 - win - tie)
    found = _coverage(lambda: win_rate(rng.choice([1, 0.5, 0], n, p=[win, tie, loss])), win + tie / 2, 1000)
    assert found > 0.929


@pytest.mark.parametrize("correlation", [0.1, 0.5])
@pytest.mark.parametrize(("clusters", "mu"), [(5, 0.5), (10, 0.9), (30, 0.9), (30, 0.98)])
def test_clustered_win_rates_cover_at_their_level(clusters, mu, correlation):
    """1 000 draws of contributors of 1–19 rows whose own rates are Beta around mu."""
    rng = np.random.default_rng([clusters, int(100 * mu)])
    size = 1 / correlation - 1

    def draw():
        own = rng.beta(mu * size, (1 - mu) * size, clusters)
        who = np.repeat(np.arange(clusters), rng.integers(1, 20, clusters))
        return win_rate((rng.random(who.size) < own[who]).astype(float), clusters=who)

    assert _coverage(draw, mu, 1000) > 0.929


@pytest.mark.parametrize("clusters", [4, 12, 40])
def test_clustered_means_cover_at_their_level(clusters):
    """1 000 draws, half of the variance between contributors, who do 1–19 rows each."""
    rng = np.random.default_rng(clusters)

    def draw():
        who = np.repeat(np.arange(clusters), rng.integers(1, 20, clusters))
        return mean(rng.normal(size=clusters)[who] + rng.normal(size=who.size), clusters=who)

    assert _coverage(draw, 0.0, 1000) > 0.929


@given(
    st.floats(0.01, 2), st.floats(0.1, 3), st.floats(0.5, 0.99), st.floats(0.5, 0.99), st.sampled_from([1, 2]),
    st.floats(1, 9), st.booleans(),
)  # fmt: skip
def test_the_rows_planned_show_the_margin_and_one_row_fewer_does_not(margin, sd, level, power, sides, deff, paired):
    more = {"sd": sd, "level": level, "power": power, "sides": sides, "design_effect": deff, "paired": paired}
    n = n_for_difference(margin, **more)
    assert smallest_detectable(n, **more) <= margin * (1 + 1e-9)
    assert n == 2 or smallest_detectable(n - 1, **more) > margin * (1 - 1e-9)
    assert n_for_difference(2 * margin, **more) <= n <= n_for_difference(margin, **(more | {"design_effect": deff + 1}))


def test_the_power_planned_is_the_power_had():
    """A true difference of 0.3 sd, rows for power 0.8: 2 000 projects find it in 80 % ± 3.7 (4 standard errors)."""
    n = n_for_difference(0.3, sd=1.0)
    rng = np.random.default_rng(14)
    found = [mean(x).lo > 0 for x in rng.normal(0.3, 1, (2000, n))]
    assert np.mean(found) == pytest.approx(0.8, abs=0.037)


def test_rows_planned_by_the_design_effect_keep_their_power_under_clusters():
    """Clusters of 10 with correlation 0.2: design effect 1 + 9·0.2 = 2.8."""
    n = n_for_difference(0.3, sd=1.0, design_effect=2.8)
    groups = -(-n // 10)
    who = np.repeat(np.arange(groups), 10)
    rng = np.random.default_rng(15)
    draws = (
        0.3 + np.sqrt(0.2) * rng.normal(size=groups)[who] + np.sqrt(0.8) * rng.normal(size=who.size)
        for _ in range(1000)
    )  # fmt: skip
    assert np.mean([mean(x, clusters=who).lo > 0 for x in draws]) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("people", [4, 8, 20])
def test_win_rates_of_people_of_very_unequal_work_cover(people):
    """Each person does 0.6 times the work of the one before: 2.5 effective clusters, whatever their number."""
    rng = np.random.default_rng(people)
    who = np.repeat(np.arange(people), np.maximum(1, (60 * 0.6 ** np.arange(people)).astype(int)))

    def draw():
        own = rng.beta(0.9 * 2, 0.1 * 2, people)
        return win_rate((rng.random(who.size) < own[who]).astype(float), clusters=who)

    assert _coverage(draw, 0.9, 600) > 0.924


def test_a_clustered_win_rate_is_no_wider_than_its_people_ask_for():
    """30 people, each right on half of the answers: near the t interval of their means, 1.04 times at most."""
    rng = np.random.default_rng(16)
    who = np.repeat(np.arange(30), 10)
    y = (rng.random(300) < rng.beta(2, 2, 30)[who]).astype(float)
    found, plain = win_rate(y, clusters=who), mean(y, clusters=who)
    assert (found.hi - found.lo) / (plain.hi - plain.lo) < 1.04


def test_clusters_that_all_say_the_same_between_the_bounds_leave_room_for_the_unseen_alone() -> None:
    """39 clusters of unequal size, every difference 0: unseen others are at most 9 % (exact), at most 1 away: ± .09."""
    clusters = np.repeat(np.arange(39), np.arange(39) % 5 + 1)
    found = mean(np.zeros(clusters.size), clusters=clusters, bounds=(-1, 1))
    assert isinstance(found, Estimate)
    assert found.value == 0
    assert found.hi == pytest.approx(clopper_pearson(0, 39)[1], abs=0.005)
