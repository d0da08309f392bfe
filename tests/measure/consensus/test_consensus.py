"""One answer from many votes: exact EM, gold that stays, judges that are shrunk, and a choice that can say no."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.measure.consensus import (
    Consensus,
    choose,
    continuous,
    dawid_skene,
    err_together,
    held_out,
    majority,
    one_coin,
    ordinal,
    votes,
    widen,
)
from tutelage.measure.consensus.categorical import estimate_kappa
from tutelage.measure.consensus.votes import gold_codes
from tutelage.records import Undefined


def crowd(seed, items=120, judges=12, per=5, k=3, skill=(6, 2)):
    """Votes with known truth: every judge is right with a chance of their own, Beta(skill)."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, items)
    right = rng.beta(*skill, judges)
    item = np.repeat(np.arange(items), per)
    judge = np.concatenate([rng.choice(judges, per, replace=False) for _ in range(items)])
    ok = rng.random(item.size) < right[judge]
    value = np.where(ok, truth[item], (truth[item] + rng.integers(1, k, item.size)) % k)
    return item, judge, value, truth


METHODS = {
    "majority": majority,
    "one coin": one_coin,
    "shrunken": dawid_skene,
    "likelihood": lambda v, **o: dawid_skene(v, kappa=0, **o),
}


@pytest.mark.parametrize("fit", METHODS.values(), ids=METHODS.keys())
def test_every_method_beats_a_single_judge_on_a_plain_crowd(fit):
    item, judge, value, truth = crowd(0, items=300)
    found = fit(votes(item, judge, value))
    assert found.right(truth).mean() > (value == truth[item]).mean() + 0.05
    assert found.posterior.sum(1) == pytest.approx(np.ones(300))


@pytest.mark.parametrize("fit", METHODS.values(), ids=METHODS.keys())
def test_no_votes_are_undefined(fit):
    assert isinstance(fit(votes([], [], [])), Undefined)


def test_a_tied_majority_is_a_tie_and_not_the_first_label():
    found = majority(votes(["i", "i", "j"], ["a", "b", "a"], ["no", "yes", "yes"]))
    assert found.posterior[0].tolist() == [0.5, 0.5]
    assert found.value_of() == {"i": None, "j": "yes"}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
@pytest.mark.parametrize("fit", METHODS.values(), ids=METHODS.keys())
def test_row_order_and_names_do_not_matter(fit, seed):
    item, judge, value, _truth = crowd(seed, items=40)
    rng = np.random.default_rng(seed)
    order, new = rng.permutation(item.size), rng.permutation(3)
    base = fit(votes(item, judge, value, order=[0, 1, 2]))
    names = np.array([f"j{x}" for x in judge])
    other = fit(votes(item[order], names[order], new[value[order]], order=[0, 1, 2]))
    if isinstance(base, Undefined):
        assert isinstance(other, Undefined)
    else:
        assert other.posterior[:, new] == pytest.approx(base.posterior, abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 3.0, None, np.inf]))
def test_the_log_posterior_never_falls_and_rows_sum_to_one(seed, kappa):
    item, judge, value, _truth = crowd(seed, items=40, per=4)
    found = dawid_skene(votes(item, judge, value, order=[0, 1, 2]), kappa=kappa)
    if isinstance(found, Undefined):
        return
    trace = np.array(found.log_posterior)
    assert np.all(np.diff(trace) > -1e-7 * (1 + np.abs(trace[1:])))
    assert found.confusion.sum(2) == pytest.approx(np.ones(found.confusion.shape[:2]))
    assert np.isfinite(found.posterior).all()


def test_kappa_runs_from_maximum_likelihood_to_one_matrix_for_all():
    item, judge, value, _truth = crowd(1, items=200)
    v = votes(item, judge, value)
    free, pooled = dawid_skene(v, kappa=0), dawid_skene(v, kappa=np.inf)
    assert dawid_skene(v, kappa=1e-7).posterior == pytest.approx(free.posterior, abs=1e-3)
    assert dawid_skene(v, kappa=9e5).posterior == pytest.approx(pooled.posterior, abs=1e-3)
    assert np.ptp(pooled.confusion, axis=0).max() == 0


def test_gold_is_never_overturned_and_unknown_gold_is_refused():
    item, judge, value, _truth = crowd(2)
    v = votes(item, judge, value)
    gold = {i: int((value[item == i][0] + 1) % 3) for i in range(0, 120, 3)}
    for fit in METHODS.values():
        found = fit(v, gold=gold)
        assert all(found.value_of()[i] == g for i, g in gold.items())
    with pytest.raises(BadInput, match="gold answer 7"):
        gold_codes(v, {0: 7})


def test_gold_teaches_who_is_always_wrong():
    """Three judges of five always say the opposite; ten gold items of sixty turn their votes round."""
    truth = np.arange(60) % 2
    item, judge = np.repeat(np.arange(60), 5), np.tile(np.arange(5), 60)
    value = np.where(judge < 3, 1 - truth[item], truth[item])
    found = dawid_skene(votes(item, judge, value), gold={i: int(truth[i]) for i in range(10)}, kappa=1)
    assert found.right(truth).mean() == 1


def test_a_perfect_judge_dominates_four_guessers():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 400)
    item, judge = np.repeat(np.arange(400), 7), np.tile(np.arange(7), 400)
    skill = np.array([1.0, 0.8, 0.8, 0.5, 0.5, 0.5, 0.5])
    value = np.where(rng.random(item.size) < skill[judge], truth[item], 1 - truth[item])
    v = votes(item, judge, value)
    assert dawid_skene(v).right(truth).mean() > 0.96 > majority(v).right(truth).mean()


def test_one_vote_makes_nobody_an_expert():
    """A judge with one vote that agrees with everyone stays within .1 of the mean judge's row."""
    item, judge, value, _truth = crowd(4, items=300)
    agreed = int(majority(votes(item, judge, value)).code[7])
    v = votes(np.append(item, 7), np.append(judge, 99), np.append(value, agreed))
    found = dawid_skene(v)
    mean = found.confusion[:12].mean(0)
    assert np.abs(found.confusion[12] - mean).max() < 0.1


def test_a_judge_who_answers_at_random_moves_posteriors_little():
    item, judge, value, _truth = crowd(5, items=400)
    rng = np.random.default_rng(5)
    base = dawid_skene(votes(item, judge, value))
    more = votes(
        np.append(item, np.arange(400)), np.append(judge, np.full(400, 50)), np.append(value, rng.integers(0, 3, 400))
    )
    assert np.abs(dawid_skene(more).posterior - base.posterior).mean() < 0.02


def test_two_thousand_votes_on_one_item_stay_finite():
    rng = np.random.default_rng(6)
    item = np.append(np.zeros(2000, int), np.repeat(np.arange(1, 40), 5))
    found = dawid_skene(votes(item, np.arange(item.size) % 50, rng.integers(0, 2, item.size)), kappa=2)
    assert isinstance(found, Undefined) or np.isfinite(found.posterior).all()


def test_judges_of_one_model_family_count_as_one():
    """Five copies of a model against two people who agree: as one block the model is outvoted."""
    item = np.repeat(np.arange(30), 7)
    judge = np.tile(["p1", "p2", "m1", "m2", "m3", "m4", "m5"], 30)
    people = np.arange(30) % 2
    model = np.where(np.arange(30) < 6, 1 - people, people)
    value = np.where(np.char.startswith(judge, "p"), people[item], model[item])
    families = {f"m{i}": "gpt" for i in range(1, 6)}
    assert majority(votes(item, judge, value)).right(people).mean() == pytest.approx(0.8)
    assert majority(votes(item, judge, value, families=families)).right(people).mean() == 1


def test_kappa_is_large_where_judges_are_alike_and_small_where_they_differ():
    rng = np.random.default_rng(7)
    pooled = np.array([[0.8, 0.2], [0.3, 0.7]])
    alike = np.stack([[rng.multinomial(80, row) for row in pooled] for _ in range(60)]).astype(float)
    differ = np.stack([[rng.multinomial(80, rng.dirichlet(4 * row)) for row in pooled] for _ in range(60)]).astype(
        float
    )
    assert estimate_kappa(alike, pooled) > 100
    assert estimate_kappa(differ, pooled) == pytest.approx(4, rel=0.3)


def test_widened_posteriors_are_less_sure_and_the_shares_hold_the_truth():
    item, judge, value, _truth = crowd(8, items=200, judges=15)
    v = votes(item, judge, value)
    fit = dawid_skene(v)
    wide, shares = widen(v, fit, rng=1, rounds=60)
    assert wide.confidence.mean() < fit.confidence.mean()
    assert wide.posterior.sum(1) == pytest.approx(np.ones(200))
    assert all(s.lo <= s.value <= s.hi for s in shares.values())
    again, _ = widen(v, fit, rng=shares[0].seed, rounds=60)
    assert np.array_equal(again.posterior, wide.posterior)
    with pytest.raises(BadInput):
        widen(v, majority(v), rng=1)


def test_gold_chooses_the_method_that_is_right_most_often():
    """Half of the judges say the opposite half of the time with a bias: Dawid–Skene gains on gold and is taken."""
    rng = np.random.default_rng(9)
    truth = rng.integers(0, 2, 300)
    item, judge = np.repeat(np.arange(300), 9), np.tile(np.arange(9), 300)
    # judges 0–5 say 1 most of the time whatever is true; 6–8 are good
    p_one = np.where(judge < 6, np.where(truth[item] == 1, 0.9, 0.7), np.where(truth[item] == 1, 0.9, 0.1))
    v = votes(item, judge, (rng.random(item.size) < p_one).astype(int))
    gold = {i: int(truth[i]) for i in range(0, 300, 4)}
    choice = choose(v, gold=gold, rng=1)
    assert choice.by == "gold"
    assert choice.method == "dawid-skene"
    assert choice.gain["dawid-skene"].lo > 0
    assert choice.consensus.right(truth).mean() > majority(v).right(truth).mean() + 0.1


def test_without_gold_and_without_difference_the_majority_is_kept():
    rng = np.random.default_rng(10)
    item, judge = np.repeat(np.arange(60), 3), np.tile(np.arange(3), 60)
    choice = choose(votes(item, judge, rng.integers(0, 2, 180)), rng=1)
    assert (choice.method, choice.by, choice.claim) == ("majority", "nothing", "not decidable, majority kept")


def test_held_out_votes_prefer_the_true_model():
    item, judge, value, _truth = crowd(11, items=300, judges=10, skill=(2, 1))
    v = votes(item, judge, value)
    own = held_out(v, lambda v, g: dawid_skene(v, gold=g), rng=1)
    plain = held_out(v, lambda v, g: majority(v, gold=g), rng=1)
    assert own.mean() > plain.mean()


def _scale(seed, items=80, judges=8, per=4):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=items)
    severity, stretch, noise = rng.normal(0, 0.7, judges), rng.uniform(0.5, 1.5, judges), rng.uniform(0.3, 0.8, judges)
    item = np.repeat(np.arange(items), per)
    judge = np.concatenate([rng.choice(judges, per, replace=False) for _ in range(items)])
    y = 3 + severity[judge] + stretch[judge] * z[item] + noise[judge] * rng.normal(size=item.size)
    return item, judge, y, z, severity - severity.mean()


def test_severity_is_taken_out_of_ratings():
    """Against the plain mean of each item, whose error holds the severity of whoever rated it."""
    item, judge, y, z, severity = _scale(12, items=300)
    found = continuous(item, judge, y)
    plain = np.bincount(item, y) / np.bincount(item)
    assert np.corrcoef(found.value, z)[0, 1] > np.corrcoef(plain, z)[0, 1] + 0.02
    assert np.corrcoef(found.level_of, severity)[0, 1] > 0.95
    assert np.all(np.diff(found.log_posterior[60:]) > -1e-6)


def test_intervals_of_continuous_consensus_cover():
    """30 projects of 80 items, 2 400 intervals at 95 %, judges' parameters estimated: at least 92 %."""
    hit = []
    for seed in range(30):
        item, judge, y, z, _s = _scale(100 + seed)
        rng_stretch = np.random.default_rng(100 + seed)
        rng_stretch.normal(size=80)
        severity, stretch = rng_stretch.normal(0, 0.7, 8), rng_stretch.uniform(0.5, 1.5, 8)
        truth = 3 + severity.mean() + stretch.mean() * z  # what the mean judge would say
        found = continuous(item, judge, y)
        shift = (found.value - truth).mean()  # the level and unit of the mean judge are estimated, not part of an item
        hit.append(np.mean((found.lo - shift <= truth) & (truth <= found.hi - shift)))
    assert np.mean(hit) > 0.9


def test_affine_ratings_give_affine_consensus():
    item, judge, y, _z, _s = _scale(13)
    one, two = continuous(item, judge, y), continuous(item, judge, 10 - 2 * y)
    assert two.value == pytest.approx(10 - 2 * one.value, abs=1e-3)
    assert two.stretch == pytest.approx(one.stretch, abs=1e-3)


@pytest.mark.parametrize(
    "rows",
    [([], [], []), ([1, 1], ["a", "b"], [2.0, 2.0]), ([1, 2], ["a", "b"], [1.0, 2.0])],
    ids=["none", "same", "apart"],
)
def test_ratings_that_cannot_be_compared_are_undefined(rows):
    assert isinstance(continuous(*rows), Undefined)


def test_ordered_categories_give_a_median_category_inside_its_interval():
    item, judge, y, z, _s = _scale(14, items=200)
    names = np.array(["bad", "poor", "fair", "good", "great"])
    category = np.clip(np.round(y), 1, 5).astype(int) - 1
    found = ordinal(item, judge, names[category], order=names.tolist())
    assert np.all((found.lo <= found.median) & (found.median <= found.hi))
    assert np.corrcoef(found.median, z)[0, 1] > 0.8
    assert isinstance(found.latent.value, np.ndarray)


def test_a_value_outside_the_order_is_refused():
    with pytest.raises(BadInput, match="'meh'"):
        votes([1], ["a"], ["meh"], order=["bad", "good"])


def test_consensus_is_a_frozen_value():
    found = majority(votes([1], ["a"], ["x"]))
    assert isinstance(found, Consensus)
    with pytest.raises(AttributeError):
        found.method = "other"


def test_judges_who_share_a_model_are_found_and_no_others():
    """Twelve judges, two of whom copy a third's answer: the three pairs among them are named, nobody else."""
    item, judge, value, _truth = crowd(20, items=600, judges=12, per=12)
    table = value.copy()
    leader = dict(zip(item[judge == 0].tolist(), value[judge == 0].tolist(), strict=True))
    for copier in (1, 2):
        rows = judge == copier
        table[rows] = [leader[i] for i in item[rows]]
    v = votes(item, judge, table)
    found = err_together(v, dawid_skene(v))
    assert {(a, b) for a, b, _rate in found} == {(0, 1), (0, 2), (1, 2)}


def test_independent_judges_are_not_accused():
    """20 crowds of 12 judges: at 95 % for all pairs together one or so of 20 may name somebody; 4 are too many."""
    named = 0
    for seed in range(20):
        item, judge, value, _truth = crowd(30 + seed, items=200, judges=12, per=8)
        v = votes(item, judge, value)
        named += bool(err_together(v, dawid_skene(v)))
    assert named <= 3


def test_gold_stays_clamped_when_a_posterior_is_widened():
    item, judge, value, truth = crowd(21)
    v = votes(item, judge, value)
    gold = {i: int(truth[i]) for i in range(0, 120, 5)}
    wide, _shares = widen(v, dawid_skene(v, gold=gold), gold=gold, rng=1, rounds=20)
    assert all(wide.posterior[i, g] == pytest.approx(1) for i, g in gold.items())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
@pytest.mark.parametrize("fit", METHODS.values(), ids=METHODS.keys())
def test_a_vote_of_weight_two_is_the_vote_twice(fit, seed):
    """A judge who voted twice alike, and one vote that weighs two: the same sufficient statistics."""
    item, judge, value, _truth = crowd(seed, items=40)
    twice = np.random.default_rng(seed).random(item.size) < 0.3
    once = votes(item, judge, value, order=[0, 1, 2])
    weighed = replace(once, weight=1.0 + twice)
    rows = np.repeat(np.arange(item.size), 1 + twice)
    one, two = fit(weighed), fit(votes(item[rows], judge[rows], value[rows], order=[0, 1, 2]))
    assert isinstance(one, Undefined) == isinstance(two, Undefined)
    if isinstance(one, Consensus):
        assert one.posterior == pytest.approx(two.posterior, abs=1e-4)


@pytest.mark.parametrize("fit", METHODS.values(), ids=METHODS.keys())
@pytest.mark.parametrize(
    "rows",
    [(["i"], ["a"], ["x"]), (["i", "k"], ["a", "a"], ["x", "y"]), (["i", "i"], ["a", "b"], ["x", "x"])],
    ids=["one row", "one judge", "one class"],
)
def test_what_is_too_little_is_typed_and_never_nan(fit, rows):
    found = fit(votes(*rows))
    assert isinstance(found, Undefined) or np.isfinite(found.posterior).all()
    chosen = choose(votes(*rows), rng=1)
    assert (chosen.method, chosen.by) == ("majority", "nothing")


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_a_choice_does_not_depend_on_the_order_of_rows_and_is_repeatable(seed):
    item, judge, value, truth = crowd(seed, items=40)
    gold = {i: int(truth[i]) for i in range(10)}
    order = np.random.default_rng(seed).permutation(item.size)
    one = choose(votes(item, judge, value, order=[0, 1, 2]), gold=gold, rng=3)
    two = choose(votes(item[order], judge[order], value[order], order=[0, 1, 2]), gold=gold, rng=3)
    assert (one.method, one.by, one.claim) == (two.method, two.by, two.claim)
    assert one.figures == two.figures


def test_votes_of_one_value_cannot_be_predicted_from_each_other() -> None:
    """Ten votes, all `yes`, hold nothing to tell judges by: said so, without dividing by the number of wrong values."""
    v = votes(np.repeat(np.arange(5), 2), np.tile([0, 1], 5), ["yes"] * 10)
    assert held_out(v, METHODS["majority"], rng=0) == Undefined("all votes are one value: nothing to predict")
    assert choose(v, rng=0).method == "majority"


def test_free_texts_have_a_majority_but_no_table_of_mistakes() -> None:
    """6,000 different answers by 3 judges would be 3 · 6,000² = 108 million cells: the majority stays."""
    v = votes(np.repeat(np.arange(2000), 3), np.tile([0, 1, 2], 2000), [f"answer {k}" for k in range(6000)])
    assert isinstance(dawid_skene(v), Undefined)
    assert isinstance(one_coin(v), Undefined)
    assert not isinstance(majority(v), Undefined)
