"""A reward model's account: against people, against simple rules, calibrated or not, by topic, and where it fails.

    report(model, rows, rng=…)               a trained model on rows it was not trained on
    cross_fitted(rows, fit, rng=…)           a way of training, each group scored by a model that never saw it
    value(splits, blocks=…, rng=…)           what slices of the training rows cost and moved

Every figure is clustered by group: rows of one prompt, one debate are never counted as independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tutelage.evaluation.baselines import Fit, cross_fit
from tutelage.evaluation.reward_report.against import Against, against
from tutelage.evaluation.reward_report.calibration import Bin, Calibration, bins, calibrate, calibration_error
from tutelage.evaluation.reward_report.ceiling import Ceiling, ceiling
from tutelage.evaluation.reward_report.held import Floats, Held, Read, held, of_scores, read
from tutelage.evaluation.reward_report.rivals import Rival, rivals
from tutelage.evaluation.reward_report.topics import Change, changes
from tutelage.evaluation.reward_report.value import Cost, Costs, Split, Value, value
from tutelage.models import RewardModel
from tutelage.records import Estimate, Figure, RankedRow, text_of

__all__ = [
    "Against", "Bin", "Calibration", "Ceiling", "Change", "Cost", "Costs", "Report", "Rival", "Slice", "Split", "Value",
    "Worst", "against", "changes", "cross_fitted", "held", "read", "report", "value",
]  # fmt: skip

LENGTH_MATCHED = np.log(1.1)  # characters within 10 %
WORST, LONGEST_TEXT, MOST_DOMAINS, IDS = 10, 2000, 40, 5
SURE = (0.5, 0.6, 0.75, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the pairs: how often right, and how true the stated shares are there (as the model states them)."""

    name: str
    pairs: int
    accuracy: Figure
    calibration_error: Figure


@dataclass(frozen=True, slots=True)
class Worst:
    """A pair the model got wrong with confidence, to be read. `row` counts from 0; people preferred `better`."""

    row: int
    better: int
    worse: int
    margin: float
    share: float
    votes: int
    group: str
    domain: str
    contributions: tuple[str, ...]
    prompt: str
    better_text: str
    worse_text: str


@dataclass(frozen=True, slots=True)
class Report:
    """The account. gain is accuracy less that of the best baseline on the same pairs; `beats_baseline`: all of its
    interval is above 0. calibration_error is after calibration where it could be calibrated apart, else before.
    """

    model: str
    digest: str
    how: str
    rows: int
    pairs: int
    groups: int
    ties_left_out: int
    accuracy: Figure
    human_agreement: Figure
    ceiling: Ceiling
    baseline: str
    baseline_chosen: str
    baseline_accuracy: Figure
    gain: Figure
    beats_baseline: bool
    baselines: tuple[Rival, ...]
    length_matched_accuracy: Figure
    length_matched_gain: Figure
    calibration_error: Figure
    calibration: Calibration
    verdict_calibration: Calibration
    by_domain: tuple[Slice, ...]
    by_margin: tuple[Slice, ...]
    by_certainty: tuple[Slice, ...]
    worst: tuple[Worst, ...]
    against: Against | None = None
    value: Value | None = None


def report(
    model: RewardModel,
    rows: Sequence[RankedRow],
    *,
    rng: np.random.Generator,
    train: Sequence[RankedRow] | None = None,
    other: RewardModel | None = None,
    domains: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> Report:
    """Hold a trained reward model against rows it was not trained on. Raises BadInput where they state no preference.

    train    the rows it was trained on, where known: the fitted baselines are fitted there
    other    a second model on the same pairs: expert- against crowd-trained, or the checkpoint before
    domains  group → domain
    """
    data = held(rows, domains)
    found = _account(read(model, data), data, train=train, k=5, rng=rng, level=level)
    if other is None:
        return found
    return replace(found, against=against(read(model, data), read(other, data), data, rng=rng, level=level))


def cross_fitted(
    rows: Sequence[RankedRow],
    fit: Fit,
    *,
    rng: np.random.Generator,
    k: int | None = None,
    name: str = "cross-fitted",
    domains: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> Report:
    """Hold a way of training against rows, each group scored by a model fitted on other groups only.

    k  folds of whole groups; None leaves one group out at a time
    """
    data = held(rows, domains)
    fits, rest = rng.spawn(2)
    reading = of_scores(name, "", cross_fit(rows, k, fit, rng=fits), data)
    how = "each group left out once" if k is None else f"{k} folds of whole groups"
    return replace(_account(reading, data, train=None, k=k, rng=rest, level=level), how=f"cross-fitted: {how}")


def _account(
    reading: Read,
    data: Held,
    *,
    train: Sequence[RankedRow] | None,
    k: int | None,
    rng: np.random.Generator,
    level: float,
) -> Report:
    right = reading.right
    simple = rivals(right, data, train=train, k=k, rng=rng, level=level)
    people = ceiling(right, data, level=level)
    shares = calibrate(reading.logit, data.share, data, of="share of people", rng=rng, level=level)
    verdicts = calibrate(reading.logit, np.ones(data.pairs), data, of="verdict", rng=rng, level=level)
    matched = np.abs(_log_lengths(data)) <= LENGTH_MATCHED
    return Report(
        model=reading.name,
        digest=reading.digest,
        how="trained before; these pairs are held out by whoever gave them",
        rows=len(data.rows),
        pairs=data.pairs,
        groups=np.unique(data.group).size,
        ties_left_out=data.ties,
        accuracy=data.mean(right, level=level),
        human_agreement=people.two_votes,
        ceiling=people,
        baseline=simple.best.name,
        baseline_chosen=f"the best of {len(simple.each)} on these very pairs, which favours it; {simple.how}",
        baseline_accuracy=simple.best.accuracy,
        gain=simple.best.gain,
        beats_baseline=isinstance(simple.best.gain, Estimate) and simple.best.gain.lo > 0,
        baselines=simple.each,
        length_matched_accuracy=data.mean(right, matched, level=level),
        length_matched_gain=data.difference(right, simple.right, matched, level=level),
        calibration_error=shares.error_after if isinstance(shares.error_after, Estimate) else shares.error_before,
        calibration=shares,
        verdict_calibration=verdicts,
        by_domain=_by_domain(reading, data, rng, level),
        by_margin=_by_margin(reading, data, rng, level),
        by_certainty=_by_certainty(reading, data, rng, level),
        worst=_worst(reading, data),
    )


def _log_lengths(data: Held) -> Floats:
    """(p,) log of the better answer's characters less that of the worse."""
    ends = [[np.log1p(len(text_of(data.rows[n].responses[k]))) for k in (i, j)] for n, i, j in data.at]
    lengths = np.array(ends, np.float64)
    return np.asarray(lengths[:, 0] - lengths[:, 1])


def _slice(name: str, reading: Read, data: Held, kept: np.ndarray, rng: np.random.Generator, level: float) -> Slice:
    return Slice(
        name,
        int(kept.sum()),
        data.mean(reading.right, kept, level=level),
        calibration_error(reading.logit, data.share, data, rng=rng, level=level, kept=kept),
    )


def _by_domain(reading: Read, data: Held, rng: np.random.Generator, level: float) -> tuple[Slice, ...]:
    names = [n for n in np.unique(data.domain) if not str(n).startswith("sha256:")]  # a group that nobody has named
    if len(names) > MOST_DOMAINS:
        return ()
    return tuple(_slice(str(n), reading, data, data.domain == n, rng, level) for n in names)


def _by_margin(reading: Read, data: Held, rng: np.random.Generator, level: float) -> tuple[Slice, ...]:
    size = np.abs(reading.margin)
    return tuple(
        _slice(f"{size[m].min():.2f} to {size[m].max():.2f} logits", reading, data, m, rng, level)
        for m in bins(size, 4)
    )


def _by_certainty(reading: Read, data: Held, rng: np.random.Generator, level: float) -> tuple[Slice, ...]:
    code = np.maximum(np.searchsorted(SURE, data.share, side="left"), 1)
    return tuple(
        _slice(f"people {SURE[c - 1]:.0%} to {SURE[c]:.0%} sure", reading, data, code == c, rng, level)
        for c in np.unique(code)
    )


def _worst(reading: Read, data: Held) -> tuple[Worst, ...]:
    """Wrong pairs by margin times how sure people are: a confident error where people agree comes first.

    An answer that was preferred wrongly stands for all its pairs: ten times the same would show one mistake.
    """
    order = np.argsort(reading.margin * (2 * data.share - 1), kind="stable")
    found: list[Worst] = []
    seen: set[str] = set()
    for p in order:
        (n, i, j), margin = data.at[p], float(reading.margin[p])
        if margin >= 0 or len(found) == WORST:
            break
        row, preferred = data.rows[n], text_of(data.rows[n].responses[j])
        if preferred in seen:
            continue
        seen.add(preferred)
        found.append(
            Worst(
                n, i, j, margin, float(data.share[p]), len(row.contributions), row.group, str(data.domain[p]),
                row.contributions[:IDS], text_of(row.prompt)[-LONGEST_TEXT:],
                text_of(row.responses[i])[:LONGEST_TEXT], text_of(row.responses[j])[:LONGEST_TEXT],
            )
        )  # fmt: skip
    return tuple(found)
