"""Any file of rows (JSONL, JSON, CSV, TSV, Parquet, gzip of the text ones) as records that know their place."""

from __future__ import annotations

import csv
import gzip
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, TutelageError, Where
from tutelage.records import decode, jsonl
from tutelage.records.jsonl import MAX_LINE_BYTES

HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its line in a text file; in a file without lines, its number from 1."""

    file: str
    number: int
    line: int | None

    def where(self, column: str | None = None) -> Where:
        """The place of one of the row's fields."""
        if self.line is not None:
            return Where(self.file, self.line, column)
        return Where(self.file, None, f"row {self.number}" + (f", {column}" if column else ""))

    def fault(self, seen: str, expected: str, remedy: str, column: str | None = None) -> BadInput:
        """An error about this row."""
        return BadInput(seen, expected=expected, remedy=remedy, where=self.where(column))

    def here(self, error: TutelageError, column: str | None = None) -> TutelageError:
        """An error that knows only its field, placed in this row."""
        inner = error.where.field or ""
        # the column "score" of a file is the field "scores.score" of an answer: once is enough
        repeats = column is not None and inner.split(".")[-1] == column
        path = (
            column if repeats or not inner else (column or "") + ("" if inner[0] == "[" or not column else ".") + inner
        )
        where = self.where(path)
        return type(error)(error.seen, expected=error.expected, remedy=error.remedy, where=where)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its values by column, and where it stands. `others` are the places of columns joined to it."""

    values: Mapping[str, Any]
    place: Place
    others: Mapping[str, Place] = field(default_factory=dict)

    def at(self, column: str | None) -> Place:
        """The place of a column: another file's, if it was joined."""
        return self.others.get(column or "", self.place)

    def fault(self, column: str | None, seen: str, expected: str, remedy: str) -> BadInput:
        """An error about one column of this row."""
        return self.at(column).fault(seen, expected, remedy, column)

    def value(self, column: str) -> Any:
        """The value as strict JSON, or BadInput: numbers finite, text valid Unicode, and not absent."""
        self._must_be_there(column)
        return self._decoded(column, Any)

    def text(self, column: str) -> str:
        """The value as text."""
        self._must_be_there(column)
        said: str = self._decoded(column, str)
        return said

    def optional_text(self, column: str | None) -> str | None:
        """The value as text, numbers and truth spelled out; None where it is absent or empty."""
        value = None if column is None else self.values.get(column)
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (int, float)):
            value = self.number(str(column))
            return str(int(value)) if value == int(value) else str(value)
        return self.text(str(column))

    def number(self, column: str) -> float:
        """The value as a finite number; text that spells one is accepted, because CSV knows only text."""
        value = self.value(column)
        try:
            number = float(value) if isinstance(value, (int, float, str)) else math.nan
        except ValueError:
            number = math.nan
        if isinstance(value, bool) or not math.isfinite(number):
            raise self.fault(column, f"Saw {value!r}.", "a finite number", "Correct the value.")
        return number

    def _must_be_there(self, column: str) -> None:
        if column not in self.values:
            raise self.fault(column, f"The row has no `{column}`.", f"a value for `{column}`", "Add it.")

    def _decoded(self, column: str, kind: Any) -> Any:
        try:
            return decode(kind, self.values[column])
        except TutelageError as error:
            raise self.at(column).here(error, column) from None


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one file. `joined` names, per joined column, the rows of its file that found no partner."""

    path: Path
    columns: tuple[str, ...]
    records: tuple[Record, ...]
    unmatched: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)

    @property
    def first(self) -> Mapping[str, Any]:
        """The values of the first row."""
        return self.records[0].values


def load(path: Path) -> Table:
    """Read a file of rows, whatever its format; the content decides, not the name. Raises BadInput."""
    _must_be_a_file(path)
    head = _head(path)
    read = next((reader for fits, reader in SHAPES.values() if fits(head)), None)
    if read is None:
        raise _unreadable(path, head)
    records = tuple(read(path))
    if not records:
        raise BadInput(
            "There are no rows.", expected="at least one row", remedy="Check the file.", where=Where(str(path))
        )
    columns = dict.fromkeys(column for record in records for column in record.values)
    return Table(path, tuple(columns), records)


def _must_be_a_file(path: Path) -> None:
    if path.is_file():
        return
    seen = "This is a directory." if path.is_dir() else "There is no such file."
    remedy = "Name one of its files." if path.is_dir() else "Check the path."
    raise BadInput(seen, expected="a file of rows", remedy=remedy, where=Where(str(path)))


def _head(path: Path) -> bytes:
    """The first bytes, decompressed. Empty files are refused here."""
    try:
        with path.open("rb") as raw:
            magic = raw.read(2)
        with gzip.open(path, "rb") if magic == b"\x1f\x8b" else path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, error) from None
    if not head.strip():
        raise BadInput("The file is empty.", expected="rows", remedy="Check the file.", where=Where(str(path)))
    return head


def _damaged(path: Path, error: Exception) -> BadInput:
    return BadInput(
        f"The file is damaged or cut short: {str(error).splitlines()[0]}.",
        expected="a complete file",
        remedy="Copy or download it again.",
        where=Where(str(path)),
    )


def _unreadable(path: Path, head: bytes) -> BadInput:
    utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return BadInput(
        "The text is UTF-16." if utf16 else "This is neither text nor Parquet.",
        expected="UTF-8 text (JSONL, JSON, CSV, TSV) or Parquet",
        remedy="Convert it, for example with `iconv -f utf-16 -t utf-8`." if utf16 else "Convert it first.",
        where=Where(str(path), 1 if utf16 else None),
    )


def content_of(path: Path) -> tuple[str, bytes]:
    """What a file holds – "Parquet", "JSON" (one list), "JSONL" or "text" (CSV, TSV) – and its bytes, decompressed.

    Parquet is left to be read from its path: the bytes are empty. Raises BadInput.
    """
    _must_be_a_file(path)
    head = _head(path)
    shape = next((name for name, (fits, _) in SHAPES.items() if fits(head)), None)
    if shape is None:
        raise _unreadable(path, head)
    return shape, b"" if shape == "Parquet" else _everything(path).removeprefix(b"\xef\xbb\xbf")


def _is_parquet(head: bytes) -> bool:
    return head.startswith(b"PAR1")


def _is_json_list(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def _is_jsonl(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _is_delimited(head: bytes) -> bool:
    return b"\0" not in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _parquet(path: Path) -> Iterator[Record]:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path, error) from None
    for number, values in enumerate(frame.iter_rows(named=True), 1):
        yield Record(values, Place(str(path), number, None))


def _json_list(path: Path) -> Iterator[Record]:
    values = jsonl.parse(_everything(path), path)
    for number, value in enumerate(values, 1):
        yield _object(value, Place(str(path), number, None))


def _everything(path: Path) -> bytes:
    packed = path.read_bytes()
    try:
        return gzip.decompress(packed) if packed.startswith(b"\x1f\x8b") else packed
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise _damaged(path, error) from None


def _jsonl(path: Path) -> Iterator[Record]:
    for number, (line, value) in enumerate(jsonl.objects(path), 1):
        yield _object(value, Place(str(path), number, line))


def _object(value: Any, place: Place) -> Record:
    if not isinstance(value, dict):
        raise place.fault("The row is not an object.", "an object with named fields", "Correct the row.")
    return Record(value, place)


def _delimited(path: Path) -> Iterator[Record]:
    """CSV or TSV by the standard library, which counts lines inside quoted fields; Polars does not tell them."""
    csv.field_size_limit(MAX_LINE_BYTES)
    lines = (_decoded(raw, path, number) for number, raw in enumerate(_lines(path), 1))
    header = next(lines)
    delimiter = "\t" if "\t" in header else ";" if header.count(";") > header.count(",") else ","
    names = next(csv.reader([header], delimiter=delimiter))
    _check_header(names, path)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number, started = 0, 2
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            seen = f"The row cannot be read: {error}."
            raise Place(str(path), number + 1, started).fault(seen, "quotes that are closed", "Correct it.") from None
        if cells is None:
            return
        place, started = Place(str(path), number + 1, started), reader.line_num + 2
        if cells:
            number += 1
            if len(cells) != len(names):
                seen = f"The row has {len(cells)} cells."
                raise place.fault(seen, f"{len(names)} cells, as in the header", "Quote cells that hold a delimiter.")
            yield Record(dict(zip(names, cells, strict=True)), place)


def _check_header(names: list[str], path: Path) -> None:
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None or "" in names:
        seen = f"The column `{twice}` stands twice." if twice else "A column has no name."
        where = Where(str(path), 1, twice or None)
        raise BadInput(seen, expected="a name of its own for each column", remedy="Rename it.", where=where)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            number = 0
            while line := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise BadInput(
                        f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB.",
                        expected="one row a line",
                        remedy="Split the file, or convert it to JSONL.",
                        where=Where(str(path), number),
                    )
                yield line
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise _damaged(path, error) from None


def _decoded(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"Byte {error.start + 1} (0x{raw[error.start]:02x}) is not UTF-8.",
            expected="UTF-8 text",
            remedy="Convert the file, for example with `iconv -f latin1 -t utf-8`.",
            where=Where(str(path), number),
        ) from None


SHAPES: dict[str, tuple[Callable[[bytes], bool], Callable[[Path], Iterator[Record]]]] = {
    "Parquet": (_is_parquet, _parquet),
    "JSON": (_is_json_list, _json_list),
    "JSONL": (_is_jsonl, _jsonl),
    "text": (_is_delimited, _delimited),
}
