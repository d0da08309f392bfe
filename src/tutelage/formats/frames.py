"""A file of rows as columns of numbers and names, for arithmetic over millions of them. Polars reads, numpy computes.

`tables` reads record by record and knows every line; this reads whole columns and knows rows. Texts stay texts ("01" is
not 1), and what a cell means is asked for by its reader: a name, a number, a truth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput, Where
from tutelage.formats.tables import content_of

if TYPE_CHECKING:
    import polars as pl

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.object_]

_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")


@dataclass(frozen=True, slots=True)
class Frame:
    """The columns of one file. An empty cell, a null and a NaN are the same: nothing was said."""

    path: Path
    table: pl.DataFrame

    def __len__(self) -> int:
        return self.table.height

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in the order of the file."""
        return tuple(self.table.columns)

    def names(self, column: str) -> Names:
        """(n,) texts, None where empty. Numbers are spelled one way in every column: 1, 1.0 and "1.00" are "1"."""
        import polars as pl

        series = self._column(column)
        if series.dtype == pl.Boolean:
            return _objects(series.cast(pl.String).str.to_lowercase())
        if series.dtype == pl.String:
            numbers = series.cast(pl.Float64, strict=False)
            # "007" is a name and 7 a number: only a column that is spelled as pandas spells floats is respelled
            if numbers.null_count() > series.null_count() or not series.str.contains(r"^-?\d+\.\d*$").any():
                return _objects(series)
            series = numbers
        if series.dtype.is_float():
            spelled = {v: _spelled(v) for v in series.unique().drop_nulls().to_list()}
            return np.array([None if v is None else spelled[v] for v in series.to_list()], dtype=object)
        if series.dtype.is_integer() or (series.dtype.is_temporal() and series.dtype != pl.Duration):
            return _objects(series.cast(pl.String))
        raise self._bad(column, f"The column holds {series.dtype}.", "texts or numbers", "Name another column.")

    def texts(self, column: str) -> list[str]:
        """(n,) what is written, to the letter; "" where empty. For what people read, not for ids and labels."""
        import polars as pl

        if not self._column(column).dtype.is_nested() and self.table.schema[column] not in (pl.Binary, pl.Duration):
            return self.table.get_column(column).cast(pl.String).fill_null("").to_list()
        raise self._bad(column, f"The column holds {self.table.schema[column]}.", "texts", "Name another column.")

    def every_name(self, column: str) -> Names:
        """(n,) texts; BadInput names the first row where there is none."""
        out = self.names(column)
        empty = np.flatnonzero(out == None)  # noqa: E711  elementwise: an array compared with None
        if empty.size:
            raise self._bad(column, f"Row {empty[0] + 1} is empty ({empty.size:,} rows are).", "a name on every row",
                            "Fill it in, or leave those rows out.")  # fmt: skip
        return out

    def numbers(self, column: str) -> Floats:
        """(n,) finite numbers, NaN where empty; BadInput names the first row that holds something else."""
        import polars as pl

        series = self._column(column)
        if series.dtype == pl.Boolean or not (series.dtype.is_numeric() or series.dtype == pl.String):
            raise self._bad(column, f"The column holds {series.dtype}.", "numbers", "Name another column.")
        found = series.cast(pl.Float64, strict=False)
        wrong = (found.is_null() & series.is_not_null()) | found.is_infinite().fill_null(False)
        if wrong.any():
            row = int(wrong.arg_true()[0])
            raise self._bad(column, f"Row {row + 1} holds {series[row]!r}.", "a finite number", "Correct it.")
        return found.fill_null(float("nan")).to_numpy().astype(np.float64)

    def every_number(self, column: str) -> Floats:
        """(n,) finite numbers; BadInput names the first row where there is none."""
        out = self.numbers(column)
        empty = np.flatnonzero(np.isnan(out))
        if empty.size:
            raise self._bad(column, f"Row {empty[0] + 1} is empty ({empty.size:,} rows are).", "a number on every row",
                            "Fill it in, or leave those rows out.")  # fmt: skip
        return out

    def truths(self, column: str) -> npt.NDArray[np.bool_]:
        """(n,) true or false, however spelled: true/false, 1/0, yes/no; empty is false."""
        said = np.array([("" if v is None else v.lower()) for v in self.names(column).tolist()], dtype=object)
        true, false = np.isin(said, _TRUE), np.isin(said, (*_FALSE, ""))
        wrong = np.flatnonzero(~(true | false))
        if wrong.size:
            raise self._bad(column, f"Row {wrong[0] + 1} holds {said[wrong[0]]!r}.", "true or false", "Correct it.")
        return np.asarray(true, dtype=np.bool_)

    def one_of(self, names: Sequence[str]) -> str:
        """The first of several names that is a column; BadInput lists the columns there are."""
        found = next((name for name in names if name in self.columns), None)
        if found is None:
            listed = ", ".join(f"`{name}`" for name in self.columns[:20])
            raise BadInput(f"The columns are {listed}.", expected=f"one called {' or '.join(names)}",
                           remedy="Rename it, or name the column.", where=Where(str(self.path)))  # fmt: skip
        return found

    def is_numeric(self, column: str) -> bool:
        """Whether every cell that is not empty spells a number."""
        import polars as pl

        series = self._column(column)
        if series.dtype == pl.String:
            return bool(series.cast(pl.Float64, strict=False).null_count() == series.null_count())
        return bool(series.dtype.is_numeric())

    def _column(self, column: str) -> pl.Series:
        """A column with its empty cells as nulls, categories as texts; BadInput lists the columns there are."""
        import polars as pl

        if column not in self.table.columns:
            near = get_close_matches(column, self.columns, 1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            listed = ", ".join(f"`{name}`" for name in self.columns[:20])
            raise self._bad(column, "There is no such column.", f"one of {listed}", f"Name one of them.{hint}")
        series = self.table.get_column(column)
        if series.dtype in (pl.Null, pl.Enum) or series.dtype == pl.Categorical:
            series = series.cast(pl.String)
        elif series.dtype.is_decimal():
            series = series.cast(pl.Float64)
        if series.dtype == pl.String:
            kept = series.str.strip_chars()
            return kept.set(kept.str.len_bytes() == 0, None)
        return series.fill_nan(None) if series.dtype.is_float() else series

    def _bad(self, column: str, seen: str, expected: str, remedy: str) -> BadInput:
        return BadInput(seen, expected=expected, remedy=remedy, where=Where(str(self.path), None, column))


def _spelled(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _objects(series: pl.Series) -> Names:
    return np.array(series.to_list(), dtype=object)


def read_frame(path: Path) -> Frame:
    """Read Parquet, JSONL, JSON, CSV or TSV (gzip of the text ones) by content, not by name. Raises BadInput."""
    import polars as pl

    shape, data = content_of(path)
    try:
        table = _READ[shape](path, data)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        _say_encoding(path, shape, data)
        raise BadInput(
            f"The {shape} cannot be read: {str(error).splitlines()[0]}.",
            expected="rows of equal shape",
            remedy="Correct the file; `tutelage import` names the line.",
            where=Where(str(path)),
        ) from None
    if not table.height:
        raise BadInput(
            "There are no rows.", expected="at least one row", remedy="Check the file.", where=Where(str(path))
        )
    return Frame(path, table)


def _say_encoding(path: Path, shape: str, data: bytes) -> None:
    """BadInput where what cannot be read is a text in another encoding."""
    if shape == "Parquet":
        return
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"Byte {data[error.start]:#04x} is no UTF-8.", expected="UTF-8 text",
            remedy="Convert it, for example with `iconv -f latin1 -t utf-8`.",
            where=Where(str(path), data.count(b"\n", 0, error.start) + 1),
        ) from None  # fmt: skip


def write_frame(table: pl.DataFrame, path: Path) -> None:
    """Write rows in the format of the file's name (.parquet, .jsonl, .csv); whole or not at all."""
    from tutelage.store.files import write_whole

    out = BytesIO()
    if path.suffix == ".parquet":
        table.write_parquet(out)
    elif path.suffix in (".jsonl", ".ndjson"):
        table.write_ndjson(out)
    elif path.suffix == ".csv":
        table.write_csv(out)
    else:
        raise BadInput(f"`{path.name}` is no format we write.", expected=".parquet, .jsonl or .csv",
                       remedy="Change the name.", where=Where(str(path)))  # fmt: skip
    write_whole(path, out.getvalue())


def _parquet(path: Path, _: bytes) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(path)


def _json_list(_: Path, data: bytes) -> pl.DataFrame:
    import polars as pl

    return pl.read_json(data, infer_schema_length=None)


def _jsonl(path: Path, data: bytes) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_ndjson(data, infer_schema_length=None)
    except pl.exceptions.PolarsError:
        return pl.from_dicts([*_lines(path, data)], infer_schema_length=None)


def _lines(path: Path, data: bytes) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL that polars refuses, slowly: NaN, which json.dump writes, is an empty cell; BadInput names
    the line that is no object."""
    for number, line in enumerate(data.decode("utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=lambda word: None if word == "NaN" else float(word))
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise BadInput(f"The line is {line[:60]!r}.", expected="one JSON object a line", remedy="Correct the line.",
                           where=Where(str(path), number))  # fmt: skip
        yield row


def _delimited(_: Path, data: bytes) -> pl.DataFrame:
    import polars as pl

    head = data[: data.find(b"\n")] if b"\n" in data else data
    mark = "\t" if b"\t" in head else ";" if head.count(b";") > head.count(b",") else ","
    table = pl.read_csv(data, separator=mark, infer_schema=False)
    names = {name: name.replace('""', '"') for name in table.columns if '""' in name}  # polars undoubles cells only
    return table.rename(names) if names else table


_READ: dict[str, Any] = {"Parquet": _parquet, "JSON": _json_list, "JSONL": _jsonl, "text": _delimited}
