"""What the platform says no to, and with which HTTP status. Each says first whether work and pay are safe."""

from __future__ import annotations

from typing import ClassVar

from tutelage.errors import TutelageError


class Refused(TutelageError):
    """The request cannot be done as it is.

    safe  what the person need not worry about
    """

    status: ClassVar[int] = 409

    def __init__(self, seen: str, *, expected: str, remedy: str, safe: str = "") -> None:
        super().__init__(seen, expected=expected, remedy=remedy)
        self.safe = safe


class Forbidden(Refused):
    """Who asks may not do this here."""

    status = 403


class Unprocessable(Refused):
    """What was sent cannot be used."""

    status = 422


class TooMuch(Refused):
    """More than was agreed: a quota, a rate, a dose.

    wait_s  after how many seconds it may be asked again; 0 where no time helps or none is known
    """

    status = 429

    def __init__(self, seen: str, *, expected: str, remedy: str, safe: str = "", wait_s: int = 0) -> None:
        super().__init__(seen, expected=expected, remedy=remedy, safe=safe)
        self.wait_s = wait_s
