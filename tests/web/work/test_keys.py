"""The keys somebody works with are on their account: the API keeps them, the page brings them."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from tutelage.web.work.models import Keys

MAPPED = {"comparison/act.tie": "z", "frame.skip": "k"}


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_keys_that_were_kept_come_back_with_the_page_for_that_person_alone(hall: Any) -> None:
    client = client_of(hall.people[0])
    assert client.get("/api/work/keys").json() == {"mapped": {}, "off": False}
    where = f"/work/{hall.project.pk}/"
    assert '<script id="keys" type="application/json">null</script>' in client.get(where).content.decode()
    body = json.dumps({"mapped": MAPPED, "off": True})
    assert client.put("/api/work/keys", body, content_type="application/json").status_code == 200
    assert client.get("/api/work/keys").json() == {"mapped": MAPPED, "off": True}
    assert '"comparison/act.tie": "z"' in client.get(where).content.decode()
    other = client_of(hall.people[1])
    assert other.get("/api/work/keys").json()["mapped"] == {}


def test_what_is_no_key_is_refused(hall: Any) -> None:
    client = client_of(hall.people[0])
    for mapped in ({"frame.skip": ""}, {"<b>": "k"}, {f"act.{n}": "k" for n in range(301)}, {"act.a": 5}):
        answer = client.put("/api/work/keys", json.dumps({"mapped": mapped}), content_type="application/json")
        assert answer.status_code in (400, 422), mapped
    assert not Keys.objects.exists()
