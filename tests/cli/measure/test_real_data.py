"""The questions asked of real files: the anchors of the literature, and gold that a consensus has to find."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from pytest import approx

from tutelage.cli import root

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def data() -> Path:
    """The directory of the public data sets."""
    found = Path(os.environ.get("TUTELAGE_DATA", Path(__file__).parents[4] / "shared" / "data"))
    if not found.is_dir():
        pytest.skip(f"no data under {found}: set TUTELAGE_DATA")
    return found


def ask(question: str, file: Path, *more: str) -> dict[str, Any]:
    argv = ["measure", question, str(file), *more, "--json"]
    shown = CliRunner().invoke(root, argv, catch_exceptions=False, standalone_mode=False)
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def test_ukp_arguments_have_alpha_0284(data: Path) -> None:
    file = data / "ukp_convarg" / "votes.parquet"
    found = ask("agreement", file, "--item", "pair_id", "--judge", "worker", "--value", "value", "--level", "nominal")
    assert found["alpha"]["value"] == approx(0.284, abs=5e-4)


def test_pandalm_has_alpha_0864(data: Path, tmp_path: Path) -> None:
    """Its three annotators stand in three columns: one row a judgment makes a long table of them."""
    who = ["annotator1", "annotator2", "annotator3"]
    wide = pl.read_parquet(data / "pandalm_test" / "pairs.parquet")
    wide.unpivot(who, index="idx", variable_name="who", value_name="v").write_parquet(tmp_path / "v.parquet")
    found = ask(
        "agreement", tmp_path / "v.parquet", "--item", "idx", "--judge", "who", "--value", "v", "--level", "nominal"
    )
    assert found["alpha"]["value"] == approx(0.864, abs=5e-4)


def test_xsum_factuality_has_alpha_0774_with_null_read_as_empty(data: Path) -> None:
    file = data / "xsum_faithfulness" / "factuality.parquet"
    how = ["--item", "bbcid,system", "--judge", "worker_id", "--value", "is_factual", "--level", "nominal"]
    found = ask("agreement", file, *how)
    assert found["alpha"]["value"] == approx(0.774, abs=5e-4)
    assert any("say NULL" in text for text in found["warnings"])


def test_convabuse_has_ordinal_alpha_0666(data: Path) -> None:
    """An item is a dialogue; where an annotator rated one twice, the later rating counts."""
    file = data / "convabuse" / "ratings.parquet"
    how = ["--item", "prev_agent,prev_user,agent,user", "--judge", "annotator", "--value", "severity"]
    found = ask("agreement", file, *how, "--level", "ordinal")
    assert found["alpha"]["value"] == approx(0.666, abs=5e-4)
    assert found["same_judge_again"]["value"] > found["raw"]["value"]


@pytest.mark.parametrize(("name", "item", "judge", "least"), [
    ("bluebirds", "task", "worker", 0.888), ("adult2", "task", "worker", 0.756), ("dices_350", "id", "rater", 0.65),
])  # fmt: skip
def test_on_gold_no_other_method_would_have_been_better(
    data: Path, tmp_path: Path, name: str, item: str, judge: str, least: float
) -> None:
    """Dawid–Skene finds 88.8 % or more of bluebirds (majority 75.9 %); on dices_350 it must not be taken."""
    file, gold = data / name / "labels.parquet", data / name / "gold.parquet"
    if name == "dices_350":
        file, gold = data / name / "ratings.parquet", tmp_path / "gold.parquet"
        pl.read_parquet(data / name / "items.parquet").select("id", gold="expert_gold").write_parquet(gold)
    out = tmp_path / "out.parquet"
    how = ["--item", item, "--judge", judge, "--value", "label", "--gold", str(gold), "--out", str(out)]
    found = ask("consensus", file, *how)
    best = max(figure["value"] for figure in found["by_method"].values() if "value" in figure)
    assert found["accuracy_on_gold"]["value"] >= best - 0.01
    assert found["accuracy_on_gold"]["value"] >= least
    table = pl.read_parquet(out)
    assert table.height == found["items"]
    assert table["probability"].is_between(0, 1).all()


def test_dawid_and_skene_s_patients_get_the_classes_of_1979(data: Path, tmp_path: Path) -> None:
    """45 patients; the first anaesthetist read each three times, and every reading counts; maximum likelihood."""
    file = data / "reference" / "dawid_skene_1979.csv"
    how = ["--item", "patient", "--judge", "rater", "--value", "label", "--method", "dawid_skene_ml"]
    ask("consensus", file, *how, "--repeats", "all", "--out", str(tmp_path / "o.csv"))
    classes = (
        pl.read_csv(tmp_path / "o.csv").with_columns(pl.col("patient").cast(pl.Int64)).sort("patient")["consensus"]
    )
    assert "".join(map(str, classes)) == "142222132243121111222222112111131224233111212"


def test_llmfao_ranks_gpt_4_above_its_weakest_with_a_gap_in_ranks(data: Path) -> None:
    file = data / "llmfao" / "votes.parquet"
    found = ask(
        "preference", file, "--left", "model_x", "--right", "model_y", "--winner", "winner", "--judge", "worker"
    )
    scores = found["scores"]
    assert next(iter(scores)) == "GPT 4"
    assert (found["comparisons"], found["items"]) == (8931, 59)
    assert found["ties"]["lo"] > 0
    last = list(scores)[-1]
    assert scores["GPT 4"]["lo"] > scores[last]["hi"]
    assert scores[last]["rank"][0] > scores["GPT 4"]["rank"][0]
