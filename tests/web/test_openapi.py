"""The whole of /api/openapi.json against a real server: nothing breaks it, and it answers as it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from ninja import Schema
from tests.web.addresses import operations
from tests.web.database.halls import Server, migrate, python, serving

from tutelage.web.api import api
from tutelage.web.settings import APPS

pytest.importorskip("schemathesis", reason="schemathesis is not installed")
SEED = """
import json
from django.utils import timezone
from tests.web.halls import a_hall
from tutelage.web.people import actions as people
from tutelage.web.projects.models import Role
from tutelage.web.work import actions
from tutelage.web.work.models import Item, Seat
made = a_hall(items=40)
made.owner.name = "Owner"
for name in ("contributor", "reviewer", "adjudicator", "author"):
    Role.objects.create(project=made.project, user=made.owner, name=name)
nym = Seat.objects.create(project=made.project, user=made.owner, nym="a" * 64)
given = []
for seat in (made.seat(0), made.seat(1), nym):
    for number in range(3):
        task, now = actions.take(seat, timezone.now()), timezone.now()
        done = actions.submit(seat.user, task["lease"]["token"], f"first-key-{seat.pk}-{number}",
                              {"type": "prefer", "winner": "first"}, "", {"active_ms": 1000}, now)
        given.append(str(done.judgment.pk))
leased = actions.take(nym, timezone.now())["lease"]["token"]
print(json.dumps({
    "tokens": [people.make_token(user, "robot", ["read", "write"], 1)[1] for user in (made.owner, made.people[0])],
    "ids": {
        "pk": [str(made.project.pk)], "project": [str(made.project.pk)], "judgment": given, "token": [leased],
        "organisation": [str(made.project.organisation_id)], "item": list(Item.objects.values_list("pk", flat=True)),
        "number": [1, 2, 3], "version": [1],
    },
}))
"""
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance", "missing_required_header",
    "use_after_free", "ensure_resource_availability",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, Any]]]:
    """A server over a hall with work in it, whose tokens may ask as often as they like."""
    hall = tmp_path_factory.mktemp("openapi") / "hall"
    migrate(hall)
    known = json.loads(python(hall, SEED))
    before = os.environ.get("TUTELAGE_API_RATE")
    os.environ["TUTELAGE_API_RATE"] = "100000"
    try:
        with serving(hall) as server:
            yield server, known
    finally:
        os.environ.pop("TUTELAGE_API_RATE") if before is None else os.environ.update(TUTELAGE_API_RATE=before)


def fuzz(server: Server, known: dict[str, Any], who: int, *how: str) -> str:
    """Run schemathesis as one of the people; gives what it said, which it must end without a finding."""
    asked = [sys.executable, "-m", "schemathesis.cli", "--no-color", "run",
             f"http://127.0.0.1:{server.port}/api/openapi.json", "--header",
             f"Authorization: Bearer {known['tokens'][who]}", "--checks", ",".join(CHECKS), "--generation-database",
             "none", "--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off", *how]  # fmt: skip
    more = {"SCHEMATHESIS_HOOKS": "tests.web.fuzzing", "TUTELAGE_FUZZ_IDS": json.dumps(known["ids"])}
    root = Path(__file__).parents[2]
    env = {**os.environ, **more, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(asked, text=True, capture_output=True, check=False, env=env, cwd=server.hall.parent)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_no_request_breaks_the_server_and_every_answer_is_declared(served: Any) -> None:
    """Each operation with its boundary values: no 5xx, no status, type or shape undeclared."""
    said = fuzz(*served, 0, "--phases", "coverage", "--seed", "1")
    tested = re.search(r"Tested: (\d+)", said)
    assert tested and int(tested[1]) > 40, said[-3000:]
    assert "Traceback" not in served[0].said()


@pytest.mark.slow
@pytest.mark.parametrize("who", [0, 1], ids=["owner", "contributor"])
def test_no_request_breaks_the_server_in_the_long_run(served: Any, who: int) -> None:
    """60 requests at random of every operation, and sequences of them, as an owner and as a contributor."""
    fuzz(*served, who, "--phases", "coverage,fuzzing,stateful", "--max-examples", "60", "--max-time", "300")
    assert "Traceback" not in served[0].said()


def test_each_shape_has_a_name_of_its_own() -> None:
    """Two of one name in two apps would be described as one of them."""
    shapes: dict[str, set[type]] = {}
    for app in APPS:
        if find_spec(f"tutelage.web.{app}.api"):
            for name, one in vars(import_module(f"tutelage.web.{app}.api")).items():
                if isinstance(one, type) and issubclass(one, Schema) and not one.__subclasses__():
                    shapes.setdefault(name, set()).add(one)
    described = set(api.get_openapi_schema()["components"]["schemas"])
    twice = {name for name, found in shapes.items() if len(found) > 1}
    assert len(shapes) > 40 and not twice & described


@pytest.mark.django_db
def test_a_list_is_not_taken_for_an_object_that_says_nothing(hall: Any) -> None:
    client = Client()
    client.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    answer = client.patch("/api/me", "[null, null]", content_type="application/json")
    assert (answer.status_code, answer.json()["expected"]) == (400, "a body that is a JSON object")


@pytest.mark.django_db
def test_without_credentials_or_with_wrong_ones_nothing_but_public_addresses_answers() -> None:
    """401 everywhere, except the offers, which are public."""
    values = {"pk": [1], "item": [1], "number": [1]}
    for headers in ({}, {"Authorization": "Bearer tut_nothing"}, {"Cookie": "tutelage=nothing"}):
        for method, address, body, _ in operations(values):
            if address.startswith("/api/offers/"):
                continue
            sent = json.dumps(body) if body is not None else ""
            answer = Client(headers=headers).generic(method.upper(), address, sent, content_type="application/json")
            assert answer.status_code in (401, 403), (method, address, answer.status_code)
