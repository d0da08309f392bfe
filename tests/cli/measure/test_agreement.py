"""`tutelage measure agreement`: alpha with its interval from a file of columns, and what it cannot be told from."""

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

SPLIT = [("1", "p", "a"), ("1", "q", "a"), ("2", "p", "b"), ("2", "q", "b"), ("3", "p", "a"), ("3", "q", "b")]


def write(path: Path, rows: list[tuple[Any, Any, Any]]) -> Path:
    pl.DataFrame(rows, schema=["id", "who", "v"], orient="row").write_csv(path)
    return path


def ask(file: Path, *more: str) -> Result:
    argv = ["measure", "agreement", str(file), "--item", "id", "--judge", "who", "--value", "v", *more]
    return CliRunner().invoke(root, argv, catch_exceptions=False, standalone_mode=False)


def answer(file: Path, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(file, *more, "--json").stdout)
    return found


def test_two_judges_who_split_on_one_item_of_three_have_alpha_four_ninths(tmp_path: Path) -> None:
    """aa, bb, ab: D_o = 2/6, D_e = 2*3*3/(6*5), alpha = 1 - D_o/D_e."""
    found = answer(write(tmp_path / "v.csv", SPLIT), "--level", "nominal")
    alpha = found["alpha"]
    assert alpha["value"] == approx(4 / 9)
    assert alpha["lo"] < alpha["value"] < alpha["hi"]
    assert (alpha["level"], alpha["n"], alpha["rows"]) == (0.95, 3, 6)
    assert found["raw"]["value"] == approx(2 / 3)
    assert set(found["per_value"]) == {"a", "b"}
    assert {"gwet", "ceiling", "claim", "warnings"} <= set(found)


def test_the_same_figures_come_from_parquet_jsonl_and_csv(tmp_path: Path) -> None:
    table = pl.read_csv(write(tmp_path / "v.csv", SPLIT))
    table.write_parquet(tmp_path / "v.parquet")
    table.write_ndjson(tmp_path / "v.jsonl")
    values = {
        answer(tmp_path / f"v.{end}", "--level", "nominal")["alpha"]["value"] for end in ("csv", "parquet", "jsonl")
    }
    assert len(values) == 1


def test_ordinal_names_need_their_order_and_numbers_bring_it(tmp_path: Path) -> None:
    """low < mid < high is 1 < 2 < 3, which no alphabet knows."""
    names = {"1": "low", "2": "mid", "3": "high"}
    rng = np.random.default_rng(3)
    rows = [(str(i), who, str(min(3, max(1, i % 3 + 1 + rng.integers(-1, 2))))) for i in range(30) for who in "pq"]
    numbered = answer(write(tmp_path / "n.csv", rows), "--level", "ordinal")
    file = write(tmp_path / "v.csv", [(i, who, names[v]) for i, who, v in rows])
    named = answer(file, "--level", "ordinal", "--order", "low,mid,high")
    assert named["alpha"]["value"] == approx(numbered["alpha"]["value"])
    guessed = answer(file, "--level", "ordinal")
    assert guessed["alpha"]["value"] != approx(numbered["alpha"]["value"])
    assert any("high, low, mid" in text for text in guessed["warnings"])


def test_an_order_that_lacks_a_value_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="lacks the value 'b'"):
        ask(write(tmp_path / "v.csv", SPLIT), "--level", "ordinal", "--order", "a,c")


def test_names_are_refused_on_an_interval_scale(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"names: a, b.*ordinal"):
        ask(write(tmp_path / "v.csv", SPLIT), "--level", "interval")


@pytest.mark.parametrize(
    ("values", "remedy"),
    [(["0,5", "1,5"], r"with a point: 0\.5 instead of 0,5"), (["1", "2", "NA"], "empty instead of NA; or use")],
)
def test_where_numbers_were_meant_the_remedy_says_how_to_write_them(
    values: list[str], remedy: str, tmp_path: Path
) -> None:
    rows = [(str(i), who, value) for i, value in enumerate(values) for who in "pq"]
    with pytest.raises(BadInput, match=remedy):
        ask(write(tmp_path / "v.csv", rows), "--level", "interval")


def test_negative_numbers_are_refused_on_a_ratio_scale(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="least value is -1"):
        ask(write(tmp_path / "v.csv", [("1", "p", -1), ("1", "q", 2)]), "--level", "ratio")


def test_floats_that_are_whole_are_the_same_values_as_integers(tmp_path: Path) -> None:
    rows = [
        (i, who, v)
        for i, pair in enumerate([(1, 1), (2, 2), (1, 2), (3, 3)])
        for who, v in zip("pq", pair, strict=True)
    ]
    whole = answer(write(tmp_path / "i.csv", rows), "--level", "nominal")
    floats = answer(write(tmp_path / "f.csv", [(i, who, float(v)) for i, who, v in rows]), "--level", "nominal")
    assert whole["alpha"] == floats["alpha"]
    assert floats["values"] == ["1", "2", "3"]


def test_empty_cells_and_the_word_null_are_left_out_and_counted(tmp_path: Path) -> None:
    file = write(tmp_path / "v.csv", [*SPLIT, ("4", "p", "NULL"), ("4", "q", None)])
    found = answer(file, "--level", "nominal")
    assert found["alpha"]["value"] == approx(4 / 9)
    assert any("2 of 8 rows have an empty cell" in text for text in found["warnings"])
    assert any("say NULL" in text for text in found["warnings"])


def test_a_judge_who_judged_an_item_twice_counts_once_and_is_measured_against_themself(tmp_path: Path) -> None:
    """Judge p first called item 3 b, then a: the last counts; p agreed with themself on 0 of 1."""
    again = [("3", "p", "b"), *SPLIT]
    file = write(tmp_path / "v.csv", again)
    found = answer(file, "--level", "nominal")
    assert found["alpha"]["value"] == approx(4 / 9)
    assert found["rows"] == 6
    assert any("1 rows repeat a judge on an item" in text for text in found["warnings"])
    assert answer(file, "--level", "nominal", "--repeats", "first")["alpha"]["value"] == 1
    assert answer(file, "--level", "nominal", "--repeats", "all")["rows"] == 7
    with pytest.raises(BadInput):
        ask(file, "--repeats", "refuse")


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
@pytest.mark.parametrize(("rows", "why"), [
    ([("1", "p", 1)], "no item has two ratings"),
    ([(str(i), "p", i % 2) for i in range(9)], "no item has two ratings"),
    ([("1", "p", 1), ("1", "q", 2)], "one item"),
    ([(str(i), who, 1) for i in range(5) for who in "pq"], "the same value"),
    ([("1", "p", None), ("1", "q", None)], "no item has two ratings"),
])  # fmt: skip
def test_what_cannot_be_told_is_undefined_and_says_why(
    tmp_path: Path, rows: list[tuple[Any, Any, Any]], why: str, level: str
) -> None:
    file = write(tmp_path / "v.csv", rows)
    found = answer(file, "--level", level)
    assert why in found["alpha"]["why"]
    assert "cannot be told" in ask(file, "--level", level).stdout


def test_the_page_says_what_alpha_means_and_warns_of_few_judges(tmp_path: Path) -> None:
    rows = [(str(i), who, "ab"[i % 2]) for i in range(60) for who in "pq"]
    shown = ask(write(tmp_path / "v.csv", rows), "--level", "nominal")
    assert "60 items by 2 judges" in shown.stdout
    assert "agree well beyond chance" in shown.stdout
    assert "these 2 judges" in shown.stderr


def test_columns_that_are_not_named_are_found_and_said(tmp_path: Path) -> None:
    pl.DataFrame(SPLIT, schema=["task", "worker", "label"], orient="row").write_parquet(tmp_path / "v.parquet")
    shown = CliRunner().invoke(root, ["measure", "agreement", str(tmp_path / "v.parquet"), "--json"])
    found = json.loads(shown.stdout)
    assert found["read"] == {"item": "task", "judge": "worker", "value": "label"}
    assert found["alpha"]["value"] == approx(4 / 9)
    assert any("--level was not given" in text for text in found["warnings"])


def test_a_wrong_column_names_the_columns_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"`id`, `who`, `v`.*Did you mean `who`"):
        ask(write(tmp_path / "v.csv", SPLIT), "--judge", "whoo")


def test_several_columns_together_may_name_the_item(tmp_path: Path) -> None:
    table = pl.DataFrame(SPLIT, schema=["doc", "who", "v"], orient="row").with_columns(pl.lit("s").alias("system"))
    table.write_csv(tmp_path / "v.csv")
    assert answer(tmp_path / "v.csv", "--item", "doc,system", "--level", "nominal")["items"] == 3


def test_any_language_and_a_category_column_are_read(tmp_path: Path) -> None:
    table = pl.DataFrame([("問1", "評", "да"), ("問1", "ö", "да"), ("問2", "評", "нет"), ("問2", "ö", "да")],
                         schema=["id", "who", "v"], orient="row")  # fmt: skip
    table.with_columns(pl.col("v").cast(pl.Categorical)).write_parquet(tmp_path / "v.parquet")
    assert set(answer(tmp_path / "v.parquet", "--level", "nominal")["per_value"]) == {"да", "нет"}


def test_thousands_of_different_values_do_not_fill_the_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [(str(i), who, float(x)) for i, x in enumerate(rng.gamma(2.0, size=1000)) for who in "pq"]
    found = answer(write(tmp_path / "v.csv", rows), "--level", "interval")
    assert found["alpha"]["value"] == 1
    assert "different values" in found["gwet"]["why"]
