"""The run page: figures with intervals from one row, an honest empty state, and what needs somebody first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.web.halls import Hall

from tutelage.web.runs import actions, queries, rules
from tutelage.web.runs.models import Figures
from tutelage.web.runs.queries import Asked
from tutelage.web.work import actions as work

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def page(hall: Hall) -> tuple[str, int]:
    client = Client()
    client.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    client.get("/")
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(f"/projects/{hall.project.pk}/run/")
    assert answer.status_code == 200
    return answer.content.decode(), len(caught)


def judged(hall: Hall, winners: list[list[str]]) -> None:
    """Each person's answers in turn."""
    for number, said in enumerate(winners):
        seat = hall.seat(number)
        task = work.take(seat, timezone.now())
        for n, winner in enumerate(said):
            answer = {"type": "prefer", "winner": winner}
            done = work.submit(seat.user, task["lease"]["token"], f"key-{n:08}", answer, "", {}, timezone.now())
            task = done.next


def test_before_anything_is_known_it_says_when_something_will_be(hall: Hall) -> None:
    said, queries_made = page(hall)
    assert "There are no figures yet" in said and queries_made <= 10


def test_figures_come_from_one_row_and_carry_intervals(make_hall: Callable[..., Hall]) -> None:
    """Two people on five items, agreeing on four: α = 0.603 with an interval; 10 of 10 judgments are given."""
    hall = make_hall(overlap=2)
    judged(hall, [["first"] * 3 + ["second"] * 2, ["first"] * 3 + ["second", "first"]])
    actions.measure_all(timezone.now())
    found = Figures.objects.get().found
    assert (found["settled"], found["given"], found["left"]) == (5, 10, 0)
    assert found["agreement"]["lo"] < found["agreement"]["value"] < found["agreement"]["hi"]
    assert found["spent"] == 10 * 28 and found["to_people"] == 250, "25 cents, and a tenth rounded up to 3"
    assert found["counts"]["disputed"] == 1
    assert len(queries.page(hall.project, Asked(state="disputed")).items) == 1
    said, queries_made = page(hall)
    assert "5 items, 2.0 people an item" in said and queries_made <= 10


def test_figures_are_not_computed_again_while_nothing_happens(hall: Hall) -> None:
    actions.measure_all(timezone.now())
    assert queries.to_measure(timezone.now() + timedelta(minutes=5)) == []
    judged(hall, [["first"]])
    assert queries.to_measure(timezone.now()) == [hall.project]


def test_the_end_is_expected_within_the_exact_interval_of_the_pace() -> None:
    """24 judgments in 24 hours and 48 left: in two days; Garwood's 95 % for 24 is 15.4–35.7 a day."""
    found = rules.ending(48, 24, 24.0, NOW)
    assert found is not None and found.latest is not None
    assert found.at == NOW + timedelta(days=2)
    assert (found.earliest - NOW).total_seconds() / 86400 == pytest.approx(48 / 35.71, rel=1e-3)
    assert (found.latest - NOW).total_seconds() / 86400 == pytest.approx(48 / 15.38, rel=1e-3)
    assert rules.ending(0, 24, 24.0, NOW) is None and rules.ending(5, 0, 24.0, NOW) is None


def test_the_most_pressing_comes_first(make_hall: Callable[..., Hall]) -> None:
    """Nobody to judge (80) stands behind nothing to pay them with (85)."""
    hall = make_hall(people=0, escrow=0)
    actions.measure_all(timezone.now())
    names = [a.name for a in rules.alerts(Figures.objects.get().found)]
    assert names[:2] == ["escrow", "nobody"]
    assert "needs you" in page(hall)[0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [({"type": "prefer", "winner": "first", "strength": 3}, {"type": "prefer", "winner": "first"}, True),
     ({"type": "cannot_rate", "why": "a"}, {"type": "cannot_rate", "why": "b"}, True),
     ({"type": "prefer", "winner": "first"}, {"type": "prefer", "winner": "second"}, False),
     ({"type": "rating", "scores": {"a": 1}}, {"type": "rating", "scores": {"a": 2}}, False)],
)  # fmt: skip
def test_the_same_said_in_other_words_is_the_same(one: dict, other: dict, same: bool) -> None:
    assert (rules.value_of(one) == rules.value_of(other)) is same
