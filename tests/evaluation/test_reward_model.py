"""A reward model's account: beside its baseline, clustered, calibrated, with the pairs it got most wrong."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from pytest import approx
from scipy import special

from tutelage.evaluation.baselines import Longer
from tutelage.evaluation.reward_model import assess, evaluate, evaluate_cross_fitted
from tutelage.records import Estimate, RankedRow, Undefined, assistant, user
from tutelage.training.head import HeadConfig, fit

DATA = Path(os.environ.get("TUTELAGE_DATA", "../shared/data"))


def row(better: str, worse: str, group: str, *, votes: int = 1, certainty: float = 1.0) -> RankedRow:
    ids = tuple(f"{group}/{n}" for n in range(votes))
    return RankedRow(user("q"), (assistant(better), assistant(worse)), (1, 2), ids, group, certainty=certainty)


def margins(rows: list[RankedRow], values: np.ndarray) -> list[np.ndarray]:
    return [np.array([v, 0.0]) for v in values]


def test_gain_is_the_difference_of_two_accuracies_on_the_same_pairs():
    """4 groups of 2 pairs: the model has 7 of 8 right, the baseline 4 of 8: gain 3/8."""
    rows = [row("aaaa", "bbbb", f"g{n // 2}") for n in range(8)]
    model = margins(rows, np.array([1, 1, 1, 1, 1, 1, 1, -2.0]))
    base = margins(rows, np.array([1, -1, 1, -1, 1, -1, 1, -1.0]))
    report = assess(rows, model, base, rng=np.random.default_rng(0))
    assert isinstance(report.accuracy, Estimate)
    assert isinstance(report.gain, Estimate)
    assert (report.accuracy.value, report.gain.value) == (7 / 8, approx(3 / 8))
    assert (report.accuracy.n, report.pairs) == (4, 8)
    assert [(w.row, w.margin) for w in report.worst] == [(7, -2.0)]


def test_only_pairs_within_ten_percent_of_length_are_length_matched():
    rows = [row("a" * 100, "b" * 105, f"g{n}") for n in range(3)] + [row("a" * 100, "b" * 120, "g3")]
    report = assess(rows, margins(rows, np.ones(4)), margins(rows, -np.ones(4)), rng=np.random.default_rng(0))
    assert isinstance(report.length_matched_accuracy, Estimate)
    assert report.length_matched_accuracy.rows == 3


def test_a_model_that_knows_how_sure_it_is_has_a_calibration_error_near_zero_and_a_boaster_has_not():
    """4 000 pairs right with the chance claimed; doubling the logits claims more than is true."""
    rng = np.random.default_rng(1)
    size = np.abs(rng.normal(0, 1.5, 4000))
    z = np.where(rng.random(4000) < special.expit(size), size, -size)
    rows = [row("a", "b", f"g{n % 400}") for n in range(4000)]
    honest = assess(rows, margins(rows, z), margins(rows, z), rng=rng).calibration_error
    boaster = assess(rows, margins(rows, 3 * z), margins(rows, z), rng=rng).calibration_error
    assert isinstance(honest, Estimate)
    assert isinstance(boaster, Estimate)
    assert honest.value < 0.03
    assert boaster.value > 0.08


def test_the_human_ceiling_comes_from_votes_and_is_undefined_without_them():
    """4 of 5 votes: two random ones agree in (4·3 + 1·0)/(5·4) = 12/20."""
    rows = [row("a", "b", f"g{n}", votes=5, certainty=0.8) for n in range(4)]
    report = assess(rows, margins(rows, np.ones(4)), margins(rows, np.ones(4)), rng=np.random.default_rng(0))
    assert isinstance(report.human_agreement, Estimate)
    assert report.human_agreement.value == approx(12 / 20)
    single = [row("a", "b", f"g{n}") for n in range(4)]
    report = assess(single, margins(single, np.ones(4)), margins(single, np.ones(4)), rng=np.random.default_rng(0))
    assert isinstance(report.human_agreement, Undefined)


def test_without_training_rows_the_baseline_gets_the_benefit_of_choice():
    rows = [row("a", "bbbbbb", f"g{n}") for n in range(4)]
    report = evaluate(Longer(1), rows, rng=np.random.default_rng(0))
    assert report.baseline == "shorter"
    assert "no training rows" in report.baseline_chosen
    assert not report.beats_baseline


def test_a_model_that_equals_its_baseline_is_never_said_to_beat_it():
    rows = [row("aaaa" if n % 3 else "a", "bb", f"g{n % 6}") for n in range(24)]
    report = evaluate_cross_fitted(rows, lambda _rows, _rng: Longer(1), k=3, rng=np.random.default_rng(0))
    assert report.baseline == "longer"
    assert not report.beats_baseline


@pytest.mark.real_data
@pytest.mark.skipif(not (DATA / "ukp_convarg").is_dir(), reason="neither $TUTELAGE_DATA nor ../shared/data is here")
@pytest.mark.parametrize(
    ("blocks", "k"),
    [(("surface",), 4), pytest.param(("surface", "ngrams"), None, marks=pytest.mark.slow)],
)
def test_on_debates_it_never_saw_it_beats_the_best_baseline(blocks: tuple[str, ...], k: int | None, tmp_path: Path):
    """UKP without MiniLM, as a machine without weights would have it: the interval of the gain lies above 0."""
    sys.path.insert(0, "benchmarks")
    from reward_real_data import ukp_convarg

    from tutelage.models.head import load

    taken = iter(range(100))

    def train(some, rng):
        return load(fit(some, out=tmp_path / str(next(taken)), config=HeadConfig(blocks=blocks, folds=3), rng=rng))

    report = evaluate_cross_fitted(ukp_convarg(DATA / "ukp_convarg"), train, k=k, rng=np.random.default_rng(0))
    assert report.groups == 12
    assert report.beats_baseline
