"""Identity: UUIDv7 for occurrences. Content digests live in `tutelage.store`."""

from __future__ import annotations

from datetime import datetime

import numpy as np


def uuid7(now: datetime, rng: np.random.Generator) -> str:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then randomness drawn from `rng`.

    Time and randomness are arguments, so that a stage which is run again makes the same ids.
    """
    millis = int(now.timestamp() * 1000)
    noise = int.from_bytes(rng.bytes(10), "big")
    rand_a, rand_b = noise >> 68, noise & ((1 << 62) - 1)
    text = f"{(millis << 80) | (0x7 << 76) | ((rand_a & 0xFFF) << 64) | (0b10 << 62) | rand_b:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Ids:
    """A source of ids for one piece of work: every call to `new()` gives the next one."""

    def __init__(self, now: datetime, rng: np.random.Generator) -> None:
        self._now, self._rng = now, rng

    def new(self) -> str:
        """The next id."""
        return uuid7(self._now, self._rng)
