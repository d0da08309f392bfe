"""Content digests: SHA-256 over RFC 8785 JSON, and over the bytes of files and directories.

Python's own JSON writes what RFC 8785 asks for, several times as fast as `rfc8785`, wherever keys are ASCII and numbers
have one spelling in both; everything else is left to `rfc8785`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import NoneType
from typing import Any

import rfc8785

from tutelage.errors import BadInput, Where
from tutelage.records import encode

CHUNK_BYTES = 1 << 20
_EXACT = 1 << 53
_AS_IT_IS = frozenset({str, bool, NoneType})
_written = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of a record or JSON value."""
    try:
        return _written(_plain(value)).encode()
    except (_Differs, UnicodeEncodeError):
        return rfc8785.dumps(encode(value))


class _Differs(Exception):
    """Python might write this in other bytes than RFC 8785."""


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    return (_PLAIN.get(kind) or _record(kind))(value)


def _list(values: Any) -> list[Any]:
    return [v if type(v) in _AS_IT_IS else _plain(v) for v in values]


def _mapping(value: dict[Any, Any]) -> dict[str, Any]:
    for key in value:
        if type(key) is not str or not key.isascii():
            raise _Differs  # RFC 8785 sorts by UTF-16
    return {k: v if type(v) in _AS_IT_IS else _plain(v) for k, v in value.items()}


def _number(value: float) -> float:
    """Both write fractions from 0.0001 alike; a whole number is written as an integer."""
    if abs(value) < _EXACT and value == int(value):
        return int(value)
    if not 1e-4 <= abs(value) < _EXACT:
        raise _Differs
    return value


_PLAIN: dict[type, Callable[[Any], Any]] = {
    int: _number, float: _number, list: _list, tuple: _list, dict: _mapping, datetime: lru_cache(4096)(encode),
}  # fmt: skip


def _record(kind: type) -> Callable[[Any], Any]:
    """How records of a type are taken apart; remembered."""
    if not dataclasses.is_dataclass(kind):
        raise _Differs
    names = tuple(f.name for f in dataclasses.fields(kind))

    def fields(value: Any) -> dict[str, Any]:
        return dict(zip(names, _list([getattr(value, name) for name in names]), strict=True))

    return _PLAIN.setdefault(kind, fields)


def digest(value: Any) -> str:
    """`sha256:<hex>` of a record's canonical JSON. For de-duplication and sealing, never a commitment:
    a short answer can be guessed from it (`tutelage.provenance` salts)."""
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def digest_file(path: Path) -> str:
    """`sha256:<hex>` of a file's bytes."""
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            hasher.update(chunk)
    return "sha256:" + hasher.hexdigest()


def listing(root: Path) -> list[list[str]]:
    """The sorted [relative path, file digest] pairs of a directory. Empty directories do not count.

    Raises BadInput on a link or a device: what they mean depends on the machine, so they have no content.
    """
    pairs = []
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput(
                "This is a link or a device inside an artefact.",
                expected="regular files and directories only",
                remedy="Copy the file it points to instead.",
                where=Where(str(path)),
            )
        if path.is_file():
            pairs.append([path.relative_to(root).as_posix(), digest_file(path)])
    return pairs


def digest_tree(root: Path) -> str:
    """`sha256:<hex>` of a directory: of its `listing`. Links are refused."""
    return digest(listing(root))


def digest_path(path: Path) -> str:
    """`sha256:<hex>` of a file or of a directory, whichever is there. Raises BadInput where there is neither."""
    if path.is_dir():
        return digest_tree(path)
    if path.is_file():
        return digest_file(path)
    raise BadInput(
        "There is no such file or directory.",
        expected="a file or a directory",
        remedy="Check the path.",
        where=Where(str(path)),
    )
