"""A file that is small on the way and huge on arrival is refused before anything reads it whole."""

from __future__ import annotations

import gzip
import io

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tutelage.errors import BadInput
from tutelage.web.proof.forms import DrawForm
from tutelage.web.runs.forms import ImportForm
from tutelage.web.shared import uploads

MIB = 1 << 20


def packed(size: int, files: int = 1) -> SimpleUploadedFile:
    return SimpleUploadedFile("rows.jsonl.gz", gzip.compress(bytes(size)) * files)


def test_a_file_counts_as_what_is_in_it_all_its_parts_together() -> None:
    """3 MiB of zeros are 3 kB packed. Two of them, one behind the other, are one file of 6 MiB."""
    assert packed(3 * MIB).size < 4_000
    uploads.check(packed(3 * MIB), 3 * MIB)
    with pytest.raises(BadInput, match="more than 5 MiB"):
        uploads.check(packed(3 * MIB, files=2), 5 * MIB)


def test_a_file_is_left_at_its_beginning_and_a_broken_one_is_its_readers_to_say() -> None:
    for data in (b"prompt\nx\n", gzip.compress(b"prompt\nx\n"), gzip.compress(b"prompt")[:-9], b"PAR1 no table"):
        file = SimpleUploadedFile("x", data)
        uploads.check(file, MIB)
        assert file.read() == data


def test_a_table_is_refused_by_its_foot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand equal rows are a few hundred bytes."""
    out = io.BytesIO()
    pl.DataFrame({"prompt": ["x"] * 100_000}).write_parquet(out)
    uploads.check(SimpleUploadedFile("x.parquet", out.getvalue()), MIB)
    monkeypatch.setattr(uploads, "MOST_ROWS", 99_999)
    with pytest.raises(BadInput, match="99999 rows"):
        uploads.check(SimpleUploadedFile("x.parquet", out.getvalue()), MIB)


def test_both_forms_that_take_a_file_look_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: object, most: int) -> None:
        raise BadInput(f"More than {most >> 20} MiB.", expected="less", remedy="Split it.")

    monkeypatch.setattr(uploads, "check", full)
    for form in (ImportForm({"answers": "none"}, {"file": packed(1)}), DrawForm({}, {"file": packed(1)})):
        assert "MiB. Split it." in form.errors["file"][0]
