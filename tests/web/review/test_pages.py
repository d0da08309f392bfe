"""Who opens which page; lists ask as often for three rows as for one; machines pass the same doors."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.web.halls import Hall
from tests.web.review.test_review import A, at, judge, with_role

from tutelage.web.people.models import User
from tutelage.web.review import actions
from tutelage.web.review.models import Case, Review
from tutelage.web.work.rules import shown_order

pytestmark = pytest.mark.django_db
SORTS = ("contributor", "reviewer", "adjudicator", "author", "owner", "auditor")
OPEN = {"review/": {"reviewer", "owner"}, "cases/": {"adjudicator", "owner"}}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("sort", SORTS)
def test_each_role_opens_its_pages_and_no_others(hall: Hall, sort: str) -> None:
    one = judge(hall)
    actions.decide(with_role(hall, "reviewer"), judge(hall, minutes=2), "expert", "Is it?", at(3))
    client, where = signed_in(with_role(hall, sort)), f"/projects/{hall.project.pk}/"
    pages = {**OPEN, f"review/{one.pk}/": OPEN["review/"], f"cases/{Case.objects.get().pk}/": OPEN["cases/"]}
    for page, allowed in pages.items():
        assert client.get(where + page).status_code == (200 if sort in allowed else 404), (sort, page)


def test_three_keys_decide_and_bring_the_next(hall: Hall) -> None:
    one, two = judge(hall), judge(hall, minutes=2)
    client, where = signed_in(with_role(hall, "reviewer")), f"/projects/{hall.project.pk}/review/"
    page = client.get(f"{where}{one.pk}/").content.decode()
    assert all(f'accesskey="{key}"' in page for key in "yne") and "person0" not in page
    answer = client.post(f"{where}{one.pk}/", {"verdict": "approved", "reason": ""})
    assert answer.status_code == 302 and str(two.pk) in answer.url
    assert "Say in a sentence why" in client.post(f"{where}{two.pk}/", {"verdict": "redo"}).content.decode()
    assert client.post(f"{where}{two.pk}/", {"verdict": "redo", "reason": "Again."}).url == where
    assert Review.objects.count() == 2


def test_ones_own_results_are_ones_own(hall: Hall) -> None:
    one = judge(hall)
    actions.decide(with_role(hall, "reviewer"), one, "redo", "Look at the dose.", at(2))
    mine, other = signed_in(hall.people[0]), signed_in(hall.people[1])
    assert "Do it again" in mine.get(f"/work/{hall.project.pk}/feedback/").content.decode()
    assert "Look at the dose." in mine.get(f"/feedback/{one.pk}/").content.decode()
    for page in (f"/feedback/{one.pk}/", f"/feedback/{one.pk}/redo/"):
        assert other.post(page, {"agrees": "yes"}).status_code == 404
    assert mine.post(f"/feedback/{one.pk}/", {"agrees": "yes"}).status_code == 302
    assert "You agreed" in mine.get(f"/feedback/{one.pk}/").content.decode()
    assert mine.post(f"/feedback/{one.pk}/redo/").url == f"/work/{hall.project.pk}/"


def test_letters_of_a_result_are_explained_where_somebody_saw_them_the_other_way_round(hall: Hall) -> None:
    """The page shows A and B as reviewers see them, since their reasons speak of those."""
    said = "You saw them the other way round"
    for number in range(4):
        one = judge(hall, minutes=number)
        page = signed_in(hall.people[0]).get(f"/feedback/{one.pk}/").content.decode()
        assert (said in page) == (shown_order(2, one.slot_id, one.epoch, str(one.user_id)) == [1, 0])


def test_machines_review_rule_and_reply(hall: Hall) -> None:
    one = judge(hall)
    project = str(hall.project.pk)
    reviewer, expert, mine = (signed_in(u) for u in (with_role(hall, "reviewer"), with_role(hall, "adjudicator"),
                                                     hall.people[0]))  # fmt: skip

    def post(client: Client, where: str, **body: object) -> tuple[int, object]:
        answer = client.post(f"/api/review/{where}", json.dumps(body), "application/json")
        return answer.status_code, answer.json()

    [waits] = reviewer.get(f"/api/review/waiting?project={project}").json()
    assert waits["judgment"] == str(one.pk) and waits["answer"] == A
    said = {"project": project, "judgment": str(one.pk), "verdict": "expert", "reason": "Is it?"}
    assert post(reviewer, "decide", **said) == (200, {"verdict": "expert"})
    assert post(expert, "decide", **said)[0] == 404
    case = str(Case.objects.get().pk)
    ruling = {"project": project, "case": case, "verdict": "both", "reason": "Either."}
    assert post(expert, "rule", **ruling) == (200, {"verdict": "both"})
    assert post(mine, "reply", judgment=str(one.pk), agrees=True) == (200, {"agrees": True})
    assert post(mine, "rule", **ruling)[0] == 404


def asked(client: Client, page: str) -> int:
    assert client.get(page).status_code == 200
    with CaptureQueriesContext(connection) as found:
        client.get(page)
    return len(found)


def test_lists_ask_as_often_for_three_rows_as_for_one(make_hall: Callable[..., Hall]) -> None:
    hall = make_hall(items=9, people=1)
    reviewer, owner = with_role(hall, "reviewer"), signed_in(hall.owner)
    where, mine = f"/projects/{hall.project.pk}/", signed_in(hall.people[0])
    counted = []
    for n in range(3):
        judge(hall, minutes=3 * n + 1)
        actions.decide(reviewer, judge(hall, minutes=3 * n + 2), "expert", "Is it?", at(0))
        pages = ((owner, f"{where}review/"), (owner, f"{where}cases/"), (mine, f"/work/{hall.project.pk}/feedback/"))
        counted.append([asked(client, page) for client, page in pages])
    assert counted[0] == counted[1] == counted[2]
    assert max(counted[0]) <= 16, counted
