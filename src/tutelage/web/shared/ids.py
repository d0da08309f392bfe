"""Identity for rows: UUIDv7, so that keys sort by time and indexes grow at their end."""

from __future__ import annotations

import os
import time
from typing import Any
from uuid import UUID

Choice = Any  # a member of TextChoices: a str, which the type checker takes for a tuple


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562) of now."""
    noise = int.from_bytes(os.urandom(10), "big")
    high = (time.time_ns() // 1_000_000 << 16) | 0x7000 | noise >> 68 & 0xFFF
    return UUID(int=high << 64 | 0b10 << 62 | noise & (1 << 62) - 1)
