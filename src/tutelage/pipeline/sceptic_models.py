"""Two reward models before one gate: one from people's votes, one from the same votes shuffled.

Cross-fitted over prompts, so that no prompt is scored by a model that saw it; intervals count prompts, not pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np

from tutelage.evaluation.baselines import cross_fit, pair_correct
from tutelage.gate import Decision, Evidence, decide
from tutelage.gate.criteria import parse
from tutelage.measure.intervals import mean
from tutelage.models import RewardModel
from tutelage.models.head import load
from tutelage.records import Figure, RankedRow, jsonl
from tutelage.store import digest_tree
from tutelage.training.head import HeadConfig, fit, installed_blocks

FOLDS, CONTRIBUTIONS = 4, "contributions.jsonl"
CLEAR = 0.7  # the gate asks about pairs on which people are this much of one mind


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reward model trained on all rows, what was measured of its making on held-out prompts, and the gate's word.

    accuracy  share of clear pairs on which it prefers what most people prefer
    bits      what it tells of a clear pair beyond a coin, at the probability that it states itself; a model that
              learned nothing and knows it tells 0, one that is sure of what is not so tells less than nothing
    """

    directory: Path
    accuracy: Figure
    bits: Figure
    decision: Decision


def shuffled(rows: Sequence[RankedRow], rng: np.random.Generator) -> list[RankedRow]:
    """The same pairs with each other's votes: whatever is learned from them is not people's judgment."""
    order = rng.permutation(len(rows))
    return [replace(row, ranks=rows[i].ranks) for row, i in zip(rows, order.tolist(), strict=True)]


def contend(
    rows: Sequence[RankedRow], out: Path, *, seed: int, now: datetime, shuffle: bool = False, cache: Path | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Candidate:  # fmt: skip
    """Train on rows (or on their votes shuffled), measure on held-out prompts with the true votes, ask the gate.

    tell  is told after each of the FOLDS + 1 trainings how many are done
    """
    clear = [row for row in rows if row.certainty >= CLEAR]
    deal, train_rng, test_rng = np.random.default_rng(seed).spawn(3)
    # without n-grams: they find little here, and choosing their strength takes ten times as long as all the rest
    config = HeadConfig(blocks=tuple(b for b in installed_blocks() if b != "ngrams"), cache=cache)

    def taught(some: Sequence[RankedRow]) -> list[RankedRow]:
        return shuffled(some, deal) if shuffle else list(some)

    with TemporaryDirectory() as scratch:
        trained: list[RewardModel] = []

        def train(some: Sequence[RankedRow], rng: np.random.Generator) -> RewardModel:
            fold = Path(mkdtemp(dir=scratch)) / "head"
            fit(taught(some), out=fold, config=config, rng=rng)
            trained.append(load(fold, cache=cache))
            tell(len(trained))
            return trained[-1]

        scores = cross_fit(clear, FOLDS, train, rng=test_rng)
    prompts = [row.group for row in clear]
    right = pair_correct(clear, scores)
    margin = np.array([s[i] - s[j] for row, s in zip(clear, scores, strict=True) for i, j in row.pairs()])
    accuracy = mean(right, clusters=prompts)
    bits = mean(1 - np.logaddexp(0, -margin) / np.log(2), clusters=prompts)
    fit(taught(rows), out=out, config=config, rng=train_rng)
    used = sorted({one for row in rows for one in row.contributions})
    tell(FOLDS + 1)
    jsonl.write(out / CONTRIBUTIONS, [{"id": one, "stage": "reward"} for one in used])
    evidence = Evidence(digest_tree(out), now, {"accuracy": accuracy, "bits": bits})
    text = (files("tutelage.pipeline") / "criteria" / "sceptic.toml").read_bytes()
    return Candidate(out, accuracy, bits, decide(parse(text), evidence, now=now))
