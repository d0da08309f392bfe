"""What may be done with invitations, tokens and staff accounts. Values in, decisions out."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST, ENTER = "first", "enter"
PARTS = ("owner", "auditor", "operator")
SCOPES = ("read", "write")
STAFF = frozenset({"owner", "operator"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "testserver"})
PREFIX = "tut_"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret shown once, and what is kept of it."""

    text: str
    hash: str
    prefix: str


def new_secret() -> Secret:
    """256 random bits. Guessing one is hopeless, so a plain hash keeps it."""
    text = PREFIX + secrets.token_urlsafe(32)
    return Secret(text, hashed(text), text[:10])


def hashed(text: str) -> str:
    """What the database holds in place of a secret."""
    return hashlib.sha256(text.encode()).hexdigest()


def expiry(days: int, *, now: datetime) -> datetime:
    """When something made now ends."""
    return now + timedelta(days=days)


def is_live(expires_at: datetime | None, ended_at: datetime | None, *, now: datetime) -> bool:
    """Whether a link or token can still be used: neither past its time nor used up nor revoked."""
    return ended_at is None and (expires_at is None or expires_at > now)


def is_exposed(hosts: Iterable[str]) -> bool:
    """Whether the installation answers to any name but this machine's own."""
    return any(host not in LOOPBACK for host in hosts)


def needs_second_factor(*, is_staff: bool, has_factor: bool, exposed: bool) -> bool:
    """Owners and operators of an installation that others can reach sign in with two factors."""
    return exposed and is_staff and not has_factor


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a second in the long run, and so many at once after a pause."""

    per_s: float
    at_once: int


def paid(next_at: datetime | None, now: datetime, rate: Rate) -> tuple[datetime, int]:
    """(when the request after this one would be on time, seconds to wait: 0 where this one may go on).

    next_at  what this gave for the request before, None for the first

    The generic cell rate algorithm: a bucket of `at_once` that fills at `per_s`, in one time (ITU-T I.371).
    """
    apart = timedelta(seconds=1 / rate.per_s)
    due = max(next_at or now, now)
    early = due - now - apart * (rate.at_once - 1)
    wait = max(0, math.ceil(early.total_seconds()))
    return (due, wait) if wait else (due + apart, 0)
