"""What an uploaded file holds once it is unpacked: a megabyte may be a terabyte of zeros."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

from tutelage.errors import BadInput

BLOCK = 1 << 20
GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
MOST_ROWS = 2_000_000  # of a table that can only be read whole


def check(file: Any, most: int) -> None:
    """Raises BadInput where a file holds more than `most` bytes, or a Parquet file more rows than are read whole.

    file  an UploadedFile, which is left at its beginning. One that is broken passes: its reader says what is wrong
    """
    file.seek(0)
    start = file.read(len(PARQUET))
    file.seek(0)
    try:
        if start.startswith(GZIP) and _unpacks_beyond(file, most):
            raise BadInput(f"The file unpacks to more than {most >> 20} MiB.", expected="a smaller one",
                           remedy="Split it.")  # fmt: skip
        if start == PARQUET and _rows(file) > MOST_ROWS:
            raise BadInput(f"The table has more than {MOST_ROWS} rows.", expected="fewer",
                           remedy="Split it, or give it as JSONL, which is read row by row.")  # fmt: skip
    finally:
        file.seek(0)


def _unpacks_beyond(file: Any, most: int) -> bool:
    left = most
    try:
        with gzip.GzipFile(fileobj=file) as inside:
            while left >= 0 and (block := inside.read(BLOCK)):
                left -= len(block)
    except (OSError, EOFError, zlib.error):
        return False
    return left < 0


def _rows(file: Any) -> int:
    """By the table's own foot, without unpacking it."""
    import polars as pl

    path = getattr(file, "temporary_file_path", None)
    try:
        return int(pl.scan_parquet(path() if path else file.read()).select(pl.len()).collect().item())
    except pl.exceptions.PolarsError:
        return 0
