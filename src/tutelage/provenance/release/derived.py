"""Parquet beside the rows: an export for tools, never the identity of a release."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tutelage.formats.frames import write_frame

AT_ONCE = 5000  # rows taken apart together
_WRITTEN = json.JSONEncoder(ensure_ascii=False).encode


def write_parquet(root: Path, part: str, lines: Sequence[bytes]) -> dict[str, str]:
    """Write `derived/<part>.parquet` from published lines; gives its columns and their types.

    What is nested stands as JSON text.
    """
    import polars as pl

    columns: dict[str, list[Any]] = {}
    for start in range(0, len(lines), AT_ONCE):
        rows: list[dict[str, Any]] = json.loads(b"[" + b",".join(lines[start : start + AT_ONCE]) + b"]")
        for name in {name for row in rows for name in row} - columns.keys():
            columns[name] = [None] * start
        for name, values in columns.items():
            values.extend([_flat(row.get(name)) for row in rows])
    table = pl.DataFrame({name: pl.Series(name, _alike(columns[name])) for name in sorted(columns)})
    write_frame(table, root / "derived" / f"{part}.parquet")
    return {name: str(kind) for name, kind in table.schema.items()}


def _flat(value: Any) -> Any:
    return _WRITTEN(value) if isinstance(value, (dict, list)) else value


def _alike(values: list[Any]) -> list[Any]:
    """One type a column: numbers are floats where one of them is, anything mixed is text."""
    kinds = {type(v) for v in values if v is not None}
    if kinds <= {int, float} and float in kinds:
        return [None if v is None else float(v) for v in values]
    return values if len(kinds) <= 1 else [None if v is None else str(v) for v in values]
