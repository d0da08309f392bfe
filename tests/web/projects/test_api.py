"""Projects by machine: the same doors, the same refusals, as values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from tests.web.halls import Hall

from tutelage.web.people import actions as people
from tutelage.web.people.models import User
from tutelage.web.projects import queries
from tutelage.web.projects.models import Project

pytestmark = pytest.mark.django_db
TERMS = {
    "name": "Answers", "kind": "comparison", "purpose": "To train an assistant for nurses.",
    "client_class": "A hospital",
    "duties": "Say which answer is safer.", "minutes": 2.0, "warnings": ["none"], "piece_minor": 60,
    "instruction_minor": 10, "guideline": "Safety first.",
}  # fmt: skip


def caller(user: User) -> Client:
    secret = people.make_token(user, "robot", ["read", "write"], 1)[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def send(client: Client, method: str, path: str, body: Any) -> Any:
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def test_a_project_is_made_changed_and_refused_with_its_line(hall: Hall) -> None:
    client = caller(hall.owner)
    body = TERMS | {"organisation": str(hall.project.organisation_id)}
    made = send(client, "POST", "/api/projects", body)
    assert made.status_code == 201, made.content
    where = f"/api/projects/{made.json()['id']}"
    assert [f["field"] for f in client.get(f"{where}/findings").json()] == ["escrow"]
    refused = send(client, "POST", f"{where}/move", {"to": "open"})
    assert refused.status_code == 422 and "Line 10 of the offer" in refused.json()["seen"]
    assert send(client, "PATCH", where, {"piece_minor": 70}).json()["piece_minor"] == 70
    assert {p["name"] for p in client.get("/api/projects").json()} == {"Answers", hall.project.name}
    written = send(client, "POST", f"{where}/guidelines", {"text": "Safety, then brevity."})
    assert written.json()["version"] == 2
    assert [g["version"] for g in client.get(f"{where}/guidelines").json()] == [2, 1]


def test_the_offer_can_be_fetched_by_anybody_and_checked(hall: Hall) -> None:
    signed = Client().get(f"/api/offers/{hall.project.pk}").json()
    assert signed["digest"] == queries.signed_offer(queries.terms(Project.objects.get()))["digest"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"kind": "guessing"}, 400), ({"warnings": ["none", "hate"]}, 400), ({"warnings": ["boredom"]}, 400),
     ({"minutes": 1e-300}, 422), ({"piece_minor": -1}, 422), ({"name": "a\0b"}, 400), ({"currency": "euro"}, 422),
     ({"strategy": "best"}, 422), ({"purpose": "\ud800"}, 400)],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_made(hall: Hall, wrong: dict[str, Any], status: int) -> None:
    body = TERMS | {"organisation": str(hall.project.organisation_id)} | wrong
    answer = send(caller(hall.owner), "POST", "/api/projects", body)
    assert answer.status_code == status, answer.content
    assert {"error", "seen", "expected", "remedy"} <= answer.json().keys()
    assert Project.objects.count() == 1


def test_a_rubric_without_names_is_refused_by_its_place(hall: Hall) -> None:
    answer = send(caller(hall.owner), "POST", f"/api/projects/{hall.project.pk}/guidelines",
                  {"text": "Safety.", "rubric": [{"about": "x"}]})  # fmt: skip
    assert answer.status_code == 400 and "Criterion 0" in answer.json()["seen"]


def test_a_contributor_may_read_guidelines_and_change_nothing(hall: Hall) -> None:
    client, where = caller(hall.people[0]), f"/api/projects/{hall.project.pk}"
    assert client.get(f"{where}/guidelines").status_code == 200
    for method, path, body in (("PATCH", "", {"name": "x"}), ("POST", "/move", {"to": "paused"}),
                               ("POST", "/guidelines", {"text": "x"})):  # fmt: skip
        assert send(client, method, where + path, body).status_code == 404
    assert client.get(where).status_code == 404


def test_a_project_names_only_a_model_that_is_here(client: Any, hall: Any) -> None:
    """What a name stands for is the installation's to say: a SPEC opens files and addresses."""
    type(hall.project).objects.update(state="draft")
    client.force_login(hall.owner)
    change = f"/api/projects/{hall.project.pk}"
    for said, status in (("smollm2", 200), ("local:/etc", 400), ("endpoint:http://10.0.0.1/#x", 400), ("", 200)):
        assert client.patch(change, {"model": said}, content_type="application/json").status_code == status
