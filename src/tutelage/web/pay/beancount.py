"""The ledger as a Beancount file, which `bean-check` (nothing of ours) adds up and balances anew.

The last lines say what our own database makes of every account; if the transfers above do not lead there, it complains.
Amounts in decimal, exactly; people and projects by their numbers here, never by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from django.db.models import Max, Min, Q, Sum

from tutelage.web.pay.models import Account, Entry, Transfer
from tutelage.web.projects.models import Project
from tutelage.web.shared.money import EXPONENTS

CHUNK = 1_000
NAMES = {
    Account.Kind.FUNDING: "Equity:Funding",
    Account.Kind.ESCROW: "Assets:Escrow",
    Account.Kind.PAYABLE: "Assets:Payable",
    Account.Kind.FEES: "Assets:Fees",
    Account.Kind.ROUNDING: "Equity:Rounding",
}


def decimal(minor: int, currency: str) -> str:
    """A whole number of the smallest unit, in decimal and in no language."""
    exponent = EXPONENTS.get(currency, 2)
    whole, rest = divmod(abs(minor), 10**exponent)
    said = f"{whole}.{rest:0{exponent}d}" if exponent else str(whole)
    return f"-{said}" if minor < 0 else said


def named(account: Account) -> str:
    """An account as Beancount calls it: its sort, its currency, and whose it is."""
    whose = account.project_id or account.user_id
    return f"{NAMES[account.kind]}:{account.currency}" + (f":N{whose.hex}" if whose else "")


def lines(project: Project | None = None) -> Iterator[str]:
    """The whole ledger, or what one project moved, line by line in constant memory."""
    scope = Q(project=project) if project is not None else Q()
    transfers = Transfer.objects.filter(scope)
    entries = Entry.objects.filter(transfer__in=transfers) if project is not None else Entry.objects.all()
    first, last = transfers.aggregate(first=Min("at"), last=Max("at")).values()
    accounts = {a.pk: a for a in Account.objects.filter(entries__in=entries).distinct().order_by("pk")}
    yield 'option "title" "Tutelage"\noption "tolerance_multiplier" "0"\n'
    for currency in sorted({a.currency for a in accounts.values()}):
        yield f'option "operating_currency" "{currency}"\n'
    for account in accounts.values():
        yield f"{_day(first)} open {named(account)} {account.currency}\n"
    rows = transfers.order_by("id").prefetch_related("entries")
    for transfer in rows.iterator(chunk_size=CHUNK):
        yield from _transaction(transfer, accounts)
    sums = entries.values("account").annotate(minor=Sum("minor")).order_by("account")
    for row in sums:
        account = accounts[row["account"]]
        amount = decimal(row["minor"], account.currency)
        yield f"\n{_day(last) + timedelta(days=1)} balance {named(account)} {amount} ~ 0 {account.currency}"
    yield "\n"


def _transaction(transfer: Transfer, accounts: dict[int, Account]) -> Iterator[str]:
    yield f'\n{_day(transfer.at)} * "{transfer.kind}"\n  id: "{transfer.pk}"\n  seconds: {transfer.seconds}\n'
    if transfer.contribution:
        yield f'  judgment: "{transfer.contribution}"\n'
    for entry in transfer.entries.all():
        account = accounts[entry.account_id]
        yield f"  {named(account)}  {decimal(entry.minor, account.currency)} {account.currency}\n"


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
