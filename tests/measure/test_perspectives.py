"""Groups of judges: found where planted, not invented where there are none, never so small as to show a person."""

import os
from pathlib import Path

import numpy as np
import pytest

from tutelage.errors import BadInput
from tutelage.measure.perspectives import perspectives
from tutelage.records import Rate, Undefined


def world(seed, groups, judges=40, items=80, differ=0.6, spammers=0):
    """Yes/no votes: each judge has a style, groups differ on a share of the items, spammers toss a coin."""
    rng = np.random.default_rng(seed)
    group = np.arange(judges) * groups // judges
    base = rng.beta(0.5, 0.5, items)
    yes = np.stack(
        [base] + [np.where(rng.random(items) < differ, rng.beta(0.5, 0.5, items), base) for _ in range(groups - 1)]
    )
    logit = np.log(yes[group] / (1 - yes[group])) + rng.normal(0, 0.8, judges)[:, None]
    p = 1 / (1 + np.exp(-logit))
    p[:spammers] = 0.5
    item, judge = np.tile(np.arange(items), judges), np.repeat(np.arange(judges), items)
    return item, judge, (rng.random(p.shape) < p).ravel().astype(int), group


@pytest.mark.parametrize("seed", range(6))
def test_one_population_of_stern_mild_and_careless_judges_is_one_group(seed):
    item, judge, value, _group = world(seed, 1, spammers=4)
    found = perspectives(item, judge, value, rng=seed)
    assert len(found.groups) == 1
    assert found.groups[0].size == 40
    assert found.divergence.max() == pytest.approx(0, abs=1e-9)


@pytest.mark.slow
def test_one_population_is_split_in_at_most_one_of_a_hundred():
    """200 worlds; at p = 1 % more than 6 splits have a chance below 1 in 100."""
    assert sum(len(perspectives(*world(s, 1, spammers=3)[:3], rng=s).groups) > 1 for s in range(200)) <= 6


def test_two_planted_groups_are_recovered_up_to_their_names():
    item, judge, value, group = world(1, 2)
    found = perspectives(item, judge, value, rng=1)
    assert len(found.groups) == 2
    label = found.membership.argmax(1) - 1
    assert max(np.mean(label == group), np.mean(label == 1 - group)) > 0.9
    assert isinstance(found.permutation, Rate)
    assert found.permutation.k < 0.01 * found.permutation.n
    assert found.gain[2].lo > 0


def test_divergence_names_the_items_the_groups_see_differently():
    """Group two sees the first 40 items the other way round and the last 40 alike."""
    rng = np.random.default_rng(2)
    yes = rng.choice([0.1, 0.9], 80)
    other = np.where(np.arange(80) < 40, 1 - yes, yes)
    p = np.where(np.arange(30)[:, None] < 15, yes, other)
    item, judge = np.tile(np.arange(80), 30), np.repeat(np.arange(30), 80)
    found = perspectives(item, judge, (rng.random(p.shape) < p).ravel().astype(int), rng=1)
    assert len(found.groups) == 2
    assert np.quantile(found.divergence[:40], 0.1) > np.quantile(found.divergence[40:], 0.9)
    # shared agreement is high only where both groups give the value
    assert np.mean(found.shared[:40].max(1)) < 0.5 * np.mean(found.shared[40:].max(1))


def test_names_and_row_order_do_not_matter():
    item, judge, value, _group = world(3, 2)
    order = np.random.default_rng(3).permutation(item.size)
    one = perspectives(item, judge, value, rng=1, permutations=99, p=0.02)
    two = perspectives(
        item[order], np.array([f"j{j:02}" for j in judge])[order], value[order], rng=1, permutations=99, p=0.02
    )
    assert len(one.groups) == len(two.groups) == 2
    assert two.distribution == pytest.approx(one.distribution)
    agree = (one.membership.argmax(1) == two.membership.argmax(1)).mean()
    assert max(agree, 1 - agree) > 0.95


def test_a_group_too_small_to_hide_a_person_is_not_published():
    """Three of forty judges always differ: no group of three appears."""
    rng = np.random.default_rng(4)
    yes = rng.choice([0.05, 0.95], 60)
    p = np.where(np.arange(40)[:, None] < 3, 1 - yes, yes)
    item, judge = np.tile(np.arange(60), 40), np.repeat(np.arange(40), 60)
    found = perspectives(item, judge, (rng.random(p.shape) < p).ravel().astype(int), rng=1)
    assert all(g.size >= 5 for g in found.groups)


def test_an_item_with_few_votes_of_a_group_tells_nothing_about_it():
    """Two groups of 20; only four of the first judged items 0 to 9: no group's shares are given there, for either."""
    item, judge, value, group = world(8, 2)
    kept = (item >= 10) | (group[judge] == 1) | (judge < 4)
    found = perspectives(item[kept], judge[kept], value[kept], rng=1)
    assert len(found.groups) == 2
    assert all((g.votes[:10] == 0).all() and (g.votes[10:] > 5).all() for g in found.groups)
    for g in found.groups:
        assert g.shares[:10] == pytest.approx(found.distribution[:10])
    assert found.divergence[:10] == pytest.approx(np.zeros(10), abs=1e-9)


def test_too_few_judges_are_undefined_and_repeats_refused():
    assert isinstance(perspectives([1, 1, 2, 2], ["a", "b", "a", "b"], [0, 1, 1, 1], rng=1), Undefined)
    with pytest.raises(BadInput):
        perspectives([1, 1], ["a", "a"], [0, 1], rng=1)


def test_a_continuum_of_opinion_is_not_cut_in_three():
    """One axis, judges spread evenly along it: more groups always predict better, but only two ends are claimed."""
    rng = np.random.default_rng(6)
    place, slope = np.linspace(-1, 1, 120), rng.normal(0, 2, 100)
    p = 1 / (1 + np.exp(-place[:, None] * slope))
    item, judge = np.tile(np.arange(100), 120), np.repeat(np.arange(120), 100)
    found = perspectives(item, judge, (rng.random(p.shape) < p).ravel().astype(int), rng=1)
    assert len(found.groups) == 2


def test_three_planted_groups_are_three():
    item, judge, value, group = world(7, 3, judges=60, items=120)
    found = perspectives(item, judge, value, rng=1)
    assert len(found.groups) == 3
    label = found.membership.argmax(1)
    assert all(np.bincount(label[group == g]).max() > 18 for g in range(3))


@pytest.mark.real_data
def test_the_two_groups_that_polis_found_are_found():
    """vTaiwan on Uber: 924 people are in a group of both; more than 95 % of them in the same one."""
    polars = pytest.importorskip("polars")
    root = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "polis_vtaiwan_uberx"
    if not root.exists():
        pytest.skip(f"no polis_vtaiwan_uberx under {root}: set TUTELAGE_DATA")
    votes = polars.read_parquet(root / "votes.parquet")
    people = polars.read_parquet(root / "participants.parquet").drop_nulls("group")
    found = perspectives(votes["comment"], votes["voter"], votes["vote"], rng=0, permutations=110)
    assert len(found.groups) == 2
    label = dict(zip(np.unique(votes["voter"]).tolist(), found.membership.argmax(1).tolist(), strict=True))
    pairs = [(label[p], int(g)) for p, g in zip(people["voter"], people["group"], strict=True) if label.get(p, 0) > 0]
    same = np.mean([a - 1 == g for a, g in pairs])
    assert len(pairs) > 900
    assert max(same, 1 - same) > 0.95
