"""One's own choices, by page and by machine."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from tests.web.halls import Hall

from tutelage.web.care import queries, rules
from tutelage.web.people.models import User


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def test_everything_is_off_until_it_is_switched_on(hall: Hall) -> None:
    client = signed_in(hall.people[0])
    page = client.get("/me/care/").content.decode()
    assert page.count('type="checkbox"') == len(rules.CLASSES) and "checked" not in page
    assert client.post("/me/care/", {"hate": "on", "profanity": "on"}).status_code == 302
    assert queries.chosen(hall.people[0]) == {"hate", "profanity"} and queries.chosen(hall.people[1]) == set()
    assert client.get("/me/care/").content.decode().count("checked") == 2
    client.post("/me/care/", {})
    assert queries.chosen(hall.people[0]) == set()


def test_a_machine_sets_all_choices_at_once_and_only_known_ones(hall: Hall) -> None:
    client = signed_in(hall.people[0])
    put = lambda classes: client.put("/api/care", json.dumps({"classes": classes}), "application/json")
    assert put(["abuse", "hate"]).json() == {"classes": ["abuse", "hate"]}
    assert put(["gore"]).status_code == 422
    said = client.get("/api/care").json()
    assert said["chosen"] == ["abuse", "hate"]
    assert said["doses"][0] == {"severity": 3, "spent_s": 0, "allowed_s": 3600}


@pytest.mark.django_db
def test_whoever_is_not_signed_in_has_no_choices() -> None:
    assert Client().get("/me/care/").status_code == 302
    assert Client().get("/api/care").status_code == 401
