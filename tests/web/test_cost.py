"""What a cycle asks of the database does not drift: the same few statements however many items there are."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tutelage.web.work import actions

MOST = 20


@pytest.mark.parametrize("items", [5, 300])
def test_a_submission_with_receipt_pay_line_audit_entry_and_next_task_is_at_most_20_statements(
    make_hall: Callable[..., Any], items: int
) -> None:
    """The third of a person: the first makes their key, the second their accounts."""
    hall = make_hall(items=items)
    seat = hall.seat()
    task = actions.take(seat, timezone.now())
    answer = {"type": "prefer", "winner": "first", "strength": 1}
    for turn in range(3):
        assert task is not None
        with CaptureQueriesContext(connection) as asked:
            done = actions.submit(
                hall.people[0], task["lease"]["token"], secrets.token_hex(8), answer, "", {}, timezone.now()
            )
        task = done.next
        said = [q["sql"] for q in asked.captured_queries if "SAVEPOINT" not in q["sql"]]  # the test's own transaction
        assert turn < 2 or len(said) <= MOST, "\n".join(sql[:120] for sql in said)
