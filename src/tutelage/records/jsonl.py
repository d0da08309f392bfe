"""JSONL files of records: one record a line, UTF-8; an error names file, line and field."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from tutelage.errors import BadInput, TutelageError, Where
from tutelage.records.codec import decode, encode

T = TypeVar("T")
MAX_LINE_BYTES = 8 * 1024 * 1024


def dumps(value: Any) -> str:
    """One line of JSON: keys sorted, no spaces, no NaN."""
    return json.dumps(encode(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def write(path: Path, records: Iterable[Any]) -> int:
    """Write records, one a line; the file appears whole or not at all. Returns how many.

    A name ending in `.gz` is compressed with mtime 0, so that equal records are equal bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    count = 0
    try:
        with partial.open("wb") as raw:
            out = gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if path.suffix == ".gz" else raw
            for record in records:
                out.write(dumps(record).encode() + b"\n")
                count += 1
            if out is not raw:
                out.close()
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return count


def read(path: Path, kind: type[T] | Any) -> Iterator[T]:
    """The records of a file, in order; empty lines are skipped."""
    for line, value in objects(path):
        try:
            yield decode(kind, value)
        except TutelageError as error:
            raise error.at(file=path, line=line) from None


def objects(path: Path) -> Iterator[tuple[int, Any]]:
    """(line number, JSON value) of each line that is not empty."""
    if not path.is_file():
        raise BadInput(
            "There is no such file.",
            expected="a JSONL file",
            remedy="Check the path.",
            where=Where(str(path)),
        )
    with path.open("rb") as raw_file:
        packed = raw_file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as lines:
            number = 0
            while raw := lines.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(raw) > MAX_LINE_BYTES:
                    raise BadInput(
                        f"The line is longer than {MAX_LINE_BYTES // 2**20} MiB.",
                        expected="one record a line",
                        remedy="Put each record on its own line; keep files out of the text, as attachments.",
                        where=Where(str(path), number),
                    )
                if raw.strip():
                    yield number, parse(raw, path, number)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise BadInput(
            f"The compressed file is damaged: {error}.",
            expected="a complete gzip file",
            remedy="Copy it again.",
            where=Where(str(path)),
        ) from None


def parse(raw: bytes, path: Path, line: int | None = None) -> Any:
    """One JSON value from bytes, strictly: UTF-8, no NaN or Infinity, no key twice.

    line  where the bytes stand in the file; None if they are the whole file, whose lines are then counted
    """
    where = Where(str(path), line)
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_not_finite, object_pairs_hook=_no_key_twice)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"Byte {error.start + 1} (0x{raw[error.start]:02x}) is not UTF-8.",
            expected="UTF-8 text",
            remedy="Convert the file, for example with `iconv -f latin1 -t utf-8`.",
            where=Where(str(path), raw[: error.start].count(b"\n") + 1) if line is None else where,
        ) from None
    except json.JSONDecodeError as error:
        raise BadInput(
            f"The line is not JSON: {error.msg} at column {error.colno}.",
            expected="one JSON object a line",
            remedy="Correct the line.",
            where=Where(str(path), error.lineno) if line is None else where,
        ) from None
    except RecursionError:
        raise BadInput(
            "The JSON is nested too deeply.",
            expected="a flat record",
            remedy="Correct the line.",
            where=where,
        ) from None
    except _StrictnessError as error:
        raise BadInput(str(error), expected="strict JSON", remedy="Correct the line.", where=where) from None


class _StrictnessError(Exception):
    pass


def _not_finite(name: str) -> Any:
    raise _StrictnessError(f"The line holds {name}, which is not a number.")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(n for n in names if names.count(n) > 1)
        raise _StrictnessError(f"The key `{twice}` stands twice in one object.")
    return seen
