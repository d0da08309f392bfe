"""Columns for arithmetic: one spelling of a name whatever wrote the file, and no number that nobody wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tutelage.errors import BadInput
from tutelage.formats.frames import read_frame, write_frame

ROWS = pl.DataFrame({"item": ["a", "b", "c"], "ai": [1, 0, 1], "human": [1.0, None, 0.0], "sure": [0.5, 0.25, 1.0]})


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet"])
def test_the_same_rows_read_the_same_from_every_format(tmp_path: Path, name: str) -> None:
    """pandas writes 1.0 beside 1 as soon as a cell is empty: both are the label "1"."""
    write_frame(ROWS, tmp_path / name)
    frame = read_frame(tmp_path / name)
    assert frame.columns == ("item", "ai", "human", "sure")
    assert frame.names("ai").tolist() == ["1", "0", "1"]
    assert frame.names("human").tolist() == ["1", None, "0"]
    assert frame.numbers("sure").tolist() == [0.5, 0.25, 1.0]
    assert np.isnan(frame.numbers("human")).tolist() == [False, True, False]


def test_a_name_with_leading_zeros_stays_a_name(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("item\n007\n7\n")
    assert read_frame(tmp_path / "x.csv").names("item").tolist() == ["007", "7"]


def test_truth_is_read_however_it_is_spelled(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("in,k\nTrue,1\n0,2\nyes,3\n,4\n")
    assert read_frame(tmp_path / "x.csv").truths("in").tolist() == [True, False, True, False]


def test_a_missing_column_is_named_with_the_columns_there_are(tmp_path: Path) -> None:
    write_frame(ROWS, tmp_path / "x.csv")
    with pytest.raises(BadInput, match=r"`item`, `ai`.*Did you mean `human`"):
        read_frame(tmp_path / "x.csv").names("humans")


def test_a_cell_that_is_no_number_is_named_by_its_row(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("sure\n0.5\nvery\n")
    with pytest.raises(BadInput, match=r"Row 2 holds 'very'"):
        read_frame(tmp_path / "x.csv").numbers("sure")


def test_a_row_without_an_item_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("item,v\na,1\n ,2\n")
    with pytest.raises(BadInput, match=r"Row 2 is empty \(1 rows are\)"):
        read_frame(tmp_path / "x.csv").every_name("item")


def test_a_damaged_file_is_one_error_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and then nothing of use")
    with pytest.raises(BadInput, match="cannot be read"):
        read_frame(tmp_path / "x.parquet")
    with pytest.raises(BadInput, match=r"\.parquet, \.jsonl or \.csv"):
        write_frame(ROWS, tmp_path / "x.xlsx")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.parquet"]
