"""GPT-4's certificate on real votes keeps its word: the short form of benchmarks/certificate_llmfao.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import binom
from tests.provenance.released import verify

from tutelage.cli import root
from tutelage.measure.certify import certify
from tutelage.measure.sample import plan_uniform

DATA = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "llmfao"
pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not DATA.is_dir(), reason="neither $TUTELAGE_DATA nor ../shared/data is there"),
]
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results" / "certificate_llmfao.json"


def test_ten_percent_of_the_votes_give_claims_that_hold_for_all_8931() -> None:
    """40 redraws of 893 votes: agreement and mean at 95 %; one label is worth at most 1.07, so it says no gain."""
    import polars as pl

    judge = pl.read_parquet(DATA / "judge_votes.parquet").filter(pl.col("judge") == "gpt-4")
    both = pl.read_parquet(DATA / "votes.parquet").join(judge.select("pair_id", ai="winner"), on="pair_id")
    both = both.sort("pair_id", "worker")
    ai, human = both["ai"].to_numpy(), both["winner"].to_numpy()
    worth = {"left": 1.0, "tie": 0.5, "right": 0.0}
    truth = {"agreement": (ai == human).mean(), "mean": np.mean([worth[v] for v in human])}
    hits = dict.fromkeys(truth, 0)
    for seed in range(40):
        draw = plan_uniform([str(n) for n in range(len(ai))], 893, seed=seed)
        seen = np.where(draw.drawn(), human, None)
        for target in truth:
            found = certify(ai, seen, target=target, pi=draw.pi, values=worth if target == "mean" else None)  # type: ignore[arg-type]  # a key of truth is a Target
            hits[target] += found.estimate.lo <= truth[target] <= found.estimate.hi
    assert all(binom.cdf(n, 40, 0.95) > 0.001 for n in hits.values()), hits
    assert "No gain" in found.claim


def test_the_published_figures_hold_at_the_nominal_rate() -> None:
    """500 redraws of 5, 10 and 20 % for two judges: at least .95 - 2 SE; broken residual claims at most .05 + 2 SE."""
    for judge in json.loads(RESULTS.read_text())["judges"].values():
        assert judge["limit"] < 1.2
        for share in ("5%", "10%", "20%"):
            row = judge[share]
            assert row["agreement"]["holds"]
            assert row["mean"]["holds"]
            assert row["said_no_gain"] == 1.0
            assert all(one["holds"] for one in row["residual"].values())
            assert row["agreement"]["draws"] == 500


def test_from_a_drawn_slice_to_a_release_by_commands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GPT-4 on the first 300 pairs; a third is drawn and logged, one real vote each is sealed with the certificate."""
    import polars as pl

    monkeypatch.setenv("TUTELAGE_HOME", str(tmp_path / "home"))
    pairs = pl.read_parquet(DATA / "pairs.parquet").head(300)
    judge = pl.read_parquet(DATA / "judge_votes.parquet").filter(pl.col("judge") == "gpt-4")
    pairs.join(judge.select("pair_id", "judge", ai="winner"), on="pair_id").select("pair_id", "judge", "ai").write_csv(
        tmp_path / "ai.csv"
    )

    def run(*argv: object) -> str:
        done = CliRunner().invoke(root, [str(a) for a in argv])
        assert done.exit_code == 0, (argv, done.output, done.exception)
        return done.output

    drawn = tmp_path / "slice.parquet"
    run("slice", "draw", tmp_path / "ai.csv", "--item", "pair_id", "--ai", "ai", "--size", 100, "--seed", 7, "--out",
        drawn, "--project", "fao")  # fmt: skip
    vote = pl.read_parquet(DATA / "votes.parquet").group_by("pair_id").agg(pl.all().sort_by("worker").first())
    slice_ = pl.read_parquet(drawn).with_columns(pl.col("pair_id").cast(pl.String))
    inside = slice_.filter("in_slice").select("pair_id").join(vote, on="pair_id").sort("pair_id")
    inside.select("pair_id", "worker", "winner").join(pairs, on="pair_id").write_parquet(tmp_path / "votes.parquet")
    labelled = slice_.join(inside.select("pair_id", human="winner"), on="pair_id", how="left")
    labelled.write_parquet(tmp_path / "labelled.parquet")
    run("import", tmp_path / "votes.parquet", "--kind", "comparison", "--out", tmp_path / "j", "--yes")
    run("certify", tmp_path / "labelled.parquet", "--item", "pair_id", "--ai", "ai", "--human", "human", "--values",
        "left=1,tie=.5,right=0", "--out", tmp_path / "cert")  # fmt: skip
    release = tmp_path / "release"
    run("release", "seal", tmp_path / "j", "--project", "fao", "--certificate", tmp_path / "cert", "--out", release)
    assert "Equal: the rows give exactly these claims." in run("release", "certificate", release)
    code, told = verify(release, release / "keys/operator.pub")
    assert code == 0, told
    assert "of 100 labelled items of 300" in told
