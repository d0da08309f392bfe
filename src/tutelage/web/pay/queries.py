"""Balances and statements. Reads only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from tutelage.web.pay import rules
from tutelage.web.pay.models import Account, Entry, Transfer
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.shared.ids import Choice


def balance(kind: Choice, currency: str, *, project: Project | None = None, user: User | None = None) -> int:
    """The sum of an account's entries; 0 where there is none."""
    found = Entry.objects.filter(
        account__kind=kind, account__currency=currency, account__project=project, account__user=user
    ).aggregate(minor=Sum("minor"))["minor"]
    return found or 0


def escrow_balance(project: Project) -> int:
    """What is set aside for a project and not yet earned: one row, however long the ledger is."""
    return _escrow(project).values_list("balance", flat=True).first() or 0


def left(project: Project) -> int:
    """The same, and nobody moves it until the transaction ends."""
    return _escrow(project).select_for_update(no_key=True).values_list("balance", flat=True).first() or 0


def _escrow(project: Project) -> QuerySet[Account]:
    return Account.objects.filter(kind=Account.Kind.ESCROW, currency=project.currency, project=project, user=None)


def escrow_needed(project: Project, slots: int, people: int = 20) -> int:
    """What must be set aside to offer `slots` tasks to about so many people."""
    return rules.needed(slots, project.piece_minor, people, project.instruction_minor, project.fee_bp)


def earnings(user: User) -> dict[str, Any]:
    """What a person earned, by currency and by kind of line, with paid seconds and the effective rate an hour."""
    lines = (
        Entry.objects.filter(account__user=user, account__kind=Account.Kind.PAYABLE)
        .values(currency=F("account__currency"), kind=F("transfer__kind"))
        .annotate(minor=Sum("minor"), count=Count("transfer"), seconds=Sum("transfer__seconds"))
        .order_by("currency", "kind")
    )
    found: dict[str, Any] = {}
    for line in lines:
        one = found.setdefault(line["currency"], {"minor": 0, "seconds": 0, "lines": []})
        one["minor"] += line["minor"]
        one["seconds"] += line["seconds"]
        said = {k: line[k] for k in ("kind", "minor", "count", "seconds")}
        one["lines"].append(said | {"label": Transfer.Kind(line["kind"]).label})
    for one in found.values():
        one["hourly_minor"] = one["minor"] * 3600 / one["seconds"] if one["seconds"] else None
    return found


def statement(user: User, project: Project, contributions: list[UUID]) -> tuple[int, int]:
    """(minor, seconds) that a person got for some of their contributions, for the statement that they sign."""
    found = Entry.objects.filter(
        account__user=user, account__kind=Account.Kind.PAYABLE, transfer__project=project,
        transfer__contribution__in=contributions,
    ).aggregate(minor=Sum("minor"), seconds=Sum("transfer__seconds"))  # fmt: skip
    return found["minor"] or 0, found["seconds"] or 0


def lines_of(user: User, before: UUID | None = None, size: int = 50) -> list[Transfer]:
    """A person's pay lines, newest first, a page at a time."""
    rows = Transfer.objects.filter(user=user).select_related("project").annotate(
        minor=Sum("entries__minor", filter=Q(entries__account__kind=Account.Kind.PAYABLE))
    )  # fmt: skip
    return list((rows.filter(id__lt=before) if before else rows).order_by("-id")[:size])


def every_line(user: User) -> list[dict[str, Any]]:
    """All of a person's pay lines as plain values, oldest first."""
    rows = Entry.objects.filter(account__user=user, account__kind=Account.Kind.PAYABLE).order_by("transfer")
    found = rows.values("minor", at=F("transfer__at"), kind=F("transfer__kind"), currency=F("account__currency"),
                        seconds=F("transfer__seconds"), project=F("transfer__project"),
                        judgment=F("transfer__contribution"))  # fmt: skip
    return list(found)


def adrift() -> list[int]:
    """Escrow accounts whose running balance is not the sum of their entries; there are none."""
    rows = Account.objects.filter(kind=Account.Kind.ESCROW).annotate(minor=Sum("entries__minor", default=0))
    return list(rows.exclude(balance=F("minor")).values_list("pk", flat=True))


def unbalanced() -> list[UUID]:
    """Transfers whose entries do not sum to zero; there are none."""
    sums = Entry.objects.values("transfer").annotate(minor=Sum("minor")).exclude(minor=0)
    return [row["transfer"] for row in sums]
