"""Items whose names begin so are found by an index, in the order of their letters, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.web.halls import Hall

from tutelage.web.runs import queries
from tutelage.web.runs.queries import Asked
from tutelage.web.work.models import Item

pytestmark = pytest.mark.django_db
NAMES = ["a-2", "a-10", "a-1", "A-1", "ab", "a_1", "b", "ä"]


@pytest.fixture
def named(hall: Hall) -> Hall:
    """Items whose names a language's order would mix."""
    Item.objects.bulk_create(
        Item(project=hall.project, name=name, rank=100 + place, needed=1) for place, name in enumerate(NAMES)
    )
    return hall


def test_names_that_begin_so_come_by_their_letters_and_page_by_page(named: Hall) -> None:
    """Capitals before small letters, digits one by one, nothing twice and nothing left out."""
    first = queries.page(named.project, Asked(name="a"), 2)
    second = queries.page(named.project, Asked(name="a", after=first.after), 9)
    assert [i.name for i in first.items + second.items] == ["a-1", "a-10", "a-2", "a_1", "ab"]
    assert [i.name for i in queries.page(named.project, Asked(name="ä"), 9).items] == ["ä"]
    assert queries.page(named.project, Asked(name="%"), 9).items == []


def test_they_are_found_by_an_index(named: Hall) -> None:
    with CaptureQueriesContext(connection) as caught:
        queries.page(named.project, Asked(name="a-"), 2)
    [asked] = [q["sql"] for q in caught.captured_queries if "work_item" in q["sql"]]
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as sql:
        if postgres:
            sql.execute("SET LOCAL enable_seqscan = off")  # eight rows are read, and sorted, faster than by any index
            sql.execute("SET LOCAL enable_sort = off")
        sql.execute(f"EXPLAIN {'' if postgres else 'QUERY PLAN '}{asked}")
        plan: Any = str(sql.fetchall())
    assert ("runs_item_name" in plan) if postgres else ("INDEX" in plan and "SCAN work_item" not in plan), plan
    assert "Sort" not in plan and "TEMP B-TREE" not in plan
