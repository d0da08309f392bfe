"""Reading records from bytes that anybody may have sent: a record, or BadInput, and no other way out."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from tutelage.errors import BadInput
from tutelage.records import decode

T = TypeVar("T")


def record(kind: type[T], value: Any) -> T:
    """JSON values as a record. Raises BadInput, whatever the value."""
    try:
        found: T = decode(kind, value)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise _unreadable(kind) from None
    return found


def parsed(kind: type[T], payload: bytes | str) -> T:
    """A record from JSON. Raises BadInput, whatever the bytes."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        raise _unreadable(kind) from None
    return record(kind, value)


def _unreadable(kind: type[Any]) -> BadInput:
    return BadInput(f"This cannot be read as {kind.__name__}.", expected="JSON as it was given out",
                    remedy="Copy it again, to the byte.")  # fmt: skip
