"""Choices about content, and the count of what was met, within the transaction of whoever hands out or takes back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from tutelage.web.care import queries, rules
from tutelage.web.care.models import Exposure, OptIn
from tutelage.web.care.rules import Look
from tutelage.web.people.models import User
from tutelage.web.people.rightward import audit
from tutelage.web.shared.refusals import Unprocessable


@transaction.atomic
def choose(user: User, classes: Iterable[str], now: datetime) -> set[str]:
    """Be ready to meet just these classes from now on; gives them. What is before somebody stays with them."""
    wanted = set(classes)
    unknown = wanted - set(rules.CLASSES)
    if unknown:
        raise Unprocessable(f"{', '.join(sorted(unknown))} is no content class.", expected=", ".join(rules.CLASSES),
                            remedy="Choose from the list.")  # fmt: skip
    before = queries.chosen(user)
    OptIn.objects.filter(user=user).exclude(name__in=wanted).delete()
    OptIn.objects.bulk_create(OptIn(user=user, name=name, since=now) for name in sorted(wanted - before))
    if wanted != before:
        audit(user, "chose_content", "user", user.pk, classes=sorted(wanted))
    return wanted


def begin(user: User, slot: int, token: str, severity: int, now: datetime) -> None:
    """A task that may upset is before somebody from now on; shown again, it goes on from where it stood."""
    row, new = Exposure.objects.get_or_create(token=token, defaults={
        "user": user, "slot": slot, "severity": severity, "began_at": now, "seen_at": now})  # fmt: skip
    if not new and not row.open:
        Exposure.objects.filter(pk=row.pk).update(open=True, seen_at=max(row.seen_at, now))


def heard(token: str, now: datetime, *, over: bool = False) -> None:
    """The task was heard of again, or came to its `over`; nothing where it was not counted."""
    row = Exposure.objects.filter(token=token, open=True).first()
    if row is None:
        return
    row.ms = rules.looked_ms(Look(row.severity, row.began_at, row.seen_at, row.ms, True), now)
    row.seen_at, row.open = max(row.seen_at, now), not over
    row.save(update_fields=["ms", "seen_at", "open"])
