"""Nobody works for nothing: the purse pays for a task before it is handed out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tutelage.web.pay import actions as money
from tutelage.web.pay import queries
from tutelage.web.review import actions as review
from tutelage.web.review.models import Review
from tutelage.web.runs import actions as runs
from tutelage.web.shared.refusals import Refused
from tutelage.web.work import actions

FIRST = {"type": "prefer", "winner": "first"}


def empty(task: Any) -> bool:
    return task is not None and "purse is empty, its owner has been told" in str(task.get("none", {}).get("reason"))


def done(hall: Any, seat: Any, task: Any) -> Any:
    return actions.submit(seat.user, task["lease"]["token"], secrets.token_hex(8), FIRST, "", {}, timezone.now())


def test_a_purse_for_one_task_hands_out_one_and_says_why_there_is_no_other(make_hall: Callable[..., Any]) -> None:
    """A task costs 25 + 3. With 55 the first of two people gets one, the second none: 27 are left for them."""
    hall = make_hall(escrow=55)
    first, second = hall.seat(0), hall.seat(1)
    task = actions.take(first, timezone.now())
    assert task is not None and "lease" in task
    assert empty(actions.take(second, timezone.now()))
    assert empty(done(hall, first, task).next), "27 do not pay for another"
    assert queries.escrow_balance(hall.project) == 27
    money.deposit(hall.project, 1, "one more", at=timezone.now())
    assert "lease" in (actions.take(second, timezone.now()) or {})


def test_whoever_reads_for_the_first_time_is_paid_for_that_too(make_hall: Callable[..., Any]) -> None:
    """28 for the task and 55 for reading: 82 are not enough for a newcomer, 83 are, and all of it is spent."""
    hall = make_hall(escrow=82, instruction_minor=50)
    assert empty(actions.take(hall.seat(), timezone.now()))
    money.deposit(hall.project, 1, "one more", at=timezone.now())
    seat = hall.seat()
    task = actions.take(seat, timezone.now())
    assert empty(done(hall, seat, task).next)
    assert queries.escrow_balance(hall.project) == 0
    assert hall.seat().earned_minor == 75


def test_a_lease_that_ran_out_no_longer_holds_money_back(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(escrow=28)
    now = timezone.now()
    actions.take(hall.seat(0), now)
    assert empty(actions.take(hall.seat(1), now))
    late = now + timedelta(seconds=hall.project.lease_s + 1)
    assert "lease" in (actions.take(hall.seat(1), late) or {})


def test_rework_is_asked_for_only_with_money_for_it(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(escrow=28)
    seat = hall.seat()
    made = done(hall, seat, actions.take(seat, timezone.now())).judgment
    review.decide(hall.owner, made, "redo", "Say why.", timezone.now())
    with pytest.raises(Refused, match="purse is empty"):
        review.begin_redo(seat.user, made, timezone.now())
    money.deposit(hall.project, 28, "for it", at=timezone.now())
    assert "lease" in review.begin_redo(seat.user, Review.objects.get().judgment, timezone.now())


def test_a_task_that_was_taken_back_is_paid_already_and_skipping_it_pays_nothing_more(hall: Any) -> None:
    seat, now = hall.seat(), timezone.now()
    made = done(hall, seat, actions.take(seat, now)).judgment
    before = queries.escrow_balance(hall.project)
    task = actions.undo(seat.user, made.pk, secrets.token_hex(8), timezone.now())
    later = timezone.now() + timedelta(seconds=60)
    due, _ = actions.skip(seat.user, task["lease"]["token"], secrets.token_hex(8), "other", "", later)
    assert due == 0 and queries.escrow_balance(hall.project) == before


def test_the_owner_is_told_where_they_look_with_a_link_to_the_money(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(escrow=27)
    client = Client()
    client.force_login(hall.owner)
    page = client.get(f"/projects/{hall.project.pk}/").content.decode()
    assert "The purse is empty" in page and 'href="#escrow"' in page
    runs.measure(hall.project, timezone.now())
    page = client.get(f"/projects/{hall.project.pk}/run/").content.decode()
    assert "The purse is empty" in page and f'href="/projects/{hall.project.pk}/#escrow"' in page
    money.deposit(hall.project, 1, "enough", at=timezone.now())
    assert "The purse is empty" not in client.get(f"/projects/{hall.project.pk}/").content.decode()


def test_the_running_balance_is_the_sum_of_the_entries(hall: Any) -> None:
    money.pay("task", "k", hall.project, hall.people[0], 25, seconds=30, at=timezone.now())
    assert queries.escrow_balance(hall.project) == 1_000_000 - 28
    assert queries.balance("escrow", "EUR", project=hall.project) == 1_000_000 - 28
    assert queries.adrift() == []
