"""The SDK against the platform itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from tests.web.halls import Hall

from tutelage.client import Client, Said
from tutelage.web.people import actions as people
from tutelage.web.runs import actions
from tutelage.web.runs.models import Job

pytestmark = pytest.mark.django_db
FIRST: dict[str, Any] = {"type": "prefer", "winner": "first"}


def work(_: float) -> None:
    """What the worker does while the client waits."""
    for job in Job.objects.filter(state="working"):
        actions.carry(job.pk)


def test_on_the_platform_itself_items_judgments_and_files(hall: Hall, tmp_path: Path) -> None:
    secret = people.make_token(hall.owner, "robot", ["read", "write"], 1)[1]
    transport = httpx.WSGITransport(app=get_wsgi_application())
    client = Client("http://localhost", secret, transport=transport, sleep=work)
    project = str(hall.project.pk)
    with client:
        assert [p["id"] for p in client.projects()] == [project]
        source = tmp_path / "more.jsonl"
        source.write_text(json.dumps({"prompt": "Why?", "response_a": "So.", "response_b": "Thus."}))
        assert client.wait(project, client.import_file(project, source)).added == 1
        names = [i["name"] for i in client.items(project)]
        assert len(names) == 6
        taken = list(client.judge(project, "gpt", (Said(n, FIRST) for n in names), revision="1"))
        assert len(taken) == 6 and list(client.judge(project, "gpt", [Said(names[0], FIRST)], revision="1"))
        assert [j["item"] for j in client.judgments(project)] == names
        out = client.export(project, "judgments", tmp_path / "out.jsonl")
        assert len(out.read_text().splitlines()) == 6
        assert client.figures(project) == {"at": None, "found": {}}
