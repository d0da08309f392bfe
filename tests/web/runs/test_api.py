"""By machine: AI judges enter by the door of all others, tokens are limited, every refusal is declared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.halls import Hall

from tutelage.web.pay.models import Transfer
from tutelage.web.people import actions as people
from tutelage.web.people.models import User
from tutelage.web.proof.models import Audit, Leaf
from tutelage.web.runs import actions
from tutelage.web.runs.models import Outside
from tutelage.web.work.models import Item

pytestmark = pytest.mark.django_db
FIRST = {"type": "prefer", "winner": "first"}


def caller(user: User, *scopes: str) -> Client:
    secret = people.make_token(user, "robot", list(scopes or ("read", "write")), 1)[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def send(client: Client, path: str, body: Any) -> Any:
    return client.generic("POST", path, json.dumps(body), content_type="application/json")


def said(*items: str, answer: Any = FIRST) -> dict[str, Any]:
    given = [{"item": i, "answer": answer, "reason": "Shorter.", "key": f"key-of-{i}"} for i in items]
    return {"judge": {"name": "openai/gpt-4o", "revision": "2024-08-06"}, "judgments": given}


def where(hall: Hall, rest: str) -> str:
    return f"/api/projects/{hall.project.pk}/{rest}"


def test_an_ai_judgment_has_a_receipt_a_leaf_and_an_audit_entry_and_no_pay(hall: Hall) -> None:
    paid, client = Transfer.objects.count(), caller(hall.owner)
    answer = send(client, where(hall, "judgments"), said("item-0", "item-1"))
    assert answer.status_code == 200 and answer.json()["new"] == 2, answer.content
    row = Outside.objects.get(item__name="item-0")
    assert row.judge["type"] == "ai" and row.judge["id"] == "ai:openai/gpt-4o"
    assert Leaf.objects.filter(tag__isnull=False).count() == 2
    assert Audit.objects.filter(verb="took in").count() == 2
    assert Transfer.objects.count() == paid and Item.objects.get(name="item-0").given == 0
    assert "payload" in json.loads(answer.json()["judgments"][0]["receipt"])


def test_the_same_again_is_the_same_and_another_body_is_refused(hall: Hall) -> None:
    client = caller(hall.owner)
    one, two = (send(client, where(hall, "judgments"), said("item-0")).json() for _ in range(2))
    assert one["judgments"] == two["judgments"] and (one["new"], two["new"]) == (1, 0)
    other = said("item-0", answer={"type": "tie"})
    assert send(client, where(hall, "judgments"), other).status_code == 409


@pytest.mark.parametrize("wrong", [said("nothing"), said("item-0", answer={"type": "guess"}), {"judge": {}}])
def test_what_the_kind_or_the_shape_refuses_stores_nothing(hall: Hall, wrong: Any) -> None:
    mixed = {**said("item-1"), "judgments": said("item-1")["judgments"] + wrong.get("judgments", [{}])}
    answer = send(caller(hall.owner), where(hall, "judgments"), mixed)
    assert answer.status_code == 422 and answer.json()["remedy"] and not Outside.objects.exists()


def test_only_who_runs_the_project_may_send_and_a_reading_token_may_not(hall: Hall) -> None:
    assert send(caller(hall.people[0]), where(hall, "judgments"), said("item-0")).status_code == 404
    assert send(caller(hall.owner, "read"), where(hall, "judgments"), said("item-0")).status_code == 401


def test_judgments_and_items_are_read_in_order_and_by_page(hall: Hall) -> None:
    client = caller(hall.owner)
    send(client, where(hall, "judgments"), said("item-0", "item-1", "item-2"))
    rows = client.get(where(hall, "judgments?limit=2")).json()
    rest = client.get(where(hall, f"judgments?after={rows[-1]['id']}")).json()
    assert [r["item"] for r in rows + rest] == ["item-0", "item-1", "item-2"]
    page = client.get(where(hall, "items?limit=3")).json()
    assert len(page["items"]) == 3 and len(client.get(where(hall, f"items?after={page['after']}")).json()["items"]) == 2
    one = client.get(where(hall, f"items/{page['items'][0]['id']}")).json()
    assert one["judgments"][0]["who"] == "ai:openai/gpt-4o" and one["messages"]


def test_a_file_goes_in_and_comes_out_by_machine(hall: Hall) -> None:
    client = caller(hall.owner)
    row = json.dumps({"prompt": "Why?", "response_a": "So.", "response_b": "Thus."}).encode()
    sent = {"file": SimpleUploadedFile("a.jsonl", row), "start": "true", "key": "import-0001"}
    made = client.post(where(hall, "imports"), sent)
    assert made.status_code == 201 and made.json()["state"] == "working", made.content
    actions.carry(made.json()["id"])
    assert client.get(where(hall, f"jobs/{made.json()['id']}")).json()["added"] == 1
    job = send(client, where(hall, "exports"), {"to": "judgments"}).json()
    assert client.get(where(hall, f"exports/{job['id']}/file")).status_code == 404, "not before it is done"
    actions.carry(job["id"])
    body = b"".join(client.get(where(hall, f"exports/{job['id']}/file")).streaming_content)
    assert len(body.splitlines()) == 6
    assert send(client, where(hall, "exports"), {"to": "nothing"}).status_code == 400
