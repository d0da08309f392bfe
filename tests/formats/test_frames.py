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


def test_nan_in_jsonl_is_an_empty_cell_and_a_broken_line_is_named(tmp_path: Path) -> None:
    """Python's json writes NaN, which JSON does not have: it is read as nothing said."""
    (tmp_path / "n.jsonl").write_text('{"v": NaN}\n{"v": 2}\n')
    assert np.isnan(read_frame(tmp_path / "n.jsonl").numbers("v")).tolist() == [True, False]
    (tmp_path / "b.jsonl").write_text('{"v": 1}\n{oops\n')
    with pytest.raises(BadInput, match="one JSON object a line") as found:
        read_frame(tmp_path / "b.jsonl")
    assert found.value.where is not None and found.value.where.line == 2


def test_a_text_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes("name\nann\njosé\n".encode("latin-1"))
    with pytest.raises(BadInput, match="iconv") as found:
        read_frame(tmp_path / "l.csv")
    assert found.value.where is not None and found.value.where.line == 3


def test_columns_as_other_tools_write_them_are_read(tmp_path: Path) -> None:
    """Categories and enums are texts, decimals numbers, a column of nothing is empty; lengths of time are refused."""
    table = pl.DataFrame({
        "c": pl.Series(["a", "b"], dtype=pl.Categorical), "e": pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
        "d": pl.Series([1.5, 2.0]).cast(pl.Decimal(10, 2)), "n": pl.Series([None, None], dtype=pl.Null),
        "t": pl.Series([1, 2]).cast(pl.Duration("ms")),
    })  # fmt: skip
    write_frame(table, tmp_path / "t.parquet")
    frame = read_frame(tmp_path / "t.parquet")
    assert frame.names("c").tolist() == frame.names("e").tolist() == ["a", "b"]
    assert frame.numbers("d").tolist() == [1.5, 2.0]
    assert frame.names("n").tolist() == [None, None]
    with pytest.raises(BadInput, match="Duration"):
        frame.names("t")


def test_a_quote_in_the_name_of_a_column_is_one_quote(tmp_path):
    """A CSV doubles it: `"said ""yes"", or"` is called `said "yes", or`."""
    (tmp_path / "t.csv").write_text('id,"said ""yes"", or"\n1,a\n')
    assert read_frame(tmp_path / "t.csv").columns == ("id", 'said "yes", or')
