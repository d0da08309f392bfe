"""What somebody may be shown now. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from tutelage.web.care import rules
from tutelage.web.care.models import Exposure, OptIn
from tutelage.web.care.rules import Look
from tutelage.web.people.models import User


def chosen(user: User) -> set[str]:
    """The content classes that somebody is ready to meet."""
    return set(OptIn.objects.filter(user=user).values_list("name", flat=True))


def missing(user: User, classes: Iterable[str]) -> list[str]:
    """Which of the classes somebody has not agreed to meet. Asks nothing where there are none."""
    asked = rules.real(classes)
    agreed = chosen(user) if asked else set()
    return [c for c in asked if c not in agreed]


def looks(user: User, now: datetime) -> list[Look]:
    """Somebody's exposures of the last 24 hours, in every project, oldest first."""
    rows = Exposure.objects.filter(user=user, seen_at__gt=now - rules.DAY).order_by("began_at", "pk")
    return [Look(*row) for row in rows.values_list("severity", "began_at", "seen_at", "ms", "open")]


def slots_seen(user: User, now: datetime) -> list[int]:
    """The queue's places of those exposures."""
    rows = Exposure.objects.filter(user=user, seen_at__gt=now - rules.DAY)
    return list(rows.values_list("slot", flat=True))


def left_s(user: User, severity: int, now: datetime, last_benign: Callable[[], datetime | None]) -> int:
    """Seconds that somebody may still look at content of a severity; `last_benign` is asked only if it matters."""
    seen = looks(user, now)
    left = rules.left_s(severity, seen, now)
    return left or rules.left_s(severity, seen, now, benign=last_benign())


def met(token: str) -> bool:
    """Whether what a lease holds was ever shown to its holder."""
    return Exposure.objects.filter(token=token).exists()


def elsewhere(user: User, slot: int, now: datetime) -> bool:
    """Whether another such task is open before them: one at a time, so that two screens are not two doses."""
    awake = now - timedelta(seconds=rules.LONGEST_LOOK_S)
    return Exposure.objects.filter(user=user, open=True, seen_at__gt=awake).exclude(slot=slot).exists()


def today(user: User, now: datetime) -> list[tuple[int, int, int]]:
    """(severity, seconds spent, seconds allowed) of the last 24 hours, the severest first."""
    seen = looks(user, now)
    spent = {s: sum(rules.looked_ms(k, now) for k in seen if k.severity >= s) // 1000 for s in rules.DOSE_S}
    return [(s, min(spent[s], most), most) for s, most in sorted(rules.DOSE_S.items(), reverse=True)]
