"""Strengths from comparisons and rankings: exact answers, named refusals, errors that know who judged."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.errors import BadInput, DidNotConverge
from tutelage.measure.preference import NotConnected, bradley_terry, plackett_luce
from tutelage.measure.preference.plackett_luce import _Model, _table
from tutelage.records import Estimate, Undefined


def test_wins_three_to_one_twice_and_nine_to_one_are_worth_nine_thirteenths():
    """a beats b 3:1, b beats c 3:1, a beats c 9:1: exactly 9 : 3 : 1."""
    left = ["a"] * 4 + ["b"] * 4 + ["a"] * 10
    right = ["b"] * 4 + ["c"] * 4 + ["c"] * 10
    outcome = [1, 1, 1, 0] + [1, 1, 1, 0] + [1] * 9 + [0]
    assert bradley_terry(left, right, outcome).worth == pytest.approx([9 / 13, 3 / 13, 1 / 13])


def test_an_item_that_always_won_is_named():
    with pytest.raises(NotConnected, match=r"\{a\} never lost"):
        bradley_terry(["a", "b", "a"], ["b", "c", "c"], [1, 1, 1])


def test_groups_never_compared_are_named_and_a_prior_does_not_compare_them():
    rows = (["a", "b", "c", "d"], ["b", "a", "d", "c"], [1, 1, 1, 1])
    with pytest.raises(NotConnected, match=r"\{a, b\}; \{c, d\}"):
        bradley_terry(*rows)
    found = bradley_terry(*rows, prior_sd=1)
    assert isinstance(found.difference("a", "c"), Undefined)
    assert isinstance(found.difference("a", "b"), Estimate)
    assert found.rank_sets(rng=1)["a"] == (1, 4)


def test_a_component_added_leaves_contrasts_in_the_others_unchanged():
    alone = bradley_terry(["a", "b", "a"], ["b", "a", "b"], [1, 1, 1], prior_sd=1)
    more = bradley_terry(["a", "b", "a", "x", "y"], ["b", "a", "b", "y", "x"], [1, 1, 1, 1, 1], prior_sd=1)
    assert more.difference("a", "b").value == pytest.approx(alone.difference("a", "b").value, abs=1e-9)


@pytest.mark.parametrize("wrong", [([], [], []), (["a"], ["a"], [1]), (["a"], ["b"], [0.7]), (["a"], ["b", "c"], [1])])
def test_rows_that_compare_nothing_are_undefined_or_refused(wrong):
    if not wrong[0]:
        assert isinstance(bradley_terry(*wrong), Undefined)
        return
    with pytest.raises(BadInput):
        bradley_terry(*wrong)


def test_a_side_that_decides_everything_is_not_given_a_number():
    with pytest.raises(DidNotConverge):
        bradley_terry(["a", "b", "c"], ["b", "c", "a"], [1, 1, 1], side=True)


def _simulated(seed, n=3000, k=6, ties=0.4, side=0.3, effect=0.5):
    """Davidson comparisons with a side, one covariate, and the parameters they were made from."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=k)
    left = rng.integers(0, k, n)
    right = (left + rng.integers(1, k, n)) % k
    x = rng.normal(size=n)
    eta = theta[left] - theta[right] + side + effect * x
    p = np.stack([np.exp(eta / 2), np.full(n, ties), np.exp(-eta / 2)], 1)
    drawn = (rng.random(n)[:, None] > np.cumsum(p / p.sum(1, keepdims=True), 1)).sum(1)
    return left, right, np.array([1, 0.5, 0])[drawn], x, theta - theta.mean()


def test_ties_side_and_length_are_found_together():
    """12 000 simulated comparisons: every true parameter within 4 standard errors."""
    left, right, outcome, x, theta = _simulated(0, n=12_000)
    found = bradley_terry(left, right, outcome, side=True, covariates={"length": x})
    assert np.all(np.abs(found.theta - theta) < 4 * found.se)
    for figure, truth in ((found.side, 0.3), (found.covariates["length"], 0.5), (found.ties, 0.4)):
        assert abs(figure.value - truth) < 2 * (figure.hi - figure.lo)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_swapping_the_sides_flips_the_side_and_reversing_flips_the_strengths(seed):
    left, right, outcome, _x, _t = _simulated(seed, n=400, k=4)
    base = bradley_terry(left, right, outcome, side=True)
    swapped = bradley_terry(right, left, 1 - outcome, side=True)
    reversed_ = bradley_terry(left, right, 1 - outcome, side=True)
    assert swapped.theta == pytest.approx(base.theta, abs=1e-6)
    assert swapped.side.value == pytest.approx(-base.side.value, abs=1e-6)
    assert reversed_.theta == pytest.approx(-base.theta, abs=1e-6)
    assert base.theta.sum() == pytest.approx(0, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_row_order_and_names_do_not_matter_and_errors_halve_at_four_times_the_rows(seed):
    left, right, outcome, _x, _t = _simulated(seed, n=400, k=4)
    base = bradley_terry(left, right, outcome)
    order = np.random.default_rng(seed).permutation(400)
    names = np.array(["w", "x", "y", "z"])
    shuffled = bradley_terry(names[left[order]], names[right[order]], outcome[order])
    assert shuffled.theta == pytest.approx(base.theta, abs=1e-9)
    four = bradley_terry(np.tile(left, 4), np.tile(right, 4), np.tile(outcome, 4))
    assert four.theta == pytest.approx(base.theta, abs=1e-8)
    assert four.se == pytest.approx(base.se / 2)


def test_duplicating_every_judge_s_answers_leaves_clustered_errors_and_shrinks_naive_ones():
    left, right, outcome, _x, _t = _simulated(3, n=600, k=4)
    judge = np.arange(600) % 20
    once = bradley_terry(left, right, outcome, judges=judge)
    twice = bradley_terry(np.tile(left, 2), np.tile(right, 2), np.tile(outcome, 2), judges=np.tile(judge, 2))
    naive = bradley_terry(np.tile(left, 2), np.tile(right, 2), np.tile(outcome, 2))
    assert twice.se == pytest.approx(once.se, rel=1e-6)
    assert naive.se == pytest.approx(bradley_terry(left, right, outcome).se / np.sqrt(2))


def test_one_row_a_judge_is_the_robust_error_and_two_ways_is_at_least_each_way():
    left, right, outcome, _x, _t = _simulated(4, n=2000, k=4)
    own = bradley_terry(left, right, outcome, judges=np.arange(2000))
    assert own.se == pytest.approx(bradley_terry(left, right, outcome).se, rel=0.1)
    judge, prompt = np.arange(2000) % 40, (np.arange(2000) // 7) % 50
    both = bradley_terry(left, right, outcome, judges=judge, prompts=prompt)
    for one in (bradley_terry(left, right, outcome, judges=judge), bradley_terry(left, right, outcome, prompts=prompt)):
        assert np.all(both.se >= one.se * (1 - 1e-9))


def test_score_is_zero_at_the_optimum():
    """Wins seen equal wins expected for every item, ties half."""
    left, right, outcome, _x, _t = _simulated(5, n=1000, k=5)
    found = bradley_terry(left, right, outcome)
    eta = found.theta[left] - found.theta[right]
    p = np.stack([np.exp(eta / 2), np.full(eta.size, found.ties.value), np.exp(-eta / 2)], 1)
    p /= p.sum(1, keepdims=True)
    gap = outcome - (p[:, 0] + p[:, 1] / 2)
    assert np.bincount(left, gap) - np.bincount(right, gap) == pytest.approx(np.zeros(5), abs=1e-6)
    assert p[:, 1].sum() == pytest.approx((outcome == 0.5).sum(), abs=1e-6)


def test_ties_counted_as_half_wins_would_pull_strengths_together():
    left, right, outcome, _x, theta = _simulated(6, n=20_000, k=5, ties=1.5, side=0, effect=0)
    found = bradley_terry(left, right, outcome)
    assert np.std(found.theta) == pytest.approx(np.std(theta), rel=0.1)


def test_choix_gives_the_same_strengths():
    choix = pytest.importorskip("choix")
    left, right, outcome, _x, _t = _simulated(7, n=2000, k=8, ties=1e-9)
    pairs = [(a, b) if y else (b, a) for a, b, y in zip(left.tolist(), right.tolist(), outcome, strict=True)]
    assert bradley_terry(left, right, outcome).theta == pytest.approx(choix.ilsr_pairwise(8, pairs), abs=1e-6)


def test_rank_sets_of_far_and_near_items():
    """Two items 4 apart from two others, equal among themselves: ranks 1–2 and 3–4."""
    rng = np.random.default_rng(8)
    theta = np.array([2.0, 2, -2, -2])
    left = rng.integers(0, 4, 2000)
    right = (left + rng.integers(1, 4, 2000)) % 4
    outcome = (rng.random(2000) < 1 / (1 + np.exp(theta[right] - theta[left]))).astype(float)
    found = bradley_terry(left, right, outcome).rank_sets(rng=9)
    assert [found[i] for i in range(4)] == [(1, 2), (1, 2), (3, 4), (3, 4)]


def _tastes(rng, k=10, judges=25, per=60, sd=0.8, theta=None):
    """Judges with their own taste: the design in which naive errors fail."""
    taste = rng.normal(0, sd, (judges, k))
    who = np.repeat(np.arange(judges), per)
    left = rng.integers(0, k, who.size)
    right = (left + rng.integers(1, k, who.size)) % k
    eta = theta[left] - theta[right] + taste[who, left] - taste[who, right]
    return left, right, (rng.random(who.size) < 1 / (1 + np.exp(-eta))).astype(float), who


def _cover(rounds, **design):
    rng = np.random.default_rng(10)
    theta = np.linspace(-1, 1, 10)
    target = bradley_terry(*_tastes(rng, judges=4000, theta=theta)[:3]).theta
    hit = np.zeros(2)
    for _ in range(rounds):
        left, right, outcome, who = _tastes(rng, theta=theta, **design)
        for m, fit in enumerate((bradley_terry(left, right, outcome, judges=who), bradley_terry(left, right, outcome))):
            each = fit.strengths()
            hit[m] += np.mean([each[i].lo <= target[i] <= each[i].hi for i in range(10)]) / rounds
    return hit


def test_clustered_intervals_cover_where_judges_have_tastes():
    """25 judges of 60 answers, 10 items, 80 projects: naive 95 % intervals fall short, clustered ones do not.

    800 intervals, ten to a project: 92.5 % is below what 95 % gives by more than 3 standard errors (.0077 each).
    """
    clustered, naive = _cover(80)
    assert clustered > 0.925
    assert naive < 0.925


@pytest.mark.slow
@pytest.mark.parametrize("judges", [8, 25, 100])
def test_clustered_intervals_cover_long_form(judges):
    clustered, _naive = _cover(400, judges=judges)
    assert clustered > 0.935


def _long(rankings):
    """A list of rankings, each a list of groups of items from best to worst, as a long table."""
    rows = [(r, item, place) for r, groups in enumerate(rankings) for place, g in enumerate(groups) for item in g]
    return tuple(zip(*rows, strict=True))


def test_rankings_of_two_with_ties_are_davidsons_comparisons():
    left, right, outcome, _x, _t = _simulated(11, n=500, k=4)
    rankings = [
        {1.0: [[a], [b]], 0.0: [[b], [a]], 0.5: [[a, b]]}[y]
        for a, b, y in zip(left.tolist(), right.tolist(), outcome, strict=True)
    ]
    pl, bt = plackett_luce(*_long(rankings)), bradley_terry(left, right, outcome)
    assert pl.theta == pytest.approx(bt.theta, abs=1e-7)
    assert (pl.log_likelihood, pl.ties.value) == (pytest.approx(bt.log_likelihood), pytest.approx(bt.ties.value))
    assert pl.se == pytest.approx(bt.se, rel=1e-6)


def test_the_chance_of_a_ranking_is_the_product_of_its_choices():
    """a > {b, c} with worths 4, 2, 1 and δ_2 = ½.

    First: 4/(4 + 2 + 1 + ½(√8 + √4 + √2)); then ½√2/(2 + 1 + ½√2).
    """
    model = _Model(_table(*_long([[["a"], ["b", "c"]]])), 1e9)
    phi = np.log([4, 2, 1, 0.5])
    first = 4 / (7 + 0.5 * (8**0.5 + 4**0.5 + 2**0.5))
    assert np.exp(model.log_likelihood(phi)) == pytest.approx(first * 0.5 * 2**0.5 / (3 + 0.5 * 2**0.5))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_slope_and_information_are_the_derivatives(seed):
    """Rankings of 5 of 7 items with ties of up to 4 and items never placed; central differences to 1e-6."""
    rng = np.random.default_rng(seed)
    item = np.concatenate([rng.permutation(7)[:5] for _ in range(20)])
    place = rng.integers(0, 4, 100).astype(float)
    place[rng.random(100) < 0.1] = np.inf
    model = _Model(_table(np.repeat(np.arange(20), 5), item, place), 1.0)
    phi = rng.normal(size=model.p)
    steps = 1e-5 * np.eye(model.p)
    slope = [(model.log_likelihood(phi + s) - model.log_likelihood(phi - s)) / 2e-5 for s in steps]
    bend = [-(model.gradient(phi + s) - model.gradient(phi - s)) / 2e-5 for s in steps]
    assert model.gradient(phi) == pytest.approx(np.array(slope), abs=1e-6)
    assert model.hessian(phi) == pytest.approx(np.array(bend), abs=1e-6)


def test_chances_of_all_orders_sum_to_one():
    """Every weak order of three items, of which there are 13."""
    parts = [
        p for p in itertools.product(range(3), repeat=3) if sorted(set(p)) == list(range(len(set(p))))
    ]  # fmt: skip
    assert len(parts) == 13
    total = 0.0
    for p in parts:
        groups = [[i for i in range(3) if p[i] == g] for g in range(max(p) + 1)]
        # a second, tied ranking makes the model know ties of 2 and 3; its chance is taken off
        tied = [[[0, 1], [2]], [[0, 1, 2]]]
        phi = np.array([0.3, -0.2, 0.5, -0.7, -1.1])
        with_it = _Model(_table(*_long([groups, *tied])), 1e9).log_likelihood(phi)
        total += np.exp(with_it - _Model(_table(*_long(tied)), 1e9).log_likelihood(phi))
    assert total == pytest.approx(1)


def test_a_ranking_that_orders_nothing_is_undefined_and_a_repeat_is_refused():
    assert isinstance(plackett_luce([1, 2], ["a", "b"], [1, 1]), Undefined)
    with pytest.raises(BadInput, match="twice"):
        plackett_luce([1, 1], ["a", "a"], [1, 2])


def test_an_item_never_ahead_of_another_is_named_in_rankings_too():
    with pytest.raises(NotConnected, match=r"\{z\} never won"):
        plackett_luce(*_long([[["a"], ["b"], ["z"]], [["b"], ["a"], ["z"]]]))


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64, str])
def test_small_integers_and_names_give_the_same_strengths(kind):
    """Codes up to 201 in one byte: no product of theirs may overflow. Unused numbers do not become items."""
    left, right, outcome, _x, _t = _simulated(12, n=600, k=4)
    names = np.array([3, 77, 130, 201])
    found = bradley_terry(names[left].astype(kind), names[right].astype(kind), outcome, judges=np.arange(600) % 9)
    base = bradley_terry(left, right, outcome, judges=np.arange(600) % 9)
    place = [found.items.tolist().index(kind(n)) for n in names.tolist()]
    assert found.items.size == 4
    assert found.theta[place] == pytest.approx(base.theta)
    assert found.se[place] == pytest.approx(base.se)


def test_one_judge_alone_leaves_a_note_that_others_are_not_in_the_errors():
    left, right, outcome, _x, _t = _simulated(13, n=300, k=4)
    found = bradley_terry(left, right, outcome, judges=["ann"] * 300)
    assert found.notes == ("one judge only: how others would differ is not in the errors",)
    assert found.errors == "model errors"


def _crossed(rng, theta, *, judges, prompts, sd=0.7):
    """Every judge meets every prompt once; judges have tastes, and prompts suit some items better."""
    taste, suits = rng.normal(0, sd, (judges, theta.size)), rng.normal(0, sd, (prompts, theta.size))
    who, what = np.repeat(np.arange(judges), prompts), np.tile(np.arange(prompts), judges)
    left = rng.integers(0, theta.size, who.size)
    right = (left + rng.integers(1, theta.size, who.size)) % theta.size
    own = theta + taste[who] + suits[what]
    row = np.arange(who.size)
    eta = own[row, left] - own[row, right]
    return left, right, (rng.random(who.size) < 1 / (1 + np.exp(-eta))).astype(float), who, what


def _cover_two_ways(rounds, judges, prompts):
    rng, theta = np.random.default_rng(11), np.linspace(-1, 1, 6)
    target = bradley_terry(*_crossed(rng, theta, judges=1000, prompts=800)[:3]).theta
    hit = np.zeros(2)
    for _ in range(rounds):
        left, right, y, who, what = _crossed(rng, theta, judges=judges, prompts=prompts)
        both = bradley_terry(left, right, y, judges=who, prompts=what)
        for m, fit in enumerate((both, bradley_terry(left, right, y, judges=who))):
            each = fit.strengths()
            hit[m] += np.mean([each[i].lo <= target[i] <= each[i].hi for i in range(6)]) / rounds
    return hit


def test_errors_clustered_by_judge_and_prompt_cover_where_one_way_falls_short():
    """30 judges on the same 25 prompts, 60 projects of 6 strengths: 92 % is 2.5 standard errors below 95 %."""
    two_ways, by_judge = _cover_two_ways(60, 30, 25)
    assert two_ways > 0.92
    assert by_judge < 0.9


@pytest.mark.slow
@pytest.mark.parametrize(("judges", "prompts"), [(10, 12), (30, 25), (100, 30)])
def test_errors_clustered_two_ways_cover_long_form(judges, prompts):
    assert _cover_two_ways(300, judges, prompts)[0] > 0.93


def test_all_rank_sets_hold_the_true_ranks_at_once():
    """100 projects of 25 judges with tastes, 10 items, sets at 90 %: at least 81 hold all ranks (99.9 % bound)."""
    rng, theta = np.random.default_rng(12), np.linspace(-1, 1, 10)
    true = {i: 10 - i for i in range(10)}
    held = 0
    for _ in range(100):
        left, right, y, who = _tastes(rng, theta=theta)
        sets = bradley_terry(left, right, y, judges=who).rank_sets(rng=rng, level=0.9)
        held += all(sets[i][0] <= true[i] <= sets[i][1] for i in range(10))
    assert held >= 81


def test_clustered_rankings_cover_where_judges_have_tastes():
    """20 judges of 15 rankings of 4 of 8 items, 60 projects: naive intervals fall short, clustered ones do not."""
    rng, theta = np.random.default_rng(13), np.linspace(-1, 1, 8)

    def draw(judges):
        own = theta + rng.normal(0, 0.8, (judges, 8))
        who = np.repeat(np.arange(judges), 15)
        # Plackett–Luce by exponential races: the order of E/worth
        race = rng.exponential(size=(who.size, 8)) / np.exp(own[who])
        race[np.arange(who.size)[:, None], np.argsort(rng.random((who.size, 8)), 1)[:, :4]] = np.inf
        order = np.argsort(race, 1)[:, :4]
        return np.repeat(np.arange(who.size), 4), order.ravel(), np.tile(np.arange(4), who.size), np.repeat(who, 4)

    target = plackett_luce(*draw(4000)[:3]).theta
    hit = np.zeros(2)
    for _ in range(60):
        ranking, item, place, who = draw(20)
        for m, judges in enumerate((who, None)):
            each = plackett_luce(ranking, item, place, judges=judges).strengths()
            hit[m] += np.mean([each[i].lo <= target[i] <= each[i].hi for i in range(8)]) / 60
    assert hit[0] > 0.915
    assert hit[1] < 0.9
