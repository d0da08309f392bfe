"""The auditor reads all and changes nothing; a changed, missing or added row is named; evidence moves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.web.halls import Hall

from tutelage.web.integrity import actions, checking, queries
from tutelage.web.integrity.models import Look
from tutelage.web.pay.models import Transfer
from tutelage.web.people.models import Member, User
from tutelage.web.projects.models import Role
from tutelage.web.proof import actions as proof
from tutelage.web.proof.models import Audit, Leaf
from tutelage.web.work import actions as work
from tutelage.web.work.models import Judgment, Seat, Slot

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SIDES = ({"type": "prefer", "winner": "first"}, {"type": "prefer", "winner": "second"})


@pytest.fixture(autouse=True)
def fresh_log() -> Iterator[None]:
    """The sequencer begins anew: what it kept belongs to a transaction that was undone."""
    proof._log.clear()
    yield
    proof._log.clear()


def judge(hall: Hall, number: int, person: int = 0, side: int = 0) -> Judgment:
    at = NOW + timedelta(minutes=number)
    task = work.take(hall.seat(person), at)
    assert task is not None
    token = task["lease"]["token"]
    return work.submit(hall.people[person], token, token, SIDES[side], "", {}, at + timedelta(seconds=20)).judgment


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def auditor(hall: Hall) -> User:
    user = User.objects.create_user("auditor@example.net", None)
    Role.objects.create(project=hall.project, user=user, name="auditor")
    return user


def sealed(hall: Hall) -> Hall:
    """Six judgments, sealed in two ranges under a checkpoint."""
    for n in range(6):
        judge(hall, n, person=n % 2)
        if n in (2, 5):
            proof.sequence()
    return hall


def test_what_was_sealed_fits(make_hall: Callable[..., Hall]) -> None:
    found = checking.check(sealed(make_hall(items=9)).project)
    assert found.sound and found.ranges == 2 and found.rows == 6 and found.open_rows == 0
    assert found.size == Leaf.objects.count() == 8  # six judgments and two ranges


def test_rows_that_are_not_sealed_yet_are_counted(make_hall: Callable[..., Hall]) -> None:
    hall = sealed(make_hall(items=9))
    judge(hall, 7)
    found = checking.check(hall.project)
    assert found.sound and found.open_rows == 1


def test_a_changed_a_missing_and_an_added_row_are_each_named(make_hall: Callable[..., Hall]) -> None:
    hall = sealed(make_hall(items=9))
    first, *_, last = Audit.objects.filter(verb="judged").order_by("pk")
    Audit.objects.filter(pk=first.pk).update(verb="withdrew")
    [said] = checking.check(hall.project).broken
    assert said == f"{first.pk}–{first.pk + 2}: a row was changed after it was sealed"
    Audit.objects.filter(pk=first.pk).update(verb="judged")
    Audit.objects.filter(pk=last.pk - 1).delete()
    [said] = checking.check(hall.project).broken
    assert "rows are missing or were added; 3 were sealed, 2 are there" in said


def test_a_changed_leaf_does_not_fit_the_checkpoint(make_hall: Callable[..., Hall]) -> None:
    hall = sealed(make_hall(items=9))
    Leaf.objects.filter(index=0).update(leaf=b"\0" * 32)
    assert "a leaf was changed" in checking.check(hall.project).log
    Leaf.objects.filter(index=0).delete()
    assert "8 leaves were signed, 7 are there" in checking.check(hall.project).log


def test_the_auditor_reads_all_pages_and_changes_nothing(make_hall: Callable[..., Hall]) -> None:
    hall = sealed(make_hall(items=9))
    client, before = signed_in(auditor(hall)), (Audit.objects.count(), Look.objects.count(), Leaf.objects.count())
    where = f"/projects/{hall.project.pk}/"
    page = client.get(f"{where}audit/").content.decode()
    nyms = Seat.objects.filter(project=hall.project).values_list("nym", flat=True)
    assert all(nym[:8] in page for nym in nyms) and "person0" not in page
    assert "Everything fits" in client.post(f"{where}audit/").content.decode()
    assert client.get(f"{where}evidence/").status_code == 200
    assert client.post(f"{where}evidence/").status_code == 404
    assert before == (Audit.objects.count(), Look.objects.count(), Leaf.objects.count())


@pytest.mark.parametrize("sort", ["contributor", "reviewer", "adjudicator", "author"])
def test_nobody_else_sees_the_trail_or_the_evidence(hall: Hall, sort: str) -> None:
    user = User.objects.create_user("else@example.net", None)
    Role.objects.create(project=hall.project, user=user, name=sort)
    for page in ("audit/", "evidence/"):
        client = signed_in(user)
        assert client.get(f"/projects/{hall.project.pk}/{page}").status_code == 404
        assert client.post(f"/projects/{hall.project.pk}/{page}").status_code == 404


def test_pages_of_the_trail_follow_one_another_without_gap(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    for n in range(5):
        judge(hall, n)
    seen, before = [], None
    while page := queries.trail(hall.project, before):
        seen += [e.row.pk for e in page]
        before = page[-1].row.pk
    assert seen == sorted(seen, reverse=True) and len(seen) == 5
    assert signed_in(hall.owner).get(f"/projects/{hall.project.pk}/audit/?before=x").status_code == 404


def crowd(make_hall: Callable[..., Hall]) -> Hall:
    """Forty items with four judgments each: three people agree, the fourth always says the first."""
    hall = make_hall(items=40, people=4, overlap=4)
    for person in range(4):
        for n in range(40):
            judge(hall, 40 * person + n, person, side=0 if person == 3 else n % 2)
    return hall


def test_evidence_is_by_pseudonym_with_its_error_bounds_and_moves_nothing(make_hall: Callable[..., Hall]) -> None:
    hall = crowd(make_hall)
    before = (Transfer.objects.count(), Role.objects.count(), list(Slot.objects.values_list("state", flat=True)))
    look = actions.ask(hall.owner, hall.project, NOW)
    assert actions.ask(hall.owner, hall.project, NOW).pk == look.pk  # one at a time
    actions.examine(look.pk, NOW)
    actions.examine(look.pk, NOW)  # a task may run twice
    look.refresh_from_db()
    assert look.rows == 160 and look.found["risks"]["producer"] == 0.05
    mute = hall.seat(3).nym[:8]
    assert any(mute in f["judges"] for f in look.found["findings"])
    page = signed_in(hall.owner).get(f"/projects/{hall.project.pk}/evidence/").content.decode()
    assert mute in page and "person3" not in page and "at most 5 %" in page and "Nothing follows from this page" in page
    after = (Transfer.objects.count(), Role.objects.count(), list(Slot.objects.values_list("state", flat=True)))
    assert before == after


def test_little_work_is_not_examined(hall: Hall) -> None:
    judge(hall, 0)
    look = actions.ask(hall.owner, hall.project, NOW)
    actions.examine(look.pk, NOW)
    assert "Too little" in signed_in(hall.owner).get(f"/projects/{hall.project.pk}/evidence/").content.decode()


def test_machines_read_check_and_ask(make_hall: Callable[..., Hall]) -> None:
    hall = sealed(make_hall(items=9))
    client, project = signed_in(hall.owner), str(hall.project.pk)
    first = client.get(f"/api/audit?project={project}").json()
    assert len(first) == 6 and first[0]["verb"] == "judged" and first[0]["sealed"]

    def post(where: str) -> Any:
        return client.post(f"/api/{where}", json.dumps({"project": project}), "application/json").json()

    assert post("audit/check")["sound"] is True
    assert client.get(f"/api/evidence?project={project}").json() == {"found": {}, "done_at": None}
    assert post("evidence") == {"look": Look.objects.get().pk}


def test_lists_ask_as_often_for_three_rows_as_for_one(make_hall: Callable[..., Hall]) -> None:
    hall = make_hall(items=9, people=3)
    Member.objects.create(organisation=hall.project.organisation, user=hall.people[2], part="auditor")
    client, counted = signed_in(hall.people[2]), []
    for n in range(3):
        judge(hall, n, person=n)
        client.get(f"/projects/{hall.project.pk}/audit/")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/projects/{hall.project.pk}/audit/")
        counted.append(len(asked))
    assert counted[0] == counted[1] == counted[2] <= 14, counted
