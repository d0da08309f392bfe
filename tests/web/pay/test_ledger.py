"""The ledger sums to zero, keeps every line, and pays once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tutelage.web.pay import actions, queries, rules
from tutelage.web.pay.models import Entry, Transfer

NOW = timezone.now()


def test_the_database_refuses_to_change_or_delete_a_line(hall: Any) -> None:
    for change in ("UPDATE pay_entry SET minor = 0", "DELETE FROM pay_entry", "UPDATE pay_transfer SET seconds = 9"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as sql:
            sql.execute(change)


def test_a_key_moves_money_once(hall: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        actions.deposit(hall.project, 5, f"first:{hall.project.pk}", at=NOW)
    assert queries.escrow_balance(hall.project) == 1_000_000


def test_entries_that_do_not_sum_to_zero_are_refused(hall: Any) -> None:
    account = actions.open_account("fees", "EUR")
    with pytest.raises(ValueError, match="sum to 5"):
        actions.move("correction", "k", {account: 5}, at=NOW)
    assert Transfer.objects.count() == 1


def test_a_transfer_that_would_turn_one_currency_into_another_is_refused(hall: Any) -> None:
    """5 euro cents out, 5 dollar cents in: it sums to zero, and is refused."""
    euros, dollars = actions.open_account("fees", "EUR"), actions.open_account("fees", "USD")
    with pytest.raises(ValueError, match="EUR, USD, not in one currency"):
        actions.move("correction", "k", {euros: -5, dollars: 5}, at=NOW)
    assert Transfer.objects.count() == 1


def test_every_transfer_sums_to_zero_and_so_does_the_whole(hall: Any) -> None:
    for n in range(3):
        actions.pay("task", f"k{n}", hall.project, hall.people[n % 2], 25 + n, seconds=30, at=NOW)
    assert queries.unbalanced() == []
    assert sum(Entry.objects.values_list("minor", flat=True)) == 0


def test_what_is_left_goes_back_to_the_owner(hall: Any) -> None:
    actions.pay("task", "k", hall.project, hall.people[0], 25, seconds=30, at=NOW)
    actions.give_back(hall.project, "back", at=NOW)
    assert queries.escrow_balance(hall.project) == 0
    assert queries.balance("funding", "EUR") == -28
    assert actions.give_back(hall.project, "back again", at=NOW) is None


def test_what_must_be_set_aside_is_all_pay_fees_and_a_tenth_more() -> None:
    """100 tasks at 25 + 3 and 20 × (50 + 5) for instructions: 3,900, and 390 more."""
    assert rules.needed(100, 25, 20, 50, 1000) == 4290


@given(st.integers(1, 10_000), st.floats(0.1, 600), st.integers(0, 10_000_000))
def test_time_without_a_result_is_paid_at_the_tasks_rate_and_never_above_it(
    piece: int, minutes: float, ms: int
) -> None:
    due = rules.for_time(piece, minutes, ms)
    assert 1 <= due <= piece
    assert due >= min(piece, piece * ms / (minutes * 60_000)) - 1e-6
