"""Rows know their place, whatever the file."""

import gzip
import json

import polars as pl
import pytest

from tutelage.formats.tables import load

ROWS = [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        "a\tb\n1\tx\n2\ty\n",
        "a;b\n1;x\n2;y\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "\ufeffa,b\n1,x\n2,y\n",
        "".join(json.dumps(r) + "\n" for r in ROWS),
        json.dumps(ROWS, indent=2),
    ],
    ids=["csv", "tsv", "semicolons", "CRLF", "byte order mark", "jsonl", "json"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_content_decides_how_a_file_is_read_not_its_name(content, packed, tmp_path):
    raw = content.encode()
    (tmp_path / "data").write_bytes(gzip.compress(raw) if packed else raw)
    assert [dict(r.values) for r in load(tmp_path / "data").records] == ROWS


def test_parquet_rows_are_numbered_from_one(tmp_path):
    pl.DataFrame(ROWS).write_parquet(tmp_path / "data.parquet")
    [first, second] = load(tmp_path / "data.parquet").records
    assert dict(second.values) == ROWS[1]
    assert str(first.place.where("b")) == f"{tmp_path}/data.parquet field `row 1, b`"


def test_a_line_break_inside_quotes_does_not_shift_the_lines(tmp_path):
    (tmp_path / "data.csv").write_text('a,b\n"one\ntwo",x\n3,y\n')
    assert [r.place.line for r in load(tmp_path / "data.csv").records] == [2, 4]


def test_an_empty_line_is_no_row_and_keeps_the_count(tmp_path):
    (tmp_path / "data.csv").write_text("a,b\n1,x\n\n2,y\n")
    assert [r.place.line for r in load(tmp_path / "data.csv").records] == [2, 4]
