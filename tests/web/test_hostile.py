"""What no form and no client of ours ever sends: half characters, endless depth, places that are none."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.web.addresses import pages
from tests.web.halls import Hall
from tests.web.test_api import bearer, token
from tests.web.worlds import a_world, named

from tutelage.web.work import actions

pytestmark = pytest.mark.django_db
NEVER = {
    "nan": "NaN", "infinity": "-Infinity", "overflow": "1e999", "half": '"\\ud800"', "zero": '"a\\u0000b"',
    "half key": '{"\\ud800": 1}', "deep": "[" * 900 + "]" * 900, "deeper": "[" * 50_000 + "]" * 50_000,
}  # fmt: skip
ANSWER = '{"type":"prefer","winner":"first","strength":1}'
BODIES = {
    "draft": ("PUT", "work/draft", '{"token":"TOKEN","version":0,"reason":"","active_ms":1,"answer":{"x":%s}}'),
    "submit": ("POST", "work/submit", '{"token":"TOKEN","key":"key-00000001","reason":"","telemetry":{"x":%s},"answer":'
               + ANSWER + "}"),
    "reason": ("POST", "work/submit", '{"token":"TOKEN","key":"key-00000001","reason":%s,"telemetry":{},"answer":'
               + ANSWER + "}"),
    "skip": ("POST", "work/skip", '{"token":"TOKEN","key":"key-00000001","reason":"unclear","note":%s}'),
    "keys": ("PUT", "work/keys", '{"mapped":%s,"off":false}'),
}  # fmt: skip
NAMES, PLACES = ("before", "after", "size", "old", "new", "against", "next"), ("x", "%00")


@pytest.mark.parametrize("where", BODIES)
def test_a_body_that_no_database_takes_is_refused_and_nothing_of_it_is_kept(hall: Hall, where: str) -> None:
    """SQLite would take some and PostgreSQL none: both say 400 or 422, and the task is still open afterwards."""
    robot = bearer(token(hall.people[0]))
    task = actions.take(hall.seat(), timezone.now())
    assert task is not None
    method, address, body = BODIES[where]
    for name, said in NEVER.items():
        sent = body.replace("%s", said).replace("TOKEN", task["lease"]["token"])
        answer = robot.generic(method, f"/api/{address}", sent, content_type="application/json")
        assert answer.status_code in (400, 422), (name, answer.content[:200])
    assert actions.take(hall.seat(), timezone.now())["lease"]["token"] == task["lease"]["token"]


def test_an_answer_with_a_list_in_a_list_is_none_of_these(hall: Hall) -> None:
    robot, task = bearer(token(hall.people[0])), actions.take(hall.seat(), timezone.now())
    assert task is not None
    body = {"token": task["lease"]["token"], "version": 0, "reason": "ψ – 🙂", "active_ms": 1,
            "answer": {"type": "tie", "parts": [[[1.5, None, True]]]}}  # fmt: skip
    assert robot.put("/api/work/draft", body, content_type="application/json").status_code == 200


def test_no_page_breaks_at_a_place_that_is_none(db: None) -> None:
    """Every page of the platform, asked by its owner and by a contributor, for the rows before or after nonsense."""
    world: Any = a_world(1)
    asked = sorted({address for address, _ in pages(named(world))})
    assert len(asked) > 40
    for user in (world.owner, world.people[0]):
        client = Client(raise_request_exception=False)
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        broken = [
            f"{address} at {place}: {answer.status_code}"
            for address in asked
            for place in PLACES
            if (answer := client.get(f"{address}?" + "&".join(f"{n}={place}" for n in NAMES))).status_code >= 500
        ]
        assert not broken, "\n".join(broken[:20])
