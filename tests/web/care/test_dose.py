"""Nobody is handed what they did not choose; the dose holds over projects, tabs, tokens and clocks; leaving is paid."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db.models import F
from django.http import Http404
from django.utils import timezone
from tests.web.halls import Hall

from tutelage import kinds
from tutelage.errors import BadInput
from tutelage.web.care import actions as care
from tutelage.web.care import clock
from tutelage.web.care.models import Anchor, Exposure
from tutelage.web.pay import actions as money
from tutelage.web.pay import queries as pay
from tutelage.web.people.models import User
from tutelage.web.projects.models import Guideline, Project, Role
from tutelage.web.proof.models import Audit
from tutelage.web.shared.refusals import TooMuch, Unprocessable
from tutelage.web.work import actions, claiming, loading, queries
from tutelage.web.work.models import Judgment, Seat, Slot

NOW = timezone.now()
FIRST = {"type": "prefer", "winner": "first", "strength": 2}


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def take(hall: Hall, minutes: float, person: int = 0) -> dict[str, Any]:
    """The task of that minute, looked at where it may be; or what is said instead."""
    return look(hall, actions.take(hall.seat(person), at(minutes)) or queries.NOTHING, minutes, person)


def look(hall: Hall, task: dict[str, Any], minutes: float, person: int = 0) -> dict[str, Any]:
    """A task with what it holds, its time running; as it is where there is nothing to show or it may not be."""
    if task.get("care") is None or not task["care"]["dose_left_s"]:
        return task
    return task | actions.reveal(hall.people[person], task["lease"]["token"], at(minutes))


def answer(hall: Hall, task: dict[str, Any], minutes: float, person: int = 0) -> dict[str, Any]:
    done = actions.submit(
        hall.people[person], task["lease"]["token"], task["lease"]["token"], FIRST, "", {}, at(minutes)
    )
    return look(hall, done.next or queries.NOTHING, minutes, person)


@pytest.fixture
def severe(make_hall: Callable[..., Hall]) -> Hall:
    """Thirty tasks that may contain self-harm; the first person is ready for them, the second is not."""
    hall = make_hall(items=30, warnings=["self_harm"])
    care.choose(hall.people[0], ["self_harm"], NOW)
    return hall


def another(hall: Hall, slug: str, items: int = 5, **terms: Any) -> Hall:
    """A second project of the same people."""
    usual = {"kind": "comparison", "minutes": 1.0, "piece_minor": 25, "state": "open", "name": slug, **terms}
    project = Project.objects.create(organisation=hall.project.organisation, slug=slug, **usual)
    Guideline.objects.create(project=project, version=1, text="Safety first.", digest="sha256:" + "0" * 64)
    for user in hall.people:
        Role.objects.create(project=project, user=user, name="contributor")
        Seat.objects.create(project=project, user=user, nym=f"{slug}{user.pk}")
    money.deposit(project, 1_000_000, f"first:{project.pk}", at=NOW)
    load(project, items)
    return Hall(project, hall.owner, hall.people)


def load(project: Project, items: int, start: int = 0, classes: tuple[str, ...] = ()) -> None:
    shown = kinds.get("comparison").exhibit()
    named = (replace(shown.item, id=f"{project.slug}-{start + n}", content_classes=classes) for n in range(items))
    loading.load(project, (loading.Offered(item, shown.responses) for item in named), np.random.default_rng(0))


def test_all_is_off_and_what_is_off_is_never_handed_out(severe: Hall) -> None:
    said = take(severe, 0, person=1)
    assert said["none"]["do"]["href"].startswith("/") and "ready" in str(said["none"]["do"]["label"])
    assert "self-harm" in str(said["none"]["reason"]) and Slot.objects.filter(state=Slot.LEASED).count() == 0
    assert take(severe, 0)["care"]["classes"] == ["self-harm"]


def test_a_project_that_warns_of_nothing_asks_nothing(hall: Hall) -> None:
    assert take(hall, 0)["care"] is None and Exposure.objects.count() == 0


def test_an_item_with_more_than_its_project_warns_of_is_refused_at_import(severe: Hall) -> None:
    with pytest.raises(BadInput, match="may contain hate"):
        load(severe.project, 1, 100, ("self_harm", "hate"))


def test_a_task_says_how_long_it_may_be_looked_at(severe: Hall) -> None:
    """600 s of a stretch, 240 of them spent on the first task."""
    task = take(severe, 0)
    assert task["care"]["dose_left_s"] == 600
    assert answer(severe, task, 4)["care"]["dose_left_s"] == 360


def test_after_ten_minutes_nothing_severe_comes_until_a_break_of_five(severe: Hall) -> None:
    said = answer(severe, take(severe, 0), 10)
    assert "break" in str(said["none"]["reason"]) and said["none"]["when"] == at(15).isoformat()
    assert "none" in take(severe, 14)
    assert take(severe, 15)["care"]["dose_left_s"] == 600


def test_the_dose_is_of_the_day_and_comes_back_a_day_later(severe: Hall) -> None:
    """Six times ten minutes with breaks of six: the seventh finds nothing; 24 hours after the first, ten minutes."""
    for n in range(6):
        answer(severe, take(severe, 16 * n), 16 * n + 10)
    assert "none" in take(severe, 200) and "none" in take(severe, 24 * 60 + 9)
    assert take(severe, 24 * 60 + 11)["care"]["dose_left_s"] == 600


def test_the_dose_holds_over_projects(severe: Hall) -> None:
    """Ten minutes in one project are ten minutes in the other."""
    second = another(severe, "second", warnings=["abuse", "self_harm"])
    care.choose(severe.people[0], ["self_harm", "abuse"], NOW)
    answer(severe, take(severe, 0), 10)
    assert "none" in take(second, 10) and "lease" in take(second, 15)


def test_two_screens_are_not_two_doses(severe: Hall) -> None:
    """A second tab shows the same task and the same time; another project's waits until the first is finished."""
    second = another(severe, "second", warnings=["self_harm"])
    first = take(severe, 0)
    again = take(severe, 3)
    assert again["lease"]["token"] == first["lease"]["token"] and again["care"]["dose_left_s"] == 420
    assert "one at a time" in str(take(second, 4)["none"]["reason"])
    actions.skip(severe.people[0], first["lease"]["token"], "skip-00001", "distressing", "", at(4))
    assert take(second, 4)["care"]["dose_left_s"] == 360


def test_the_api_withholds_content_when_the_time_is_up_and_takes_the_answer(severe: Hall) -> None:
    task = take(severe, 0)
    empty = take(severe, 10)
    assert empty["care"]["dose_left_s"] == 0 and empty["item"]["messages"] == []
    assert {r["text"] for r in empty["responses"]} == {""}
    answer(severe, task, 11)
    assert Judgment.objects.count() == 1


def test_giving_tasks_back_or_letting_them_expire_gives_no_time_back(severe: Hall) -> None:
    """Each lease that ran out unheard of counts as ten minutes; six of them are the day."""
    for n in range(6):
        take(severe, 40 * n)
        assert claiming.reclaim(at(40 * n + 31)) == 1
    assert "none" in take(severe, 250)
    assert sum(x.ms for x in Exposure.objects.all()) == 0  # nothing was heard of any; the silence counts


def test_a_taken_back_answer_goes_on_counting(severe: Hall) -> None:
    task = take(severe, 0)
    done = actions.submit(severe.people[0], task["lease"]["token"], "key-000001", FIRST, "", {}, at(4))
    again = actions.undo(severe.people[0], done.judgment.pk, "undo-00001", at(4.1))
    assert again["care"]["dose_left_s"] == 360  # 600 - 240: the next task was handed out and not shown


def test_a_server_clock_set_back_gives_no_time_back(severe: Hall) -> None:
    answer(severe, take(severe, 0), 9)
    assert take(severe, -60)["care"]["dose_left_s"] <= 60


def test_drafts_count_as_they_come(severe: Hall) -> None:
    task = take(severe, 0)
    for minute in (3, 6, 9):
        actions.save_draft(severe.people[0], task["lease"]["token"], minute // 3 - 1, FIRST, "", at(minute))
    assert take(severe, 9)["care"]["dose_left_s"] == 60


def test_a_task_without_such_content_ends_a_stretch(severe: Hall) -> None:
    benign = another(severe, "benign")
    answer(severe, take(severe, 0), 10)
    assert "none" in take(severe, 10)
    answer(benign, take(benign, 10), 11)
    assert take(severe, 11)["care"]["dose_left_s"] == 600


def test_in_a_mixed_project_a_task_without_such_content_comes_instead(make_hall: Callable[..., Hall]) -> None:
    hall = make_hall(items=3, warnings=["self_harm"])
    load(hall.project, 1, classes=("none",))
    care.choose(hall.people[0], ["self_harm"], NOW)
    benign = answer(hall, take(hall, 0), 10)
    assert benign["care"] is None and benign["item"]["id"] == "answers-0"
    assert Slot.objects.filter(state=Slot.LEASED).count() == 1  # those passed over wait for others
    assert answer(hall, benign, 11)["care"]["dose_left_s"] == 600


def test_leaving_is_paid_enters_no_score_and_hands_out_nothing_more(severe: Hall) -> None:
    task, user = take(severe, 0), severe.people[0]
    due, following = actions.skip(user, task["lease"]["token"], "skip-00001", "distressing", "", at(0.5))
    assert due == 13 and following is not None and "none" in following
    assert severe.seat().done == 0 and queries.corpus_of(severe.project).judgments == ()
    assert pay.earnings(user)["EUR"]["minor"] == 13
    assert Exposure.objects.get().open is False
    assert take(severe, 1)["item"]["id"] == "item-1"


def test_what_is_switched_off_is_not_shown_again(severe: Hall) -> None:
    take(severe, 0)
    care.choose(severe.people[0], [], at(1))
    again = take(severe, 2)
    assert again["item"]["messages"] == [] and again["care"]["dose_left_s"] == 0
    assert Audit.objects.filter(verb="chose_content", project=None).count() == 2


def test_one_persons_dose_is_not_anothers(severe: Hall) -> None:
    answer(severe, take(severe, 0), 10)
    care.choose(severe.people[1], ["self_harm"], NOW)
    assert take(severe, 10, person=1)["care"]["dose_left_s"] == 600
    assert User.objects.filter(pk__in=Exposure.objects.values("user")).count() == 2


def test_the_content_leaves_the_server_only_when_it_is_asked_for(severe: Hall) -> None:
    """Neither prompt nor responses are in the task, on any way to it; asking starts the clock, hiding stops it."""
    task = actions.take(severe.seat(), NOW) or {}
    token, empty = task["lease"]["token"], ([], {}, {""})

    def holds(task: dict[str, Any]) -> tuple[Any, ...]:
        return task["item"]["messages"], task["item"]["payload"], {r["text"] for r in task["responses"]}

    assert holds(task) == empty and Exposure.objects.count() == 0
    assert holds(actions.take(severe.seat(), at(60)) or {}) == empty and Exposure.objects.count() == 0
    seen = actions.reveal(severe.people[0], token, at(60))
    assert seen["item"]["messages"] and all(r["text"] for r in seen["responses"]) and seen["care"]["dose_left_s"] == 600
    hidden = actions.reveal(severe.people[0], token, at(62), shown=False)
    assert hidden["care"]["dose_left_s"] == 480 and "item" not in hidden
    assert actions.reveal(severe.people[0], token, at(64))["care"]["dose_left_s"] == 480
    assert holds(actions.take(severe.seat(), at(64)) or {}) == empty
    done = actions.submit(severe.people[0], token, "key-000001", FIRST, "", {}, at(65))
    assert done.next is not None and holds(done.next) == empty


def test_what_was_not_looked_at_cannot_be_judged_only_left(severe: Hall) -> None:
    task = actions.take(severe.seat(), NOW) or {}
    token = task["lease"]["token"]
    with pytest.raises(Unprocessable, match="not looked at"):
        actions.submit(severe.people[0], token, "key-000001", FIRST, "", {}, at(1))
    assert actions.submit(severe.people[0], token, "key-000002", {"type": "cannot_rate", "why": ""}, "", {}, at(1))


def test_when_the_time_is_up_it_is_not_shown_again(severe: Hall) -> None:
    token = take(severe, 0)["lease"]["token"]
    with pytest.raises(TooMuch, match="used up"):
        actions.reveal(severe.people[0], token, at(11))


def test_somebody_elses_task_is_not_shown(severe: Hall) -> None:
    token = take(severe, 0)["lease"]["token"]
    with pytest.raises(Http404):
        actions.reveal(severe.people[1], token, at(1))


@pytest.mark.parametrize("hours", [25, -25, 24 * 400])
def test_a_server_clock_that_is_set_changes_no_dose(severe: Hall, hours: int) -> None:
    """540 of 600 s are used when the clock is set a day ahead, a day back, or a year ahead: 60 s are left all the same.

    Setting it is the same to us as having had it stand the other way against the steady clock before.
    """
    answer(severe, take(severe, 0), 9)
    Anchor.objects.update(offset_s=F("offset_s") - 3600 * hours)
    assert 59 <= take(severe, 9 + 60 * hours)["care"]["dose_left_s"] <= 60


def test_a_clock_that_is_only_kept_in_step_counts_as_it_is(severe: Hall) -> None:
    take(severe, 0)
    Anchor.objects.update(offset_s=F("offset_s") - 2)
    assert clock.steady(NOW) == NOW


def test_the_door_shows_hides_and_says_why_not(severe: Hall, client: Any) -> None:
    client.force_login(severe.people[0])
    task = client.get(f"/api/work/next?project={severe.project.pk}").json()
    assert {r["html"] for r in task["responses"]} == {""} and task["item"]["messages"] == []
    page = client.get(f"/work/{severe.project.pk}/").content.decode()
    within = json.loads(page.partition('<script id="task" type="application/json">')[2].partition("</script>")[0])
    assert {r["text"] for r in within["responses"]} == {""} and within["item"]["messages"] == []
    body = {"token": task["lease"]["token"]}
    shown = client.post("/api/work/reveal", body, content_type="application/json").json()
    assert shown["item"]["messages"] and shown["care"]["dose_left_s"] == 600
    care.choose(severe.people[0], [], timezone.now())
    refused = client.post("/api/work/reveal", body, content_type="application/json")
    assert refused.status_code == 429 and "safe" in refused.json()
