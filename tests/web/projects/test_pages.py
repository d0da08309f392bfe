"""Who may open which page of a project, and what the guideline, the rubric and the lists do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.web.halls import Hall

from tutelage.web.people.models import Member, User
from tutelage.web.projects import actions, queries
from tutelage.web.projects.models import Role
from tutelage.web.shared.refusals import Refused, Unprocessable

pytestmark = pytest.mark.django_db
SORTS = ("contributor", "reviewer", "adjudicator", "author", "owner", "auditor", "part owner", "part operator",
         "part auditor")  # fmt: skip
MANAGE = {"owner", "part owner", "part operator"}
WRITE = MANAGE | {"author"}
READ = WRITE | {"reviewer", "adjudicator", "auditor", "part auditor"}
PAGES = {
    "": READ, "settings/": MANAGE, "guideline/": WRITE, "rubric/": WRITE, "guideline/1/": READ | {"contributor"},
    "people/": MANAGE | {"auditor", "part auditor"},
}  # fmt: skip


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def somebody(hall: Hall, sort: str) -> Client:
    user = User.objects.create_user(f"{sort.replace(' ', '-')}@example.net", None)
    if sort.startswith("part"):
        Member.objects.create(organisation=hall.project.organisation, user=user, part=sort[5:])
    else:
        Role.objects.create(project=hall.project, user=user, name=sort)
    return signed_in(user)


@pytest.mark.parametrize("sort", SORTS)
def test_each_role_opens_its_pages_and_no_others(hall: Hall, sort: str) -> None:
    client = somebody(hall, sort)
    for page, allowed in PAGES.items():
        status = client.get(f"/projects/{hall.project.pk}/{page}").status_code
        assert status == (200 if sort in allowed else 404), (page, sort, status)
    moved = client.post(f"/projects/{hall.project.pk}/move/", {"to": "paused"}).status_code
    assert moved == (302 if sort in MANAGE else 404)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("sort", sorted(READ))
def test_a_project_leads_only_to_pages_that_open(hall: Hall, sort: str) -> None:
    client = somebody(hall, sort)
    html = client.get(f"/projects/{hall.project.pk}/").content.decode()
    tabs = re.findall(r'href="([^"]+)"', html[html.index('<nav class="tabs"') :].partition("</nav>")[0])
    assert len(tabs) >= 2
    assert {t: client.get(t).status_code for t in tabs} == dict.fromkeys(tabs, 200)


def test_an_auditor_reads_and_changes_nothing(hall: Hall) -> None:
    client, before = somebody(hall, "auditor"), Role.objects.count()
    for page in ("settings/", "guideline/", "rubric/", "people/", "move/"):
        assert client.post(f"/projects/{hall.project.pk}/{page}", {"role": "owner", "days": 1}).status_code == 404
    assert Role.objects.count() == before


def test_saving_a_guideline_makes_the_next_version_and_saving_it_again_does_not(hall: Hall) -> None:
    client, where = signed_in(hall.owner), f"/projects/{hall.project.pk}/guideline/"
    actions.change(hall.owner, hall.project, OFFER)
    client.post(where, {"text": "Safety first, then brevity."})
    client.post(where, {"text": "Safety first, then brevity."})
    assert [g.version for g in queries.guidelines(hall.project)] == [2, 1]
    page = client.get(f"{where}2/").content.decode()
    assert "<ins>, then brevity</ins>" in page


OFFER = {
    "purpose": "To train an assistant for nurses.", "duties": "Say which answer is safer.", "warnings": ["none"],
    "piece_minor": 40, "instruction_minor": 10,
}  # fmt: skip


def test_a_guideline_that_takes_longer_than_is_paid_is_refused_once_published(hall: Hall) -> None:
    """400 words take 2 minutes, 47 cents at the floor; 10 cents are paid."""
    project = actions.change(hall.owner, hall.project, OFFER)
    with pytest.raises(Unprocessable, match="Line 8 of the offer"):
        actions.write_guideline(hall.owner, project, "word " * 400, [])
    assert queries.guideline(project).version == 1


def test_a_new_version_asks_for_acceptance_again_and_pays_for_what_is_new(hall: Hall) -> None:
    """Three of six words are new: half of 10 cents."""
    from tutelage.web.pay import queries as pay

    project, user = actions.change(hall.owner, hall.project, OFFER), hall.people[0]
    digest = queries.signed_offer(queries.terms(project))["digest"]
    actions.accept(user, project, digest)
    actions.write_guideline(hall.owner, project, "Safety first. Then comes brevity.", [])
    [queue] = [q for q in queries.worked_in(user) if q.pk == project.pk]
    assert not queue.accepted
    actions.accept(user, project, queries.signed_offer(queries.terms(project))["digest"])
    assert pay.earnings(user)["EUR"]["minor"] == 10 + 6


def test_a_rubric_needs_examples_for_the_ends_of_its_scale(hall: Hall) -> None:
    client, where = signed_in(hall.owner), f"/projects/{hall.project.pk}/rubric/"
    actions.change(hall.owner, hall.project, OFFER)
    form = {"c-TOTAL_FORMS": 1, "c-INITIAL_FORMS": 0, "c-0-name": "Correct", "c-0-about": "", "c-0-anchors": "1: wrong"}
    page = client.post(where, form).content.decode()
    assert "Give examples for two scores at least" in page
    page = client.post(where, form | {"c-0-anchors": "1: wrong\nno score"}).content.decode()
    assert "Line 2 is not a score, a colon and an example" in page
    assert client.post(where, form | {"c-0-anchors": "1: wrong\n5: right"}).status_code == 302
    assert queries.guideline(hall.project).rubric == [
        {"name": "Correct", "about": "", "anchors": {"1": "wrong", "5": "right"}}
    ]


def test_settings_refuse_what_the_offer_could_not_say(hall: Hall) -> None:
    client = signed_in(hall.owner)
    page = client.post(f"/projects/{hall.project.pk}/settings/", {"warnings": ["none", "violence"], "minutes": "0"})
    said = page.content.decode()
    assert page.status_code == 200 and "cannot stand beside a class" in said and "This field is required" in said


def test_what_is_typed_is_priced_for_both_sides(hall: Hall) -> None:
    typed = {"piece_minor": "0.20", "fee_bp": "10", "minutes": "1", "currency": "EUR"}
    said = signed_in(hall.owner).get("/projects/quote/", typed).content.decode()
    assert "€12.00" in said and "€0.22" in said and "Below the floor" in said
    assert "Minutes and pay" in signed_in(hall.owner).get("/projects/quote/", {"minutes": "x"}).content.decode()


@pytest.mark.parametrize("page", ["/", "/projects/"])
def test_a_list_asks_as_often_for_three_projects_as_for_one(make_hall: Callable[..., Any], page: str) -> None:
    hall = make_hall(items=1)
    Role.objects.create(project=hall.project, user=hall.owner, name="contributor")
    client, asked = signed_in(hall.owner), []
    for more in (0, 2):
        for n in range(more):
            same = ("kind", "purpose", "client_class", "duties", "minutes", "piece_minor")
            fields = {"name": f"More {n}", **{field: getattr(hall.project, field) for field in same}}
            made = actions.create(hall.owner, hall.project.organisation, fields, text="x")
            made.state = "open"
            made.save()
            Role.objects.create(project=made, user=hall.owner, name="contributor")
        client.get(page)
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(page)
        asked.append(len(found))
    assert asked[0] == asked[1] <= 16, asked


def test_money_is_set_aside_from_the_page_once_however_often_it_is_sent(make_hall: Callable[..., Any]) -> None:
    from tutelage.web.pay import queries as pay

    hall = make_hall(escrow=0)
    client, where = signed_in(hall.owner), f"/projects/{hall.project.pk}/escrow/"
    form = {"minor": "12.50", "key": "0123456789abcdef"}
    for _ in range(2):
        assert client.post(where, form).status_code == 302
    assert pay.escrow_balance(hall.project) == 1250
    client.post(where, form | {"minor": "0", "key": "another"})
    assert pay.escrow_balance(hall.project) == 1250
    assert somebody(hall, "auditor").post(where, form | {"key": "third"}).status_code == 404


def test_whoever_accepted_an_earlier_version_is_shown_what_changed(hall: Hall) -> None:
    project, user = actions.change(hall.owner, hall.project, OFFER), hall.people[0]
    actions.accept(user, project, queries.signed_offer(queries.terms(project))["digest"])
    where = f"/offer/{project.pk}/"
    assert "What changed since" not in signed_in(user).get(where).content.decode()
    actions.write_guideline(hall.owner, project, "Safety first. Then brevity.", [])
    said = signed_in(user).get(where).content.decode()
    assert "What changed since version 1" in said and "<ins> Then brevity.</ins>" in said


def test_closing_gives_back_what_is_left_once_nobody_holds_a_task(hall: Hall) -> None:
    from tutelage.web.pay import queries as pay
    from tutelage.web.work.models import Slot

    project = actions.change(hall.owner, hall.project, OFFER)
    project = actions.move(hall.owner, project, "paused")
    Slot.objects.filter(pk=Slot.objects.first().pk).update(state=Slot.LEASED)
    with pytest.raises(Refused, match="1 task is still held"):
        actions.move(hall.owner, project, "closed")
    Slot.objects.update(state=Slot.FREE)
    assert actions.move(hall.owner, project, "closed").state == "closed"
    assert pay.escrow_balance(project) == 0


@pytest.mark.parametrize("page", ["/projects/{project}/people/", "/projects/{project}/guideline/",
                                  "/organisation/{organisation}/", "/me/tokens/"])  # fmt: skip
def test_a_page_of_rows_asks_as_often_for_three_as_for_one(hall: Hall, page: str) -> None:
    from tutelage.web.people import actions as people

    client, asked = signed_in(hall.owner), []
    actions.change(hall.owner, hall.project, OFFER)
    for more in (1, 2):
        for n in range(more):
            user = User.objects.create_user(f"more{more}{n}@example.net", None)
            Role.objects.create(project=hall.project, user=user, name="reviewer")
            Member.objects.create(organisation=hall.project.organisation, user=user, part="auditor")
            people.make_token(hall.owner, "robot", ["read"], 7)
            people.invite(hall.owner, "owner", organisation=hall.project.organisation)
            actions.invite(hall.owner, hall.project, "reviewer", "", 7)
            actions.write_guideline(user, hall.project, f"Safety {more} {n}.", [])
        address = page.format(project=hall.project.pk, organisation=hall.project.organisation_id)
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            assert client.get(address).status_code == 200
        asked.append(len(found))
    assert asked[0] == asked[1] <= 16, asked
