"""What an address asks of the database does not grow with the rows that it shows: 1 of everything or 3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.web.addresses import operations, pages
from tests.web.halls import Hall
from tests.web.worlds import a_world, named

from tutelage.web.settings import APPS

IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
NOT_READ = {  # addresses that show no list of rows of the database, each with what it is
    "/start/nothing": "a link that was used",
    "/enter/nothing": "a link that was used",
    "/join/nothing": "a link that was used",
    "/tour/": "the sceptic's walk",
    "/tour/release.tar": "a file of the walk",
    "/tour/files/nothing": "a file of the walk",
    "/tour/nothing/": "a scene of the walk, by name",
    "/api/projects/<id>/exports/1/file": "a file",
    "/projects/<id>/export/1/file/": "a file",
    "/projects/<id>/releases/1/nothing/": "a file of a release",
    "/projects/<id>/releases/1/release.tar": "a release as a file",
    "/api/projects/<id>/runs/1/gate": "a run's evidence, from its directory",
    "/projects/<id>/runs/1/gate/": "a run's evidence, from its directory",
    "/projects/<id>/runs/1/gate/sign/": "one signature",
    "/projects/<id>/runs/1/report/": "a run's report, a file",
    "/log/consistency.json": "a proof between two sizes",
}
NOT_GROWN = {  # tables of which no list shows several rows of one project, each with the reason
    "Figures": "one a project",
    "Seat": "one a person",
    "Kept": "a cache",
    "Tour": "the sceptic's walk",
    "Scene": "the sceptic's walk",
    "Anchor": "the clock's",
    "Exposure": "no list shows it",
    "Acceptance": "no list shows it",
    "Enrolment": "one a person",
    "Barred": "who was erased, by hash",
    "Draft": "one a task held",
    "PersonKey": "one a person",
    "Account": "one a purpose",
    "Checkpoint": "the latest is shown",
    "Trial": "one a person and task",
    "Prompt": "no list shows it",
    "Problem": "no list shows it",
    "Rehearsal": "one a person",
    "Keys": "one a person",
    "Lost": "one a person and passkey",
}


def asked(client: Client, made: Hall) -> Iterator[tuple[str, int, list[str]]]:
    """(address with ids taken out, status, statements) of every GET; the second time counts."""
    there = named(made)
    found = [address for address, _ in pages(there)]
    found += [address for method, address, _, _ in operations(there) if method == "get"]
    for address in [*found, f"/organisation/{made.project.organisation_id}/"]:
        client.get(address)
        with CaptureQueriesContext(connection) as caught:
            answer = client.get(address)
            if answer.streaming:
                b"".join(answer.streaming_content)
        yield IDS.sub("<id>", address), answer.status_code, [q["sql"] for q in caught.captured_queries]


def measured(n: int) -> tuple[dict[tuple[str, str], tuple[int, list[str]]], dict[str, int]]:
    """Statements of each address as owner and as contributor, and how many rows each table of ours has; then undone."""
    found: dict[tuple[str, str], tuple[int, list[str]]] = {}
    with transaction.atomic():
        made = a_world(n)
        for who, user in (("owner", made.owner), ("contributor", made.people[0])):
            client = Client(raise_request_exception=False, SERVER_NAME="localhost")
            client.force_login(user, "django.contrib.auth.backends.ModelBackend")
            for plain, status, said in asked(client, made):
                if found.get((who, plain), (0, []))[0] != 200:
                    found[who, plain] = (status, [s for s in said if "SAVEPOINT" not in s])
        models = [m for app in APPS for m in apps.get_app_config(app).get_models()]
        rows = {m.__name__: m._default_manager.count() for m in models}
        transaction.set_rollback(True)
    return found, rows


_KEPT: list[Any] = []


@pytest.fixture
def both(db: None, settings: Any) -> Any:
    """The same addresses in a world of one of everything, and in one of three; made once."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if not _KEPT:
        _KEPT.extend((measured(1), measured(3)))
    return _KEPT


def test_no_address_asks_more_for_three_rows_than_for_one(both: Any) -> None:
    (one, _), (three, _) = both
    grown = []
    for where, (status, said) in three.items():
        before = one[where]
        if status == 200 and before[0] == 200 and len(said) > len(before[1]):
            more = [s for s in said if s.split(" WHERE ")[0] not in {b.split(" WHERE ")[0] for b in before[1]}]
            grown.append(
                f"{where}: {len(before[1])} → {len(said)}\n    " + "\n    ".join(x[:300] for x in more or said)
            )
    assert not grown, "\n".join(grown)


def test_every_page_and_every_reading_operation_was_counted(both: Any) -> None:
    """200 for the owner or a contributor, or only for POST (405), or named above with a reason."""
    (one, _), (three, _) = both
    seen = {address for world in (one, three) for (_, address), (status, _) in world.items() if status == 200}
    posts = {address for (_, address), (status, _) in one.items() if status == 405}
    missed = sorted({address for _, address in one} - seen - posts - NOT_READ.keys())
    assert not missed, "\n".join(f"{m} {one['owner', m][0]}" for m in missed)
    assert len(seen) > 60


def test_a_table_that_is_new_has_rows_in_both_worlds(both: Any) -> None:
    """Three times as many of everything that can be a list: so a list that is new is counted as well."""
    (_, one), (_, three) = both
    flat = [name for name, count in three.items() if name not in NOT_GROWN and count < one[name] + 2]
    assert not flat, "\n".join(f"{name} {one[name]} {three[name]}" for name in flat)
