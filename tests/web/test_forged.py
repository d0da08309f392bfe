"""Requests that somebody else's page would have a browser send, and links that lead elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from tests.web.addresses import operations, pages
from tests.web.halls import Hall
from tests.web.worlds import a_world, named

from tutelage.web.people import actions as people
from tutelage.web.people.models import User
from tutelage.web.proof.models import Audit

pytestmark = pytest.mark.django_db
SECRET = "a long enough secret"
ELSEWHERE = ("https://evil.example", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
             "https:evil.example", " //evil.example", "/\t/evil.example")  # fmt: skip


@pytest.fixture(autouse=True)
def quickly(settings: Any) -> None:
    """Passwords are hashed fast: how long a guess takes is not the question here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def test_no_change_is_made_without_the_token_of_our_own_page() -> None:
    """Every page and every changing operation, asked by its owner's browser from somebody else's page: 403, and no
    row is written. What is not there for anybody, or takes no POST at all, is 404 or 405.
    """
    world = a_world(1)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.owner, "django.contrib.auth.backends.ModelBackend")
    before, wrong, refused = Audit.objects.count(), [], 0
    for address in sorted({address for address, _ in pages(named(world))}):
        status = browser.post(address, {"name": "x"}).status_code
        refused += status == 403
        wrong += [f"{address}: {status}"] if status not in (403, 404, 405) else []
    for method, address, _, _ in operations(named(world)):
        if method != "get":
            status = browser.generic(method.upper(), address, "{}", content_type="application/json").status_code
            refused += status == 403
            wrong += [f"{method} {address}: {status}"] if status != 403 else []
    assert not wrong, "\n".join(wrong)
    assert refused > 60 and Audit.objects.count() == before


@pytest.mark.parametrize("there", ELSEWHERE)
def test_nobody_is_led_elsewhere(hall: Hall, there: str) -> None:
    """After signing in by password or by link, after choosing a language, and from the workbench's way home."""
    somebody = User.objects.create_user("eve@example.org", SECRET)
    browser = Client()
    went = [
        browser.post("/language/", {"language": "en", "next": there}),
        browser.post("/account/login/", {"login": somebody.email, "password": SECRET, "next": there}),
        Client().post(f"/enter/{people.entry_link(somebody)}?" + _query(next=there)),
    ]
    assert [answer.status_code for answer in went] == [302] * 3
    for answer in went:
        assert answer["Location"].startswith("/") and "evil" not in answer["Location"], answer["Location"]
    browser.force_login(hall.people[0], "django.contrib.auth.backends.ModelBackend")
    assert "evil" not in browser.get(f"/work/{hall.project.pk}/?" + _query(home=there)).content.decode()


def test_a_session_that_somebody_laid_beforehand_is_not_the_one_that_is_signed_in(hall: Hall) -> None:
    """Signing in by password, by a link and by becoming the first owner each begin another session."""
    somebody = User.objects.create_user("eve@example.org", SECRET)
    for address, said in (
        ("/account/login/", {"login": somebody.email, "password": SECRET}),
        (f"/enter/{people.entry_link(somebody)}", {}),
    ):
        browser = Client()
        session = browser.session
        session["laid"] = True
        session.save()
        browser.cookies["tutelage"] = laid = session.session_key
        assert browser.post(address, said).status_code == 302
        assert browser.cookies["tutelage"].value != laid and "_auth_user_id" in browser.session
        assert "_auth_user_id" not in Client(headers={"Cookie": f"tutelage={laid}"}).session


def test_a_name_that_is_not_ours_is_not_answered_and_comes_into_no_link(hall: Hall) -> None:
    browser = Client(headers={"Host": "evil.example"})
    assert browser.get("/account/login/").status_code == 400
    owner = Client(headers={"X-Forwarded-Host": "evil.example"})
    owner.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    page = owner.post(
        reverse("project_people", args=[hall.project.pk]), {"role": "contributor", "days": "14", "email": ""}
    )
    assert "/join/tut_" in page.content.decode() and "evil" not in page.content.decode()


def _query(**said: str) -> str:
    return urlencode(said)
