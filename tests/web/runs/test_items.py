"""The item browser: as many queries for one row as for many, every row found once, names hidden."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.web.halls import Hall

from tutelage.web.runs import queries
from tutelage.web.runs.queries import Asked
from tutelage.web.work import actions as work
from tutelage.web.work.models import Item, ItemBody

pytestmark = pytest.mark.django_db


def signed_in(hall: Hall) -> Client:
    client = Client()
    client.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    return client


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


@pytest.mark.parametrize("where", ["items/", "import/", "export/"])
def test_lists_cost_the_same_for_one_row_and_for_three(make_hall: Callable[..., Hall], where: str) -> None:
    hall = make_hall(items=1)
    client, address = signed_in(hall), f"/projects/{hall.project.pk}/{where}"
    client.get(address)
    one = cost(client, address)
    for n in range(2):
        Item.objects.create(project=hall.project, name=f"more-{n}", rank=10 + n, needed=1)
    assert cost(client, address) == one <= 12


def test_an_item_is_known_by_how_it_begins_unless_that_may_upset(make_hall: Callable[..., Hall]) -> None:
    """A file without names gives names that say nothing: the list shows the first words of what is asked."""
    hall = make_hall(items=2)
    found = list(Item.objects.filter(project=hall.project).select_related("body").order_by("pk"))
    long = json.loads(found[0].body.record)
    long["messages"][-1]["text"] = "What  is\n the <b>best</b> " + "way " * 99
    careful = json.loads(found[1].body.record) | {"content_classes": ["violence"]}
    for item, record in zip(found, (long, careful), strict=True):
        ItemBody.objects.filter(item=item).update(record=json.dumps(record))
    said = queries.beginnings(found)
    assert said[found[0].pk].startswith("What is the <b>best</b> way way") and len(said[found[0].pk]) == 90
    assert said[found[1].pk] == ""
    assert "&lt;b&gt;best" in signed_in(hall).get(f"/projects/{hall.project.pk}/items/").content.decode()


@pytest.mark.parametrize("asked", [Asked(), Asked(name="item-"), Asked(state="open"), Asked(domain="d")])
def test_pages_give_every_item_once(make_hall: Callable[..., Hall], asked: Asked) -> None:
    hall = make_hall(items=7)
    Item.objects.filter(project=hall.project).update(domain="d")
    seen: list[str] = []
    page: Any = None
    while page is None or page.after:
        page = queries.page(hall.project, Asked(asked.state, asked.domain, asked.name, page.after if page else ""), 3)
        seen += [i.name for i in page.items]
    assert sorted(seen) == [f"item-{n}" for n in range(7)]


@pytest.mark.parametrize("state", ["open", "begun", "settled", "gold"])
def test_a_state_is_found_by_its_own_index(make_hall: Callable[..., Hall], state: str) -> None:
    """A million items: a state that few have must not be looked for among all."""
    if connection.vendor != "sqlite":
        pytest.skip("the plan is read in SQLite's words")
    hall = make_hall(items=3)
    rows, order = queries._chosen(hall.project, Asked(state=state))
    plan = queries._behind(rows, "5-5", order[0]).order_by(*order)[:51].explain()
    assert f"runs_item_{state}" in plan and "TEMP B-TREE" not in plan


def test_an_item_shows_its_judgments_without_names_and_what_they_amount_to(hall: Hall) -> None:
    seat = hall.seat()
    task = work.take(seat, timezone.now())
    done = work.submit(seat.user, task["lease"]["token"], "key-00000001", {"type": "prefer", "winner": "first"}, "Why.",
                       {}, timezone.now())  # fmt: skip
    page = signed_in(hall).get(f"/projects/{hall.project.pk}/items/{done.judgment.item_id}/").content.decode()
    assert "person 1" in page and "Why." in page and "first ·" in page
    assert seat.user.email not in page and str(seat.user.pk) not in page


def test_an_empty_project_says_what_to_do(make_hall: Callable[..., Hall]) -> None:
    hall = make_hall(items=0)
    page = signed_in(hall).get(f"/projects/{hall.project.pk}/items/").content.decode()
    assert "There are no items yet" in page and f"/projects/{hall.project.pk}/import/" in page


@pytest.mark.parametrize("after", ["x", "1", "-", "1-", "9" * 50 + "-1"])
def test_a_place_that_is_none_is_not_found(hall: Hall, after: str) -> None:
    assert signed_in(hall).get(f"/projects/{hall.project.pk}/items/?after={after}").status_code == 404
