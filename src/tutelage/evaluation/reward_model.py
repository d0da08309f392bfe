"""How good a reward model is: beside the best baseline, beside people, calibrated or not, and where it fails.

Rows of one group (a prompt, a debate) are never counted as independent: every interval is clustered by group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from tutelage.evaluation.baselines import Fit, Longer, best_on, cross_fit, pair_correct, row_scores
from tutelage.measure.intervals import bootstrap, mean, paired_difference
from tutelage.models import RewardModel
from tutelage.records import Estimate, Figure, RankedRow, Undefined, text_of

Floats = npt.NDArray[np.float64]
LENGTH_MATCHED = np.log(1.1)  # characters within 10 %
_BINS, _MANY_GROUPS, _WORST = 10, 30, 10
Bins = tuple[tuple[str, Figure], ...]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pairs of similar confidence: what the model claimed and what happened."""

    claimed: float
    observed: Figure
    pairs: int


@dataclass(frozen=True, slots=True)
class WorstPair:
    """A pair the model got wrong with confidence. `row` counts from 0 in the file; indices are answers of it."""

    row: int
    better: int
    worse: int
    margin: float
    prompt: str


@dataclass(frozen=True, slots=True)
class RewardReport:
    """A reward model's account. Every figure has its interval, clustered by group.

    gain                 accuracy − baseline accuracy on the same pairs
    beats_baseline       whether the whole interval of `gain` is above 0
    human_agreement      how often two people who judged the same pair agree (ties count ½): the ceiling
    calibration_error    mean |claimed − observed| over bins of equal size; 0 is perfect. Observed is the share of
                         people on the model's side: the row's certainty, or 1 − certainty where the model errs
    """

    model: str
    baseline: str
    baseline_chosen: str
    rows: int
    pairs: int
    groups: int
    ties_left_out: int
    accuracy: Figure
    baseline_accuracy: Figure
    gain: Figure
    beats_baseline: bool
    length_matched_accuracy: Figure
    length_matched_gain: Figure
    calibration_error: Figure
    reliability: tuple[ReliabilityBin, ...]
    by_margin: Bins
    by_certainty: Bins
    by_group: Bins
    human_agreement: Figure
    worst: tuple[WorstPair, ...]


def evaluate(
    model: RewardModel,
    rows: Sequence[RankedRow],
    *,
    train: Sequence[RankedRow] | None = None,
    rng: np.random.Generator,
    level: float = 0.95,
) -> RewardReport:
    """Hold a trained reward model against rows it was not trained on.

    train  the rows it was trained on, where known: the baseline is the best of longer, shorter and bag of words there.
           Without them it is the better of longer and shorter on `rows` themselves, which favours the baseline.
    """
    scores = row_scores(model, rows)
    if train is not None:
        baseline, _ = best_on(train, rng=rng)
        chosen = f"best of longer, shorter and bag of words on {len(train)} training rows"
    else:
        both = [Longer(1), Longer(-1)]
        baseline = max(both, key=lambda b: float(pair_correct(rows, row_scores(b, rows)).mean()))
        chosen = "the better of longer and shorter on these very rows (no training rows given)"
    report = assess(rows, scores, row_scores(baseline, rows), rng=rng, level=level)
    return replace(report, model=model.name, baseline=baseline.name, baseline_chosen=chosen)


def evaluate_cross_fitted(
    rows: Sequence[RankedRow],
    fit: Fit,
    *,
    k: int | None = None,
    rng: np.random.Generator,
    level: float = 0.95,
    name: str = "cross-fitted",
) -> RewardReport:
    """Hold a way of training against rows, each scored by a model that saw nothing of its group.

    k  folds of whole groups; None leaves one group out at a time. The baseline is chosen on the same training folds.
    """
    folds, bases = rng.spawn(2)
    chosen: list[str] = []

    def baseline(train: Sequence[RankedRow], inner: np.random.Generator) -> RewardModel:
        best, _ = best_on(train, rng=inner)
        chosen.append(best.name)
        return best

    seed = int(folds.integers(2**63))
    # the same deal of groups for both, so that the difference is paired fold by fold
    scores = cross_fit(rows, k, fit, rng=np.random.default_rng(seed))
    base = cross_fit(rows, k, baseline, rng=np.random.default_rng(seed))
    report = assess(rows, scores, base, rng=bases, level=level)
    counted = ", ".join(f"{b} in {chosen.count(b)}" for b in dict.fromkeys(chosen))
    return replace(
        report,
        model=name,
        baseline=" / ".join(dict.fromkeys(chosen)),
        baseline_chosen=f"on each training fold: {counted}",
    )


def assess(
    rows: Sequence[RankedRow],
    scores: Sequence[Floats],
    baseline: Sequence[Floats],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
) -> RewardReport:
    """The account of given scores: (K,) a row, of a model and of its baseline. Margins are read as logits."""
    right, base = pair_correct(rows, scores), pair_correct(rows, baseline)
    at = [(n, i, j) for n, row in enumerate(rows) for i, j in row.pairs()]
    margin = np.array([scores[n][i] - scores[n][j] for n, i, j in at])
    group = np.array([rows[n].group for n, _, _ in at])
    certainty = np.array([rows[n].certainty for n, _, _ in at])
    matched = np.abs([_log_length(rows[n], i) - _log_length(rows[n], j) for n, i, j in at]) <= LENGTH_MATCHED

    with_model = right * certainty + (1 - right) * (1 - certainty)

    def share(kept: npt.NDArray[np.bool_]) -> Figure:
        return mean(right[kept], clusters=group[kept], level=level, bounds=(0, 1))

    def people(kept: npt.NDArray[np.bool_]) -> Figure:
        return mean(with_model[kept], clusters=group[kept], level=level, bounds=(0, 1))

    everything = np.ones(right.size, bool)
    gain = _gain(right, base, group, everything, level)
    return RewardReport(
        model="given scores",
        baseline="given scores",
        baseline_chosen="given",
        rows=len(rows),
        pairs=right.size,
        groups=np.unique(group).size,
        ties_left_out=sum(len(row.ties()) for row in rows),
        accuracy=share(everything),
        baseline_accuracy=mean(base, clusters=group, level=level, bounds=(0, 1)),
        gain=gain,
        beats_baseline=isinstance(gain, Estimate) and gain.lo > 0,
        length_matched_accuracy=share(matched),
        length_matched_gain=_gain(right, base, group, matched, level),
        calibration_error=bootstrap(
            _calibration_error,
            special.expit(np.abs(margin)),
            with_model,
            clusters=group,
            rng=rng,
            rounds=400,
            level=level,
        ),
        reliability=_reliability(margin, people),
        by_margin=_by_margin(margin, share),
        by_certainty=_by_certainty(certainty, share),
        by_group=_by_group(right, group, level),
        human_agreement=_human_agreement(rows, level),
        worst=_worst(rows, at, margin),
    )


def _log_length(row: RankedRow, answer: int) -> float:
    return float(np.log1p(len(text_of(row.responses[answer]))))


def _gain(right: Floats, base: Floats, group: Any, kept: npt.NDArray[np.bool_], level: float) -> Figure:
    return paired_difference(right[kept], base[kept], clusters=group[kept], level=level)


Share = Callable[[npt.NDArray[np.bool_]], Figure]


def _bins(x: Floats, k: int) -> list[npt.NDArray[np.bool_]]:
    """k masks of about equal size, by rank of x; equal values of x stay together."""
    edges = np.unique(np.quantile(x, np.linspace(0, 1, k + 1)[1:-1]))
    code = np.searchsorted(edges, x, side="right")
    return [code == c for c in np.unique(code)]


def _calibration_error(claimed: Floats, observed: Floats) -> float:
    masks = _bins(claimed, _BINS)
    return float(sum(m.mean() * abs(claimed[m].mean() - observed[m].mean()) for m in masks))


def _reliability(margin: Floats, share: Share) -> tuple[ReliabilityBin, ...]:
    claimed = special.expit(np.abs(margin))
    return tuple(ReliabilityBin(float(claimed[m].mean()), share(m), int(m.sum())) for m in _bins(claimed, _BINS))


def _by_margin(margin: Floats, share: Share) -> Bins:
    size = np.abs(margin)
    return tuple((f"{size[m].min():.2f} to {size[m].max():.2f} logits", share(m)) for m in _bins(size, 4))


def _by_certainty(certainty: Floats, share: Share) -> Bins:
    edges = np.array([0.0, 0.6, 0.75, 0.9, 1.0])
    code = np.searchsorted(edges, certainty, side="left")
    out = [(f"people {edges[c - 1]:.0%} to {edges[c]:.0%} sure", share(code == c)) for c in np.unique(code) if c > 0]
    return tuple(out)


def _by_group(right: Floats, group: Any, level: float) -> Bins:
    names = np.unique(group)
    if names.size > _MANY_GROUPS:
        return ()
    # rows within one group share its prompt: the interval speaks of this group only
    return tuple((str(n), mean(right[group == n], level=level, bounds=(0, 1))) for n in names)


def _human_agreement(rows: Sequence[RankedRow], level: float) -> Figure:
    """Two random votes on the same pair, from the winner's share and the number of votes of each row."""
    several = [row for row in rows if len(row.contributions) > 1 and len(row.pairs()) == 1]
    if not several:
        return Undefined("no pair was judged by two people")
    n = np.array([len(row.contributions) for row in several])
    k = np.round(2 * n * [row.certainty for row in several]) / 2  # half votes are ties
    agree = np.clip((k * (k - 1) + (n - k) * (n - k - 1)) / (n * (n - 1)), 0, 1)
    return mean(agree, clusters=np.array([row.group for row in several]), level=level, bounds=(0, 1))


def _worst(rows: Sequence[RankedRow], at: Sequence[tuple[int, int, int]], margin: Floats) -> tuple[WorstPair, ...]:
    order = np.argsort(margin, kind="stable")[:_WORST]
    return tuple(
        WorstPair(at[p][0], at[p][1], at[p][2], float(margin[p]), text_of(rows[at[p][0]].prompt)[-200:])
        for p in order
        if margin[p] < 0
    )
