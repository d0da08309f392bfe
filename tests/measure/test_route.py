"""Accept, another, or expert."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx

from tutelage.errors import BadInput
from tutelage.measure.route import ACCEPT, gains, label_gain, recalibrated, route, update

OTHER, EXPERT = np.array([[0.7, 0.3], [0.3, 0.7]]), np.array([[0.95, 0.05], [0.05, 0.95]])
SOURCES = np.stack([OTHER, EXPERT])


def test_the_gain_of_an_expert_on_an_even_item_is_forty_five_points():
    """From .5 to .95: after either answer the verdict is right with .95."""
    assert label_gain(np.array([[0.5, 0.5]]), EXPERT) == approx([0.45])


def test_one_weak_vote_cannot_turn_a_firm_verdict_but_looking_further_sees_that_two_or_three_can():
    """At .8 against .2 one vote at 70 % never changes the verdict (gain 0); three together do."""
    firm = np.array([[0.8, 0.2]])
    assert label_gain(firm, OTHER) == approx([0.0])
    assert gains(firm, SOURCES)[0, 0] > 0


def test_a_settled_item_is_accepted_a_cheap_one_goes_to_another_and_a_hard_one_to_the_expert():
    """Right verdicts are worth 10; another costs 1, an expert 3."""
    posterior = np.array([[0.999, 0.001], [0.5, 0.5]])
    assert route(posterior, SOURCES, [1.0, 3.0], budget=100, worth=10).choice.tolist() == [ACCEPT, 0]
    assert route(posterior, SOURCES, [1.0, 1.5], budget=100, worth=10).choice.tolist() == [ACCEPT, 1]


def test_no_budget_accepts_everything_and_says_why():
    found = route([[0.5, 0.5]], SOURCES, [1.0, 3.0], budget=0, worth=10)
    assert found.choice.tolist() == [ACCEPT] and found.stopped == "the budget is spent" and found.spent == 0


def test_nothing_is_bought_above_its_worth():
    found = route([[0.5, 0.5]], SOURCES, [1.0, 3.0], budget=100, worth=0.5)
    assert found.choice.tolist() == [ACCEPT] and found.stopped == "nothing is worth its price"


def test_equal_sources_go_to_the_cheaper():
    found = route([[0.5, 0.5]] * 4, np.stack([EXPERT, EXPERT]), [2.0, 1.0], budget=100, worth=10)
    assert found.choice.tolist() == [1] * 4


def test_load_and_exposure_rules_bind_whatever_the_gain():
    """The expert may take one item, and item 0 is not for the others."""
    may = np.array([[False, True], [True, True], [True, True]])
    found = route([[0.5, 0.5]] * 3, SOURCES, [1.0, 1.2], budget=100, worth=10, capacity=[9, 1], eligible=may)
    assert found.choice.tolist() == [1, 0, 0]
    none = route([[0.5, 0.5]], SOURCES, [1.0, 1.2], budget=100, worth=10, capacity=[0, 0])
    assert none.choice.tolist() == [ACCEPT] and none.stopped == "nobody may take what is left"


def test_rows_that_do_not_add_up_are_refused():
    with pytest.raises(BadInput):
        route([[0.5, 0.2]], SOURCES, [1.0, 3.0], budget=1)
    with pytest.raises(BadInput):
        route([[0.5, 0.5]], SOURCES, [0.0, 3.0], budget=1)


def test_bayes_by_hand():
    """.6/.4 after a 70 % vote for the second: .18 / (.18 + .28) = .391."""
    assert update([0.6, 0.4], OTHER, 1) == approx([0.18 / 0.46, 0.28 / 0.46])


def test_spending_where_it_pays_beats_random_and_asking_about_the_least_certain():
    """Two kinds of items: unclear ones nobody can settle, and unclear ones an expert can. Same budget, more right."""
    rng = np.random.default_rng(1)
    p = np.clip(rng.beta(4, 2, 600), 0.5, 1)
    truth = (rng.random(600) > p).astype(int)
    posterior = np.stack([p, 1 - p], axis=1)
    found = route(posterior, SOURCES, [1.0, 2.0], budget=150, worth=100)

    def right(choice, seed):
        draws = np.random.default_rng(seed)
        total = 0
        for i, source in enumerate(choice):
            q = posterior[i]
            if source >= 0:
                said = int(draws.random() < SOURCES[source][truth[i], 1])
                q = update(q, SOURCES[source], said)
            total += int(q.argmax() == truth[i])
        return total

    chance = np.full(600, ACCEPT)
    chance[rng.choice(600, 75, replace=False)] = 1
    ours = np.mean([right(found.choice, s) for s in range(10)])
    assert ours > np.mean([right(chance, s) for s in range(10)]) + 10
    assert ours >= np.mean([right(np.full(600, ACCEPT), 0)]) + 20


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0, 20), st.floats(0, 20))
def test_gains_are_never_negative_and_value_never_falls_with_budget(shares, a, b):
    posterior = np.array([[x, 1 - x] for x in shares])
    assert (gains(posterior, SOURCES) >= 0).all()
    few, many = (route(posterior, SOURCES, [1.0, 3.0], budget=x, worth=20) for x in sorted((a, b)))
    assert few.value <= many.value + 1e-12 and few.spent <= many.spent + 1e-12
    assert many.spent <= max(a, b) + 1e-6


def test_no_answer_changes_nothing_and_one_answer_changes_little():
    posterior = np.array([[0.8, 0.2], [0.5, 0.5], [0.3, 0.7]])
    assert recalibrated(posterior, [-1, -1, -1]) == approx(posterior)
    once = recalibrated(posterior, [1, -1, -1])
    assert once[0].tolist() == [0.0, 1.0]
    assert 0.5 < once[1, 1] < 0.65


def test_an_expert_who_keeps_contradicting_the_crowd_moves_its_other_verdicts():
    """Items at .6 for the first answer; the expert says the second on 20 of 20 looked at: the rest turn."""
    posterior = np.tile([0.6, 0.4], (40, 1))
    known = np.where(np.arange(40) < 20, 1, -1)
    assert recalibrated(posterior, known)[30, 1] > 0.7


@pytest.mark.real_data
def test_routing_a_fifth_of_dices_to_the_expert_beats_random_and_least_confidence():
    """350 dialogues, 123 raters, one expert; curve of accuracy over the first 20 % of expert answers, as a share of the
    oracle's area; 20 subsamples of 280. Crowds call too much safe: what the expert says of some corrects the others.
    """
    polars = pytest.importorskip("polars")
    root = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "dices_350"
    if not root.exists():
        pytest.skip(f"no dices_350 under {root}: set TUTELAGE_DATA")
    items = polars.read_parquet(root / "items.parquet").sort("id")
    gold = (items["expert_gold"] == "unsafe").to_numpy().astype(int)
    unsafe, safe = (items[c].to_numpy().astype(float) for c in ("n_unsafe", "n_safe"))
    crowd = np.clip(unsafe / (unsafe + safe), 0.01, 0.99)
    crowd = np.stack([1 - crowd, crowd], axis=1)

    def area(rows, pick):
        p, truth = crowd[rows], gold[rows]
        known, gained = np.full(len(rows), -1), []
        start = (p.argmax(axis=1) == truth).mean()
        for _ in range(8):
            asked = pick(p, known)
            known[asked] = truth[asked]
            now = recalibrated(p, known) if pick is by_value else np.where((known >= 0)[:, None], np.eye(2)[known], p)
            gained.append((now.argmax(axis=1) == truth).mean() - start)
        wrong = 1 - start
        return np.mean(gained) / np.mean([min(7 * (m + 1) / len(rows), wrong) for m in range(8)])

    def by_value(p, known):
        sure = np.stack([np.eye(2), np.eye(2)])[:1]
        found = route(recalibrated(p, known), sure, [1.0], budget=7, worth=1e6, eligible=(known < 0)[:, None])
        return np.flatnonzero(found.choice == 0)

    def least_confident(p, known):
        return np.argsort(np.where(known >= 0, 9.0, p.max(axis=1)), kind="stable")[:7]

    rng = np.random.default_rng(1)
    found = {
        name: [area(np.random.default_rng(s).choice(350, 280, replace=False), pick) for s in range(20)]
        for name, pick in {
            "value": by_value, "confidence": least_confident,
            "random": lambda p, known: rng.permutation(np.flatnonzero(known < 0))[:7],
        }.items()
    }  # fmt: skip
    gain = np.subtract(found["value"], found["confidence"])
    assert np.mean(found["value"]) > 0.6 > np.mean(found["confidence"]) > np.mean(found["random"])
    assert np.quantile(gain, 0.05) > 0
