"""Money moves here and nowhere else, always within the caller's transaction or one of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tutelage.web.pay import queries, rules
from tutelage.web.pay.models import Account, Entry, Transfer
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.shared.ids import Choice
from tutelage.web.shared.refusals import Refused

Kind, Why = Account.Kind, Transfer.Kind
_accounts: dict[tuple[Choice, str, UUID | None, UUID | None], int] = {}  # accounts are never deleted
_currencies: dict[int, str] = {}  # of those


def open_account(kind: Choice, currency: str, project: Project | None = None, user: User | None = None) -> int:
    """An account's number, made on first use."""
    name = (kind, currency, project and project.pk, user and user.pk)
    if name not in _accounts:
        found, _ = Account.objects.get_or_create(kind=kind, currency=currency, project=project, user=user)
        transaction.on_commit(lambda: _keep(name, found.pk))  # until then it may yet be undone
        return found.pk
    return _accounts[name]


def _keep(name: tuple[Choice, str, UUID | None, UUID | None], number: int) -> None:
    _accounts[name], _currencies[number] = number, name[1]


def _one_currency(key: str, accounts: Iterable[int]) -> None:
    """Raises ValueError where a transfer would turn one currency into another."""
    new = [a for a in accounts if a not in _currencies]
    found = {_currencies[a] for a in accounts if a in _currencies}
    found |= set(Account.objects.filter(pk__in=new).values_list("currency", flat=True)) if new else set()
    if len(found) > 1:
        raise ValueError(f"entries of {key} are in {', '.join(sorted(found))}, not in one currency")


def move(
    kind: Choice, key: str, entries: dict[int, int], *, at: datetime, project: Project | None = None,
    user: User | None = None, contribution: UUID | None = None, seconds: int = 0,
) -> Transfer:  # fmt: skip
    """One transfer; entries by account, in one currency, sum to zero. Raises IntegrityError where the key was used."""
    if sum(entries.values()):
        raise ValueError(f"entries of {key} sum to {sum(entries.values())}, not 0")
    _one_currency(key, entries)
    made = Transfer.objects.create(kind=kind, key=key, project=project, user=user, contribution=contribution,
                                   seconds=seconds, at=at)  # fmt: skip
    Entry.objects.bulk_create(Entry(transfer=made, account_id=a, minor=m) for a, m in entries.items() if m)
    return made


def pay(
    kind: Choice, key: str, project: Project, user: User, minor: int, *, seconds: int, at: datetime,
    contribution: UUID | None = None,
) -> Transfer:  # fmt: skip
    """A pay line: from the project's escrow to what is owed to a person, and the platform's share."""
    share, currency = rules.fee(minor, project.fee_bp), project.currency
    entries = {
        open_account(Kind.ESCROW, currency, project=project): -(minor + share),
        open_account(Kind.PAYABLE, currency, user=user): minor,
        open_account(Kind.FEES, currency): share,
    }
    return move(kind, key, entries, at=at, project=project, user=user, contribution=contribution, seconds=seconds)


@transaction.atomic
def deposit(project: Project, minor: int, key: str, *, at: datetime) -> Transfer:
    """An owner's money set aside for a project."""
    if minor <= 0:
        raise Refused(f"{minor} was to be set aside.", expected="a positive amount", remedy="Say how much.")
    entries = {open_account(Kind.FUNDING, project.currency): -minor,
               open_account(Kind.ESCROW, project.currency, project=project): minor}  # fmt: skip
    return move(Why.DEPOSIT, key, entries, at=at, project=project)


@transaction.atomic
def give_back(project: Project, key: str, *, at: datetime) -> Transfer | None:
    """What is left in a closed project's escrow goes back to the owner."""
    left = queries.escrow_balance(project)
    if not left:
        return None
    entries = {open_account(Kind.ESCROW, project.currency, project=project): -left,
               open_account(Kind.FUNDING, project.currency): left}  # fmt: skip
    return move(Why.RELEASE, key, entries, at=at, project=project)
