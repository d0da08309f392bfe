"""The machine door: refusals of one shape, all declared; a token pays for whatever it asks; sign-in is limited."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.web.halls import Hall

from tutelage.web.api import PROBLEMS, api
from tutelage.web.people import actions as people
from tutelage.web.people.models import Kept, User
from tutelage.web.people.rules import Rate, paid
from tutelage.web.shared.refusals import TooMuch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quickly(settings: Any) -> None:
    """Passwords are hashed fast: how often one may guess is the question, not how long a guess takes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def token(user: User, *scopes: str) -> str:
    """A secret of this user's."""
    return people.make_token(user, "robot", list(scopes or ("read", "write")), 1)[1]


def bearer(secret: str) -> Client:
    """A caller who brings a token and no cookie."""
    return Client(headers={"Authorization": f"Bearer {secret}"}, enforce_csrf_checks=True)


def test_a_bucket_gives_so_many_at_once_and_fills_with_time() -> None:
    """20 a second, 120 at once; after half a second ten more, and the eleventh waits."""
    now, rate, at = timezone.now(), Rate(20, 120), None
    for _ in range(120):
        at, wait = paid(at, now, rate)
        assert wait == 0
    assert paid(at, now, rate) == (at, 1)
    later = now + timedelta(seconds=0.5)
    waits = []
    for _ in range(11):
        at, wait = paid(at, later, rate)
        waits.append(wait)
    assert waits == [0] * 10 + [1]


def test_whatever_a_token_asks_is_paid_and_another_token_has_its_own(hall: Hall, settings: Any) -> None:
    """Two a second, two at once: the third answer is 429 and says when to ask again, at addresses of three apps."""
    settings.API_RATE = (0.001, 2)
    first, second = bearer(token(hall.owner)), bearer(token(hall.owner))
    assert first.get("/api/me").status_code == 200
    assert first.get("/api/projects").status_code == 200
    for address in ("/api/care", "/api/me", f"/api/projects/{hall.project.pk}/items"):
        answer = first.get(address)
        assert (answer.status_code, answer.json()["error"]) == (429, "TooMuch")
        assert int(answer["Retry-After"]) == 1000
    assert second.get("/api/me").status_code == 200


def test_a_token_that_may_only_read_pays_for_its_attempt_to_write(hall: Hall, settings: Any) -> None:
    settings.API_RATE = (0.001, 1)
    reads = bearer(token(hall.owner, "read"))
    assert reads.patch("/api/me", "{}", content_type="application/json").status_code == 401
    assert reads.get("/api/me").status_code == 429


def test_of_two_requests_at_once_each_is_paid(hall: Hall, settings: Any, monkeypatch: Any) -> None:
    """Somebody else pays between the look and the write: this one looks again and finds nothing left."""
    settings.API_RATE, secret, now = (0.001, 1), token(hall.owner), timezone.now()
    look, seen = people.queries.live_token, []

    def late(text: str) -> Any:
        found = look(text)
        if not seen:
            seen.append(found)
            people.admit(secret, "GET", now)
        return found

    monkeypatch.setattr(people.queries, "live_token", late)
    with pytest.raises(TooMuch):
        people.admit(secret, "GET", now)


def test_a_browser_pays_as_a_token_does_and_a_second_browser_of_the_same_person_from_the_same_purse(
    make_hall: Any, settings: Any
) -> None:
    """Two at once: the third is refused in another session too; somebody else is not; nor is a page, or a token."""
    settings.API_RATE, hall = (0.001, 2), make_hall(people=1)
    first, second, other = Client(), Client(), Client()
    for browser, who in ((first, hall.owner), (second, hall.owner), (other, hall.people[0])):
        browser.force_login(who, "django.contrib.auth.backends.ModelBackend")
    assert [one.get("/api/me").status_code for one in (first, second, first, other)] == [200, 200, 429, 200]
    answer = second.patch("/api/me", "{}", content_type="application/json")
    assert (answer.status_code, answer["Retry-After"]) == (429, "1000")
    assert first.get("/projects/").status_code == 200
    assert bearer(token(hall.owner)).get("/api/me").status_code == 200


def test_a_pace_forgets_whoever_has_waited_long_enough() -> None:
    """Of three that are remembered at most two have full buckets after a second: they go when a fourth comes."""
    pace, now, rate = people.Pace(most=3), timezone.now(), Rate(1, 10)
    assert [pace.pay(who, now, rate) for who in ("a", "b", "c", "c", "c")] == [0] * 5
    assert pace.pay("d", now + timedelta(seconds=1.5), rate) == 0
    assert len(pace) == 2


def test_every_operation_declares_every_refusal_in_one_shape() -> None:
    schema = api.get_openapi_schema()
    operations = [about for methods in schema["paths"].values() for about in methods.values()]
    assert len(operations) > 35
    for about in operations:
        assert {str(code) for code in PROBLEMS} <= {str(code) for code in about["responses"]}
    assert set(schema["components"]["schemas"]["Problem"]["required"]) == {"error", "seen", "expected", "remedy"}


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": '{"name": 5}', "content_type": "application/json"}, 422),
        ({"data": json.dumps({"name": "x" * 3_000_000}), "content_type": "application/json"}, 413),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_same_shape(hall: Hall, how: dict[str, Any], status: int) -> None:
    answer = bearer(token(hall.owner)).patch("/api/me", **how)
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"error", "seen", "expected", "remedy", "safe"}


def test_nobody_and_a_session_without_its_csrf_token_are_told_in_the_same_shape(hall: Hall) -> None:
    assert Client().get("/api/me").json()["error"] == "BadInput"
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    answer = browser.patch("/api/me", "{}", content_type="application/json")
    assert (answer.status_code, set(answer.json())) == (403, {"error", "seen", "expected", "remedy", "safe"})


def wrong(address: str, ip: str = "10.0.0.1", **headers: str) -> int:
    """Try to sign in with a wrong password."""
    said = {"login": address, "password": "not the secret it is"}
    return int(Client(REMOTE_ADDR=ip, headers=headers).post("/account/login/", said).status_code)


def test_failed_attempts_are_kept_where_every_process_sees_them(hall: Hall) -> None:
    """In the database: a second process reads the same row, and a restart forgets none."""
    wrong("owner@example.org")
    kept = Kept.objects.filter(cache_key__contains="login_failed")
    assert kept.count() >= 2, "one for the visitor's address, one for the account"


def test_guessing_one_account_from_many_places_is_stopped(hall: Hall) -> None:
    """Ten attempts in ten minutes on an account, each from elsewhere: then even the right password waits."""
    for place in range(10):
        wrong("owner@example.org", f"10.0.{place}.1")
    said = {"login": "owner@example.org", "password": "a long enough secret"}
    browser = Client(REMOTE_ADDR="10.9.9.9")
    browser.post("/account/login/", said)
    assert "_auth_user_id" not in browser.session
    cache.clear()
    browser.post("/account/login/", said)
    assert "_auth_user_id" in browser.session


def test_guessing_many_accounts_from_one_place_is_stopped(hall: Hall) -> None:
    """Twenty failures a minute from an address; the twenty-first attempt on any account is refused unread."""
    for number in range(20):
        wrong(f"nobody{number}@example.org")
    browser = Client(REMOTE_ADDR="10.0.0.1")
    browser.post("/account/login/", {"login": "owner@example.org", "password": "a long enough secret"})
    assert "_auth_user_id" not in browser.session


def test_behind_a_proxy_of_ours_its_visitors_are_told_apart(hall: Hall, settings: Any) -> None:
    """Without one, what a visitor says of their address counts for nothing."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(20):
        wrong(f"nobody{number}@example.org", "127.0.0.1", **{"X-Forwarded-For": "10.1.1.1"})
    said = {"login": "owner@example.org", "password": "a long enough secret"}
    browser = Client(REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": "10.2.2.2"})
    browser.post("/account/login/", said)
    assert "_auth_user_id" in browser.session


def test_many_other_failures_do_not_wash_away_what_is_counted(hall: Hall) -> None:
    """Django's cache keeps 300 entries unless told otherwise, and then drops some that still count."""
    cache.set("counted", [1], 60)
    for number in range(400):
        cache.set(f"other-{number}", [1], 60)
    assert cache.get("counted") == [1] and Kept.objects.count() >= 401
