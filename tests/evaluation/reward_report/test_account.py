"""A reward model's account: beside people, beside simple rules, calibrated apart, with the pairs to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from pytest import approx
from scipy import special

from tutelage.errors import BadInput
from tutelage.evaluation.baselines import Longer
from tutelage.evaluation.reward_report import cross_fitted, held, report
from tutelage.evaluation.reward_report.calibration import calibrate, calibration_error
from tutelage.evaluation.reward_report.ceiling import ceiling
from tutelage.evaluation.reward_report.held import Held, of_scores, read
from tutelage.models import Prompt
from tutelage.records import Estimate, Figure, RankedRow, Undefined, assistant, user


def row(better: str, worse: str, group: str, *, votes: int = 1, certainty: float = 1.0) -> RankedRow:
    ids = tuple(f"{group}/{n}" for n in range(votes))
    return RankedRow(user("q"), (assistant(better), assistant(worse)), (1, 2), ids, group, certainty=certainty)


class Marked:
    """Scores an answer by the number it ends with, times `sharp`."""

    digest = "sha256:marked"

    def __init__(self, name: str = "marked", sharp: float = 1.0) -> None:
        self.name, self.sharp = name, sharp

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> np.ndarray:
        return np.array([self.sharp * float(r[0].text.split()[-1]) for r in responses])


def truthful(n: int, rng: np.random.Generator, *, groups: int = 40, votes: int = 1) -> list[RankedRow]:
    """Pairs whose votes follow σ(difference of their numbers), so that `Marked` is calibrated at `sharp` 1."""
    rows = []
    for at in range(n):
        gap = float(rng.normal(0, 1.5))
        k = rng.binomial(votes, special.expit(gap))
        ahead = 2 * k > votes if votes > 1 else k == 1
        texts = (f"x {gap:.6f}", "y 0.0") if ahead else ("y 0.0", f"x {gap:.6f}")
        rows.append(row(*texts, f"g{at % groups}", votes=votes, certainty=max(k, votes - k) / votes))
    return rows


def known(figure: Figure) -> Estimate:
    assert isinstance(figure, Estimate)
    return figure


def test_one_temperature_repairs_a_boaster_and_leaves_the_honest_alone():
    """2 000 pairs: a model three times too sure has a temperature near 3, and an error that falls below 0.04."""
    rows = truthful(2000, np.random.default_rng(0))
    data, rng = held(rows), np.random.default_rng(1)
    honest, boaster = (
        calibrate(read(Marked(sharp=sharp), data).logit, data.share, data, of="share", rng=rng, level=0.95)
        for sharp in (1.0, 3.0)
    )
    assert honest.temperature is not None
    assert boaster.temperature is not None
    assert honest.temperature[0] == approx(1.0, abs=0.15)
    assert boaster.temperature[0] == approx(3.0, abs=0.4)
    assert known(honest.error_before).value < 0.04
    assert known(boaster.error_before).value > 0.08
    assert known(boaster.error_after).value < 0.04


@pytest.mark.parametrize(("n", "groups", "sharp"), [(200, 100, 1.0), (200, 100, 2.0), (1000, 6, 1.5)])
def test_the_calibration_error_lies_in_its_interval_at_least_as_often_as_claimed(n: int, groups: int, sharp: float):
    """120 studies each; the truth is that of 100 000 pairs; at 95 %, below 107 of 120 is 1 in 500 by chance."""
    rng = np.random.default_rng(5)

    def error(pairs: int, units: int) -> Estimate:
        z = rng.normal(0, 1.2, pairs)
        target = (rng.random(pairs) < special.expit(z)).astype(float)
        names = np.array([f"g{i % units}" for i in range(pairs)])
        data = Held([], [(0, 0, 1)] * pairs, target, np.ones(pairs), names, names)
        return known(calibration_error(sharp * z, target, data, rng=rng, level=0.95))

    truth = error(100_000, 10).value
    found = [error(n, groups) for _ in range(120)]
    assert sum(f.lo <= truth <= f.hi for f in found) >= 107


def test_the_temperature_of_a_group_never_saw_that_group():
    """Group b is coin flips claimed with certainty; group a is right. b's temperature comes from a alone, so b stays
    as wrong as it was: a calibration that had looked at b would have hidden it.
    """
    rows = [row("1", "0", "a") for _ in range(40)] + [row("1", "0", "b") for _ in range(40)]
    data = held(rows)
    flip = np.where(np.arange(40) % 2 == 0, 4.0, -4.0)
    logit = np.concatenate([np.full(40, 4.0), flip])
    found = calibrate(logit, data.share, data, of="verdict", rng=np.random.default_rng(0), level=0.95)
    assert found.temperature is not None
    assert found.temperature[0] < 0.2  # fitted on a, used on b: surer still
    assert found.temperature[1] > 10  # fitted on b, used on a
    assert "never on the pairs of the group" in found.split


def test_one_group_cannot_be_calibrated_and_says_so():
    rows = [row(f"x {n}", "y 0.5", "only") for n in range(1, 30)]
    found = report(Marked(), rows, rng=np.random.default_rng(0))
    assert isinstance(found.calibration.error_after, Undefined)
    assert found.calibration.temperature is None


def test_the_ceiling_is_a_vote_left_out_against_the_others():
    """4 of 5: one of the four agrees with the others (3 to 1), the fifth does not (0 to 4): 4/5. The model sides with
    the majority each time: 1. Two votes agree in (4·3)/(5·4) = 0.6, a model that is right agrees with 0.8 of votes.
    """
    rows = [row("x 1", "y 0", f"g{n}", votes=5, certainty=0.8) for n in range(6)]
    found = ceiling(np.ones(6), held(rows), level=0.95)
    assert known(found.person).value == approx(0.8)
    assert known(found.model).value == approx(1.0)
    assert known(found.model_less_person).value == approx(0.2)
    assert known(found.two_votes).value == approx(0.6)
    assert known(found.model_and_vote).value == approx(0.8)


def test_a_split_of_three_to_two_makes_every_left_out_vote_a_coin_or_worse():
    """3 of 5: leave one of three out and the rest is 2 to 2 (½); leave one of two out and it is 3 to 1 against: 0.3."""
    rows = [row("x 1", "y 0", f"g{n}", votes=5, certainty=0.6) for n in range(6)]
    found = ceiling(np.ones(6), held(rows), level=0.95)
    assert known(found.person).value == approx(3 / 5 * 1 / 2 + 2 / 5 * 0)
    assert known(found.model).value == approx(3 / 5 * 1 / 2 + 2 / 5 * 1)


def test_pairs_of_one_vote_have_no_ceiling_and_the_report_does_not_invent_one():
    found = report(Marked(), truthful(100, np.random.default_rng(0)), rng=np.random.default_rng(0))
    assert isinstance(found.ceiling.person, Undefined)
    assert isinstance(found.human_agreement, Undefined)


def test_every_simple_rule_is_beside_it_and_the_best_of_them_is_the_baseline():
    """People prefer the longer: the model (numbers, all equal) knows nothing, and loses to length."""
    rows = [row("a longer answer 1", "short 1", f"g{n % 8}") for n in range(80)]
    found = report(Marked(), rows, rng=np.random.default_rng(0))
    assert {b.name for b in found.baselines} == {
        "coin", "longer", "shorter", "length only", "surface features", "bag of words",
    }  # fmt: skip
    assert known(found.accuracy).value == 0.5
    assert known(found.baseline_accuracy).value == 1.0
    assert not found.beats_baseline
    assert known(next(b for b in found.baselines if b.name == "coin").accuracy).value == 0.5


def test_the_worst_pairs_are_confident_errors_where_people_agree_with_text_and_ids():
    """Two errors of the same margin, one that 5 of 5 people saw and one that 3 of 5 saw: the first comes first, and
    the answer that was wrongly preferred twice stands for both.
    """
    rows = [row(f"good {n}", "bad 0", f"g{n}", votes=5) for n in range(1, 9)]
    rows += [row("split 0", "other 3", "a", votes=5, certainty=0.6), row("agreed 0", "another 3", "b", votes=5)]
    rows += [row("again 0", "another 3", "c", votes=5)]
    worst = report(Marked(), rows, rng=np.random.default_rng(0)).worst
    assert [w.row for w in worst] == [9, 8]
    assert (worst[0].better_text, worst[0].share, worst[0].contributions[0]) == ("agreed 0", 1.0, "b/0")


def test_domains_are_told_apart_and_groups_stay_the_units():
    rows = truthful(200, np.random.default_rng(3), groups=20)
    found = report(
        Marked(),
        rows,
        rng=np.random.default_rng(0),
        domains={f"g{n}": "even" if n % 2 == 0 else "odd" for n in range(20)},
    )
    assert [(d.name, d.pairs) for d in found.by_domain] == [("even", 100), ("odd", 100)]
    assert known(found.by_domain[0].accuracy).n == 10


def test_groups_that_nobody_named_are_no_domains() -> None:
    """A prompt's digest tells a reader nothing."""
    rows = [row("good 1", "bad 0", f"sha256:{n % 4}") for n in range(8)]
    assert report(Marked(), rows, rng=np.random.default_rng(0)).by_domain == ()


def test_cross_fitting_scores_each_group_by_a_model_that_never_saw_it():
    seen: list[set[str]] = []

    def fit(rows: Sequence[RankedRow], rng: np.random.Generator) -> Longer:
        seen.append({r.group for r in rows})
        return Longer(1)

    rows = [row("aaaa", "bb", f"g{n % 4}") for n in range(40)]
    found = cross_fitted(rows, fit, rng=np.random.default_rng(0))
    assert sorted(map(len, seen)) == [3, 3, 3, 3]
    assert known(found.accuracy).value == 1.0


def test_rows_without_a_preference_are_refused():
    tied = RankedRow(user("q"), (assistant("a"), assistant("b")), (1, 1), (), "g")
    with pytest.raises(BadInput, match="prefer no answer"):
        held([tied])


def test_a_spread_pulls_the_stated_share_towards_a_half():
    """Margin 2 and variance 2 between people: logit 2/√(1 + 2π/8)."""
    data = held([row("a", "b", f"g{n}") for n in range(2)])
    reading = of_scores("m", "", [np.array([2.0, 0.0])] * 2, data, np.full(2, 2.0))
    assert reading.logit.tolist() == approx([2 / np.sqrt(1 + np.pi / 4)] * 2)
    assert reading.right.tolist() == [1.0, 1.0]
