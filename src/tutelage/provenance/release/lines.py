"""Canonical lines by the hundred thousand: RFC 8785 by Python's own JSON where both agree, else the slow way."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Any

from tutelage.provenance.receipts import Receipt
from tutelage.records import encode
from tutelage.store import canonical

_DUMPS = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_EXACT = 1 << 53
_NAMES: dict[type, tuple[str, ...]] = {}


class _Differs(Exception):
    """Python would write this in other bytes than RFC 8785."""


def line(value: Any) -> bytes:
    """The bytes of `canonical`, several times as fast."""
    try:
        return _DUMPS(_plain(value)).encode()
    except (_Differs, UnicodeEncodeError):
        return canonical(value)


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is int or kind is float:
        return _number(value)
    if kind is list or kind is tuple:
        return [_plain(v) for v in value]
    if kind is dict:
        if not all(type(k) is str and k.isascii() for k in value):
            raise _Differs  # RFC 8785 sorts by UTF-16
        return {k: _plain(v) for k, v in value.items()}
    if kind is datetime:
        return encode(value)
    if kind not in _NAMES:
        if not dataclasses.is_dataclass(kind):
            raise _Differs
        _NAMES[kind] = tuple(f.name for f in dataclasses.fields(kind))
    return {name: _plain(getattr(value, name)) for name in _NAMES[kind]}


def _number(value: float) -> float:
    """Python and ECMAScript write fractions from 0.0001 alike, and whole numbers as integers."""
    if abs(value) < _EXACT and value == int(value):
        return int(value)
    if not 1e-4 <= abs(value) < _EXACT:
        raise _Differs
    return value


class Written(Receipt):
    """A receipt whose payload is written once: the log asks for it several times."""

    __slots__ = ("_payload",)
    _payload: bytes

    @classmethod
    def of(cls, receipt: Receipt) -> Written:
        """The same receipt."""
        made = cls(**{f.name: getattr(receipt, f.name) for f in dataclasses.fields(receipt)})
        object.__setattr__(made, "_payload", line(receipt))
        return made

    def payload(self) -> bytes:
        """See `Receipt`."""
        return self._payload
