"""Whoever runs a project does five tasks themselves: nothing is stored or paid, and the offer is held against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from tutelage.web.pay.models import Transfer
from tutelage.web.projects import queries as projects
from tutelage.web.shared.refusals import Unprocessable
from tutelage.web.work import rehearsing
from tutelage.web.work.models import Draft, Judgment, Slot

NOW = timezone.now()
FIRST = {"type": "prefer", "winner": "first", "strength": 2}


def done(hall: Any, seconds: list[int]) -> dict[str, Any]:
    """Tasks of so many seconds each, one after another; gives what came after the last."""
    at, task = NOW, rehearsing.take(hall.owner, hall.project, NOW)
    for s in seconds:
        at += timedelta(seconds=s)
        task = rehearsing.submit(hall.owner, task["lease"]["token"], FIRST, at)
    return task


def test_five_tasks_are_timed_and_nothing_else_is_kept(make_hall: Callable[..., Any]) -> None:
    """60, 120, 180, 240 and 300 s: three minutes at the median, against the minute that the offer says; 25 a task."""
    hall = make_hall(items=7)
    money = Transfer.objects.count()
    end = done(hall, [60, 120, 180, 240, 300])
    assert "3.0 minutes" in end["none"]["reason"] and "€5.00" in end["none"]["reason"]
    found = rehearsing.found(hall.owner, hall.project)
    assert (found.done, found.of, found.minutes, found.hourly_minor) == (5, 5, 3.0, 500)
    assert Judgment.objects.count() == Draft.objects.count() == 0 and Transfer.objects.count() == money
    assert not Slot.objects.exclude(state=Slot.FREE).exists()


def test_the_offer_is_held_against_ones_own_pace(make_hall: Callable[..., Any]) -> None:
    """25 cents a task of three minutes are €5 an hour, below any floor."""
    hall = make_hall(items=5)
    done(hall, [180])
    said = projects.rehearsed(hall.project, hall.owner)
    assert said["anybody"] == 1 and "piece_minor" in [f.field for f in said["at_pace"]]


def test_an_answer_that_its_kind_refuses_is_refused_here_too(hall: Any) -> None:
    task = rehearsing.take(hall.owner, hall.project, NOW)
    with pytest.raises(Unprocessable):
        rehearsing.submit(hall.owner, task["lease"]["token"], {"type": "prefer", "winner": "left"}, NOW)


def test_the_same_task_is_before_them_until_it_is_answered(hall: Any) -> None:
    one, two = (rehearsing.take(hall.owner, hall.project, NOW) for _ in range(2))
    assert one["item"]["id"] == two["item"]["id"] == "item-0" and one["preview"]


def test_somebody_else_can_neither_answer_nor_open_it(hall: Any, client: Any) -> None:
    token = rehearsing.take(hall.owner, hall.project, NOW)["lease"]["token"]
    with pytest.raises(Http404):
        rehearsing.submit(hall.people[0], token, FIRST, NOW)
    client.force_login(hall.people[0])
    assert client.get(f"/work/{hall.project.pk}/?preview=1").status_code == 404


def test_an_owner_without_a_seat_walks_through_by_page_and_door(make_hall: Callable[..., Any], client: Any) -> None:
    hall = make_hall(items=2)
    client.force_login(hall.owner)
    where = f"/work/{hall.project.pk}/"
    assert client.get(where).status_code == 404
    page = client.get(f"{where}?preview=1").content.decode()
    task = json.loads(page.partition('<script id="task" type="application/json">')[2].partition("</script>")[0])
    for n in (0, 1):
        assert task["item"]["id"] == f"item-{n}" and task["progress"]["left"] == 2 - n
        token = {"token": task["lease"]["token"]}
        draft = client.put("/api/work/draft", token | {"version": 0, "answer": FIRST}, content_type="application/json")
        assert draft.status_code == 200 and Draft.objects.count() == 0
        body = token | {"key": f"key-0000000{n}", "answer": FIRST}
        task = client.post("/api/work/submit", body, content_type="application/json").json()["next"]
    assert task["none"]["do"]["href"] == f"/projects/{hall.project.pk}/"
    assert client.get(f"/api/work/rehearse?project={hall.project.pk}").json() == task
    assert "at the median" in client.get(f"/projects/{hall.project.pk}/").content.decode()


def test_publishing_without_it_says_so(make_hall: Callable[..., Any], client: Any) -> None:
    hall = make_hall(state="draft", purpose="Answers that harm nobody.", duties="Say which of two answers is safer.",
                     warnings=["none"], instruction_minor=50)  # fmt: skip
    client.force_login(hall.owner)
    page = client.get(f"/projects/{hall.project.pk}/").content.decode()
    assert "not done yet" in page
    said = client.post(f"/projects/{hall.project.pk}/move/", {"to": "open"}, follow=True).content.decode()
    assert "Nobody has done a task themselves yet" in said
