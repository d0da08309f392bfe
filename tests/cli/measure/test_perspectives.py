"""`tutelage measure perspectives`: groups only where votes demand them, nobody named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from tutelage.cli import root
from tutelage.errors import BadInput


def votes(path: Path, groups: int) -> Path:
    """24 judges of 40 statements, 10 % noise; with two groups the second says the opposite on every other one."""
    rng = np.random.default_rng(4)
    view = rng.integers(0, 2, 40)
    rows = [
        (i, f"j{j}", ["no", "yes"][int(view[i] ^ (j % groups & i % 2) ^ (rng.random() < 0.1))])
        for i in range(40) for j in range(24)
    ]  # fmt: skip
    pl.DataFrame(rows, schema=["id", "who", "v"], orient="row").write_csv(path)
    return path


def ask(file: Path, *more: str) -> Result:
    argv = ["measure", "perspectives", str(file), "--item", "id", "--judge", "who", "--value", "v", *more]
    return CliRunner().invoke(root, argv, catch_exceptions=False, standalone_mode=False)


def answer(file: Path, *more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ask(file, *more, "--json").stdout)
    return found


def test_two_planted_groups_are_found_and_their_members_are_not_named(tmp_path: Path) -> None:
    file = votes(tmp_path / "v.csv", 2)
    out = tmp_path / "o.parquet"
    shown = ask(file, "--out", str(out), "--permutations", "120")
    assert "2 groups of 12, 12 judges answer differently" in shown.stdout
    assert "j0" not in shown.stdout
    table = pl.read_parquet(out).with_columns(pl.col("id").cast(pl.Int64))
    odd = table.filter(pl.col("id") % 2 == 1)["divergence_bits"].mean()
    even = table.filter(pl.col("id") % 2 == 0)["divergence_bits"].mean()
    assert isinstance(odd, float)
    assert isinstance(even, float)
    assert odd > 5 * even
    assert {"share_yes", "group1_yes", "group2_yes", "judgments"} <= set(table.columns)


def test_one_population_is_one_group(tmp_path: Path) -> None:
    found = answer(votes(tmp_path / "v.csv", 1))
    assert (found["groups"], found["divided"]) == (1, [])
    assert "one population" in found["claim"]
    assert {"value", "lo", "hi"} <= set(found["gain"]["2"])


def test_too_few_judges_are_undefined_and_said(tmp_path: Path) -> None:
    pl.DataFrame([(1, "p", "a")], schema=["id", "who", "v"], orient="row").write_csv(tmp_path / "v.csv")
    assert answer(tmp_path / "v.csv")["groups"] is None
    assert "cannot be told" in ask(tmp_path / "v.csv", "--out", str(tmp_path / "o.csv")).stdout


def test_a_scale_is_refused(tmp_path: Path) -> None:
    rows = [(i, "p", i / 7) for i in range(60)]
    pl.DataFrame(rows, schema=["id", "who", "v"], orient="row").write_csv(tmp_path / "v.csv")
    with pytest.raises(BadInput, match="60 different values"):
        ask(tmp_path / "v.csv")
