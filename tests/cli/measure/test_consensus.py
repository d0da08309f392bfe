"""`tutelage measure consensus`: the method the data speak for, held against gold, and the rows it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from pytest import approx

from tutelage.cli import root
from tutelage.errors import BadInput


def crowd(tmp_path: Path, *, items: int = 60, seed: int = 5) -> tuple[Path, Path]:
    """Five judges right 9 times of 10 and four who always say yes; gold for every item."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(["yes", "no"], items, p=[0.4, 0.6])
    rows = []
    for i, right in enumerate(truth):
        for j in range(9):
            wrong = rng.random() < 0.1
            said = "yes" if j >= 5 else right if not wrong else {"yes": "no", "no": "yes"}[right]
            rows.append((i, f"j{j}", said))
    votes, gold = tmp_path / "votes.csv", tmp_path / "gold.csv"
    pl.DataFrame(rows, schema=["id", "who", "v"], orient="row").write_csv(votes)
    pl.DataFrame({"id": range(items), "gold": truth}).write_csv(gold)
    return votes, gold


def ask(file: Path, *more: str) -> Result:
    argv = ["measure", "consensus", str(file), "--item", "id", "--judge", "who", "--value", "v", *more]
    return CliRunner().invoke(root, argv, catch_exceptions=False, standalone_mode=False)


def answer(file: Path, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(file, *more, "--json").stdout)
    return found


def test_on_gold_the_method_that_sees_through_the_yes_sayers_is_taken(tmp_path: Path) -> None:
    """Four yes-sayers and one slip outvote four right judges; a model of each judge does not fall for it."""
    votes, gold = crowd(tmp_path)
    found = answer(votes, "--gold", str(gold))
    figures = found["by_method"]
    assert found["method"] != "majority"
    assert found["accuracy_on_gold"]["value"] == approx(max(f["value"] for f in figures.values() if "value" in f))
    assert found["accuracy_on_gold"]["value"] > figures["majority"]["value"] + 0.1
    assert {"lo", "hi", "level", "method", "n"} <= set(found["accuracy_on_gold"])
    assert found["gold_items"] == 60
    assert {row["judge"] for row in found["by_judge"]} == {f"j{j}" for j in range(9)}


def test_a_method_that_is_asked_for_is_used_and_still_measured_on_gold(tmp_path: Path) -> None:
    votes, gold = crowd(tmp_path)
    for spelled in ("dawid_skene", "Dawid-Skene"):
        found = answer(votes, "--gold", str(gold), "--method", spelled)
        assert (found["method"], found["accuracy_on_gold"]["value"] > 0.9) == ("dawid_skene", True)
    assert answer(votes, "--method", "majority")["accuracy_on_gold"]["why"] == "no gold"
    with pytest.raises(BadInput, match=r"no method `mace`.*dawid_skene"):
        ask(votes, "--method", "mace")


@pytest.mark.parametrize("end", ["csv", "jsonl", "parquet"])
def test_one_row_an_item_is_written_with_the_ids_of_the_file(tmp_path: Path, end: str) -> None:
    votes, gold = crowd(tmp_path)
    out = tmp_path / f"out.{end}"
    ask(votes, "--gold", str(gold), "--out", str(out))
    read = {"csv": pl.read_csv, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}[end]
    table: pl.DataFrame = read(out)
    assert table.columns == ["id", "consensus", "probability", "is_gold", "judgments"]
    assert table.height == 60
    assert table["judgments"].unique().to_list() == [9]
    known = pl.read_csv(gold)
    assert table["consensus"].to_list() == known["gold"].to_list()  # gold is clamped


def test_without_gold_the_majority_stays_where_held_out_votes_do_not_decide(tmp_path: Path) -> None:
    rows = [(i, who, "ab"[i % 2]) for i in range(3) for who in "pqr"]
    pl.DataFrame(rows, schema=["id", "who", "v"], orient="row").write_csv(tmp_path / "v.csv")
    found = answer(tmp_path / "v.csv")
    assert (found["method"], found["why"]) == ("majority", "not decidable, majority kept")


def test_a_tie_stays_a_tie(tmp_path: Path) -> None:
    pl.DataFrame([(1, "p", "a"), (1, "q", "b")], schema=["id", "who", "v"], orient="row").write_csv(tmp_path / "v.csv")
    found = answer(tmp_path / "v.csv", "--out", str(tmp_path / "o.jsonl"))
    assert found["tied"] == 1
    assert pl.read_ndjson(tmp_path / "o.jsonl")["consensus"].to_list() == [None]


def test_gold_may_be_a_column_of_the_file(tmp_path: Path) -> None:
    votes, gold = crowd(tmp_path)
    pl.read_csv(votes).join(pl.read_csv(gold), on="id").write_csv(tmp_path / "both.csv")
    from_file, from_column = answer(votes, "--gold", str(gold)), answer(tmp_path / "both.csv", "--gold", "gold")
    assert from_file["accuracy_on_gold"] == from_column["accuracy_on_gold"]


def test_gold_spelled_otherwise_than_the_votes_is_refused_and_both_are_shown(tmp_path: Path) -> None:
    votes, gold = crowd(tmp_path)
    pl.read_csv(gold).with_columns(pl.col("gold").str.to_uppercase()).write_csv(tmp_path / "g.csv")
    with pytest.raises(BadInput, match=r"no, yes.*NO, YES"):
        ask(votes, "--gold", str(tmp_path / "g.csv"))


def test_a_gold_answer_that_no_judge_gave_counts_as_wrong_for_every_method(tmp_path: Path) -> None:
    votes, gold = crowd(tmp_path)
    known = pl.read_csv(gold)
    changed = known.with_columns(pl.when(pl.col("id") < 6).then(pl.lit("maybe")).otherwise("gold").alias("gold"))
    changed.write_csv(tmp_path / "g.csv")
    found = answer(votes, "--gold", str(tmp_path / "g.csv"))
    assert found["accuracy_on_gold"]["value"] <= 0.9
    assert any("6 gold answers are values that no judge gave: maybe" in text for text in found["warnings"])


def test_gold_items_without_votes_are_counted_and_left_out(tmp_path: Path) -> None:
    votes, gold = crowd(tmp_path)
    pl.concat([pl.read_csv(gold), pl.DataFrame({"id": [998, 999], "gold": ["yes", "no"]})]).write_csv(
        tmp_path / "g.csv"
    )
    found = answer(votes, "--gold", str(tmp_path / "g.csv"))
    assert found["gold_items"] == 60
    assert any("2 gold items have no judgments" in text for text in found["warnings"])


def test_an_item_with_two_known_answers_is_refused(tmp_path: Path) -> None:
    votes, gold = crowd(tmp_path)
    pl.concat([pl.read_csv(gold)[:1], pl.DataFrame({"id": [0, 0], "gold": ["yes", "no"]})]).write_csv(
        tmp_path / "g.csv"
    )
    with pytest.raises(BadInput, match="two answers"):
        ask(votes, "--gold", str(tmp_path / "g.csv"))


def test_gold_that_is_neither_a_column_nor_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="neither a column"):
        ask(crowd(tmp_path)[0], "--gold", "nowhere.csv")


def test_measurements_are_settled_on_their_scale_with_an_interval(tmp_path: Path) -> None:
    """Three judges of 80 items, noise 0.3; the third rates 1 too high. The intervals hold the mean judge's answer."""
    rng = np.random.default_rng(2)
    z = rng.normal(3, 1, 80)
    rows = [(i, who, float(x + shift + rng.normal(0, 0.3))) for i, x in enumerate(z)
            for who, shift in (("p", 0), ("q", 0), ("r", 1))]  # fmt: skip
    pl.DataFrame(rows, schema=["id", "who", "v"], orient="row").write_csv(tmp_path / "v.csv")
    pl.DataFrame({"id": range(80), "gold": z + 1 / 3}).write_csv(tmp_path / "g.csv")
    found = answer(tmp_path / "v.csv", "--gold", str(tmp_path / "g.csv"), "--out", str(tmp_path / "o.csv"))
    assert found["method"] == "continuous"
    assert found["error_on_gold"]["value"] < 0.25
    severity = {row["judge"]: row["severity"] for row in found["by_judge"]}
    assert severity["r"] == approx(2 / 3, abs=0.15)
    shown = ask(tmp_path / "v.csv").stdout
    assert "severity  stretch  noise" in shown and "informedness" not in shown
    table = pl.read_csv(tmp_path / "o.csv")
    inside = (table["lo"] <= pl.Series(z + 1 / 3)) & (pl.Series(z + 1 / 3) <= table["hi"])
    assert inside.mean() > 0.85
    assert (table["width"] > 0).all()


def test_ordered_categories_are_settled_at_their_median(tmp_path: Path) -> None:
    rows = [(i, who, ["low", "mid", "high"][i % 3]) for i in range(30) for who in "pqr"]
    pl.DataFrame(rows, schema=["id", "who", "v"], orient="row").write_csv(tmp_path / "v.csv")
    found = answer(
        tmp_path / "v.csv", "--method", "ordinal", "--order", "low,mid,high", "--out", str(tmp_path / "o.csv")
    )
    assert found["method"] == "ordinal"
    table = pl.read_csv(tmp_path / "o.csv").sort("id")
    assert table["consensus"].to_list()[:3] == ["low", "mid", "high"]
    assert {"lo", "hi", "width"} <= set(table.columns)


@pytest.mark.parametrize(
    "method", ["auto", "majority", "one_coin", "one_matrix", "dawid_skene", "ordinal", "continuous"]
)
@pytest.mark.parametrize("rows", [
    [(1, "p", 1)],
    [(i, "p", i % 2) for i in range(9)],
    [(i, who, 1) for i in range(5) for who in "pq"],
    [(1, "p", None), (2, "q", None)],
], ids=["one row", "one judge", "one value", "all missing"])  # fmt: skip
def test_thin_files_are_answered_and_never_break(tmp_path: Path, rows: list[Any], method: str) -> None:
    pl.DataFrame(rows, schema=["id", "who", "v"], orient="row").write_parquet(tmp_path / "v.parquet")
    shown = ask(tmp_path / "v.parquet", "--method", method, "--out", str(tmp_path / "o.csv"))
    assert "Method:" in shown.stdout
    answer(tmp_path / "v.parquet", "--method", method)


def test_the_page_shows_every_method_beside_the_one_taken(tmp_path: Path) -> None:
    votes, gold = crowd(tmp_path)
    shown = ask(votes, "--gold", str(gold))
    for text in ("accuracy on gold", "majority", "dawid_skene", "gain over majority", "informedness"):
        assert text in shown.stdout
    assert "chosen on this gold" in shown.stderr


def test_the_file_that_is_measured_is_never_overwritten(tmp_path: Path) -> None:
    votes, _ = crowd(tmp_path)
    before = votes.read_bytes()
    with pytest.raises(BadInput, match="file that is measured"):
        ask(votes, "--out", str(votes))
    assert votes.read_bytes() == before


def test_all_readings_of_a_judge_may_count_and_maximum_likelihood_may_be_asked_for(tmp_path: Path) -> None:
    votes, gold = crowd(tmp_path)
    found = answer(votes, "--gold", str(gold), "--method", "dawid_skene_ml", "--repeats", "all")
    assert "maximum likelihood" in found["model"]
