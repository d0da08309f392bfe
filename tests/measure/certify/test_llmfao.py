"""GPT-4 as a judge of 2,139 real response pairs, held against people's votes (llmfao, CC BY 4.0)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from tutelage.measure.certify import certify

pytestmark = pytest.mark.real_data
VALUES = {"left": 1.0, "tie": 0.5, "right": 0.0}


@pytest.fixture(scope="module")
def pairs():
    """(judge's verdicts, one person's vote, another's or "", votes of people per pair) as arrays over pairs."""
    polars = pytest.importorskip("polars")
    root = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[4] / "shared" / "data")) / "llmfao"
    if not root.exists():
        pytest.skip(f"no llmfao under {root}: set TUTELAGE_DATA")
    votes = polars.read_parquet(root / "votes.parquet").group_by("pair_id").agg(polars.col("winner").sort_by("worker"))
    judge = polars.read_parquet(root / "judge_votes.parquet")
    both = {
        name: judge.filter(polars.col("judge") == name).select("pair_id", polars.col("winner").alias(name))
        for name in ("gpt-4", "gpt-3.5")
    }
    table = votes.join(both["gpt-4"], on="pair_id").join(both["gpt-3.5"], on="pair_id").sort("pair_id")
    people = table["winner"].to_list()
    first = np.array([v[0] for v in people])
    second = np.array([v[1] if len(v) > 1 else "" for v in people])
    return table["gpt-4"].to_numpy(), first, second, table["gpt-3.5"].to_numpy()


def sliced(column, size, rng):
    rows = rng.choice(len(column), size, replace=False)
    return np.where(np.isin(np.arange(len(column)), rows), column, "")


def test_agreement_on_a_slice_of_400_covers_that_of_all_2139_pairs(pairs):
    """30 slices at 90 %; people agree with one another hardly more than GPT-4 agrees with one of them."""
    judge, first, second, _ = pairs
    truth = (judge == first).mean()
    hits = 0
    for seed in range(30):
        found = certify(judge, sliced(first, 400, np.random.default_rng(seed)), level=0.9).figure
        hits += found.lo <= truth <= found.hi
    assert binom.cdf(hits, 30, 0.9) > 0.001
    noise = certify(judge, first, second=second).noise
    assert 0.3 < truth < 0.6 and 0.4 < noise.between_people.value < 0.7


def test_the_mean_covers_and_the_tool_says_no_gain(pairs):
    """Label saving is limited to about 1.1 here: R2 of GPT-4's verdict for one person's vote is about .1."""
    judge, first, *_ = pairs
    truth = np.mean([VALUES[v] for v in first])
    hits = 0
    for seed in range(20):
        found = certify(judge, sliced(first, 400, np.random.default_rng(seed)), target="mean", values=VALUES, level=0.9)
        hits += found.estimate.lo <= truth <= found.estimate.hi
    assert binom.cdf(hits, 20, 0.9) > 0.001
    assert found.saving.limit < 1.2 and not found.saving.gain and "No gain" in found.claim
    assert found.saving.achieved >= 0.9 * found.saving.limit


def test_nothing_may_go_out_at_five_percent_error_and_the_oracle_agrees(pairs):
    """Confidence: do both AI judges agree? Even then GPT-4 differs from a person on far more than 5 % of pairs."""
    judge, first, _, other = pairs
    confidence = (judge == other).astype(float)
    found = certify(judge, sliced(first, 600, np.random.default_rng(1)), target="residual", confidence=confidence)
    assert (judge != first)[confidence == 1].mean() > 0.05  # the oracle lets nothing out either
    assert found.threshold is None and found.claim.startswith("No gain")
