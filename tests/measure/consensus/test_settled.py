"""One call from votes to settled items: probabilities that were checked on gold, and what they rest on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measure.consensus.test_consensus import crowd

from tutelage.errors import BadInput
from tutelage.measure.consensus import choose, settle, votes
from tutelage.measure.consensus.categorical import dawid_skene, majority
from tutelage.measure.consensus.choose import turned
from tutelage.records import Estimate, Undefined


def test_every_item_gets_an_answer_a_probability_and_its_interval():
    item, judge, value, truth = crowd(0, items=200, judges=8)
    gold = {i: int(truth[i]) for i in range(0, 200, 4)}
    found = settle(votes(item, judge, value), gold=gold, rng=1, rounds=30)
    assert ((found.lo >= 0) & (found.lo <= found.probability)).all()
    assert ((found.probability <= found.hi) & (found.hi <= 1)).all()
    assert all(found.code[i] == t and found.probability[i] == pytest.approx(1) for i, t in gold.items())
    assert isinstance(found.ece_before, Estimate)
    assert isinstance(found.ece_after, Estimate)
    again = settle(votes(item, judge, value), gold=gold, rng=found.seed, rounds=30)
    assert np.array_equal(again.probability, found.probability)


def test_temperature_on_gold_takes_over_sharpness_away():
    """Items of uneven difficulty, which no model of judges knows: 15 votes look like certainty, and are not.

    The errors stated after are checked on 400 items that were no gold.
    """
    rng = np.random.default_rng(2)
    truth, hard = rng.integers(0, 2, 500), rng.beta(0.7, 0.5, 500)
    item, judge = np.repeat(np.arange(500), 15), np.tile(np.arange(15), 500)
    value = np.where(rng.random(item.size) < hard[item], truth[item], 1 - truth[item])
    found = settle(votes(item, judge, value), gold={i: int(truth[i]) for i in range(100)}, method="dawid-skene", rng=1,
                   rounds=20)  # fmt: skip
    assert found.temperature > 1.5
    assert found.ece_after.value < found.ece_before.value
    rest = slice(100, None)
    right = (found.code == truth)[rest].mean()
    plain = dawid_skene(votes(item, judge, value)).confidence[rest].mean()
    assert abs(found.probability[rest].mean() - right) < 0.5 * abs(plain - right)


def test_a_named_method_is_taken_and_an_unknown_one_refused():
    item, judge, value, _ = crowd(3, items=30)
    v = votes(item, judge, value)
    assert settle(v, method="majority", rng=1, rounds=5).choice is None
    with pytest.raises(BadInput, match="'vote'"):
        settle(v, method="vote", rng=1)
    assert isinstance(settle(votes([], [], []), rng=1), Undefined)


def test_a_firm_plurality_is_turned_on_gold_only():
    """40 judges; on two items of five a quarter of them say yes, and always the same quarter. The likelihood sees two
    kinds of items, whichever the truth: whether the quarter knows better or is mistaken, only gold tells.
    """
    rng = np.random.default_rng(1)
    contested = rng.random(120) < 0.4
    yes = np.where(contested[:, None] & (np.arange(40) < 10), 0.95, np.where(contested[:, None], 0.05, 0.03))
    value = (rng.random((120, 40)) < yes).astype(int).ravel()
    v = votes(np.repeat(np.arange(120), 40), np.tile(np.arange(40), 120), value)
    found = choose(v, rng=1)
    assert found.gain["dawid-skene"].lo > 0
    assert turned(v, dawid_skene(v)) > 0.2
    assert turned(v, majority(v)) == 0
    assert (found.method, found.by) == ("majority", "nothing")
    assert "only gold can tell" in found.claim
    for truth in (contested.astype(int), np.zeros(120, int)):
        assert choose(v, gold={i: int(truth[i]) for i in range(30)}, rng=1).consensus.right(truth).mean() > 0.98


def test_no_more_votes_than_chance_explains_are_firm():
    """Five to none is 2.2 standard errors; seven to none 2.6: only the second is firm."""
    five, seven = (votes([0] * n + [1] * n, list(range(n)) * 2, [1] * n + [0] * n) for n in (5, 7))
    for v, share in ((five, 0.0), (seven, 1.0)):
        flipped = majority(v)
        flipped.posterior[:] = flipped.posterior[:, ::-1].copy()
        assert turned(v, flipped) == share


def test_ten_gold_items_are_enough_where_the_votes_speak_too():
    """12 judges, a third of them experts: on 20 draws of 10 gold items the choice is never worse than the majority by
    more than a point, and most of the gain is had."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 2, 200)
    item, judge = np.repeat(np.arange(200), 12), np.tile(np.arange(12), 200)
    skill = np.where(np.arange(12) < 4, 0.95, 0.52)
    v = votes(item, judge, np.where(rng.random(item.size) < skill[judge], truth[item], 1 - truth[item]))
    plain, best = majority(v).right(truth).mean(), dawid_skene(v).right(truth).mean()
    got = []
    for seed in range(20):
        rows = np.random.default_rng(seed).choice(200, 10, replace=False)
        got.append(choose(v, gold={int(i): int(truth[i]) for i in rows}, rng=seed).consensus.right(truth).mean())
    assert best > plain + 0.05
    assert min(got) > plain - 0.01
    assert np.mean(got) > plain + 0.8 * (best - plain)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_the_accuracy_of_a_choice_is_never_above_the_best_methods_own(seed):
    """Each gold item is left out of the choice that it scores: the optimism of choosing is gone."""
    item, judge, value, truth = crowd(seed, items=40, per=4)
    v = votes(item, judge, value, order=[0, 1, 2])
    found = choose(v, gold={i: int(truth[i]) for i in range(20)}, rng=1)
    best = max(f.value for f in found.figures.values() if not isinstance(f, Undefined))
    assert found.accuracy.value <= best + 1e-12
