"""Runs of recipes from the browser: launched with their line named, paused, waiting for people, and never twice."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.web.halls import Hall, a_hall

from tutelage import kinds
from tutelage.errors import BadInput
from tutelage.pipeline import driver
from tutelage.records import Item as Record
from tutelage.records import Judgment as Said
from tutelage.records import Response, assistant, encode, jsonl, user
from tutelage.store import write_json
from tutelage.web.proof.models import Audit
from tutelage.web.runs import launching, loop_rules, loops, running
from tutelage.web.runs.forms import DEFAULTS
from tutelage.web.runs.models import Delivery, Loop, Webhook
from tutelage.web.shared.refusals import Refused
from tutelage.web.work import actions as work
from tutelage.web.work import slices
from tutelage.web.work.models import Item, Slot

pytestmark = pytest.mark.django_db
FORM = {"name": "first", "base": "local:smollm2", "source": "platform", "topics": 4, "answers": 2, "per_item": 2,
        "reward": "head"}  # fmt: skip
CRITERIA = loop_rules.starter_criteria()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings: Any) -> Path:
    """A data directory of one's own: rows are undone after a test, directories are not."""
    settings.HALL = tmp_path
    return tmp_path


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Attempts that a worker would have started a process for; the end-to-end test starts real ones."""
    found: list[int] = []
    monkeypatch.setattr(running, "_start", lambda row, place, handle: found.append(row.attempt))
    return found


def recipe(**change: Any) -> str:
    return loop_rules.template({**DEFAULTS, **FORM, "control": False, **change})


def launched(hall: Hall, **change: Any) -> Loop:
    return launching.launch(hall.owner, hall.project, recipe(**change), CRITERIA, timezone.now())


def ended(loop: Loop, how: str, **said: Any) -> Path:
    """What the process of this attempt would have left."""
    loop.refresh_from_db()
    write_json(loops.folder(loop) / driver.ENDED, {"attempt": loop.attempt, "how": how, **said})
    return loops.folder(loop)


def tended(loop: Loop, later_s: float = 0) -> Loop:
    running.tend(timezone.now() + timedelta(seconds=later_s))
    loop.refresh_from_db()
    return loop


def request_of(loop: Loop, items: int = 3, each: int = 2) -> None:
    """The request of a run that waits: so many pairs."""
    said = [Response(f"r{n}{k}", assistant(f"Answer {k} to {n}.")) for n in range(items) for k in range(2)]
    asked = [Record(f"i{n}", "ranking", user(f"Question {n}?"), responses=(f"r{n}0", f"r{n}1")) for n in range(items)]
    request = {"items": encode(asked), "responses": encode(said), "per_item": each, "guideline": "Be kind."}
    write_json(loops.folder(loop) / running.REQUEST, request)


def waiting(hall: Hall, **change: Any) -> Loop:
    loop = tended(launched(hall, **change))
    request_of(loop)
    ended(loop, "waiting")
    return tended(loop)


def judge(hall: Hall, number: int, tasks: int) -> None:
    """Somebody prefers the second of so many pairs."""
    for _ in range(tasks):
        seat, now = hall.seat(number), timezone.now()
        task = work.take(seat, now)
        assert task is not None
        answer = {"type": "prefer", "winner": "second", "strength": 2}
        token = task["lease"]["token"]
        work.submit(seat.user, token, f"key-{token}", answer, "", {"active_ms": 900}, now)


def signed_in(who: Any) -> Client:
    client = Client()
    client.force_login(who, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def empty() -> Hall:
    return a_hall(items=0)


def test_the_template_makes_a_recipe_that_can_be_run(empty: Hall) -> None:
    found = launching.check(empty.project, recipe(), CRITERIA)
    assert (found.sample.n, found.judgments.per_item, found.prompts.topics) == (2, 2, 4)


@pytest.mark.parametrize(
    ("text", "line", "seen"),
    [('name = "x"\n[prompts]\ntasks = "/etc/passwd"\n', 3, "prompts.tasks"),
     ('name = "x"\nbase = "endpoint:http://10.0.0.1#m"\n', 2, "base is"),
     ('name = "x"\n[judgments]\n\nsource = "file:/root"\n', 4, "judgments.source"),
     ('name = "x"\n[demonstrations]\nsource = "/tmp"\n', 3, "demonstrations.source"),
     ('name = "x"\ngate = "/etc/criteria.toml"\n', 2, "gate is"),
     ('name = "x"\n[judgments]\nsource = "platform"\n', None, "cannot be put as a pair"),
     ('name = "x"\n[sample]\nn = 99\n', 3, "less than or equal"), ("[", 1, "not TOML")],
)  # fmt: skip
def test_a_recipe_that_reaches_for_files_or_addresses_is_refused_by_its_line(
    empty: Hall, text: str, line: int | None, seen: str
) -> None:
    with pytest.raises(BadInput, match=seen) as told:
        launching.check(empty.project, text, CRITERIA)
    assert told.value.where.line == line


def test_criteria_that_are_wrong_name_their_line(empty: Hall) -> None:
    good = '[[criteria]]\nmetric = "a"\nside = "at_most"\nbound = 1\n'
    text = good + good.replace('"a"', '"b"').replace("at_most", "beside")
    with pytest.raises(BadInput) as told:
        launching.check(empty.project, recipe(), text)
    assert (told.value.where.file, told.value.where.line) == ("criteria.toml", 7)


def test_a_project_of_another_kind_may_only_rehearse() -> None:
    hall = a_hall(items=0, kind="rating")
    with pytest.raises(BadInput, match="asks for a rating"):
        launching.check(hall.project, recipe(), CRITERIA)
    launching.check(hall.project, recipe(source="simulated"), CRITERIA)


def test_names_with_quotes_stay_names(empty: Hall) -> None:
    assert launching.check(empty.project, recipe(name='a "b" \\ \n[x]'), CRITERIA).name == 'a "b" \\ [x]'


def test_from_the_form_to_a_run_and_by_the_recipe(empty: Hall) -> None:
    client, where = signed_in(empty.owner), f"/projects/{empty.project.pk}/runs/"
    shown = client.post(where, {**FORM, "do": "edit"}).content.decode()
    assert "per_item = 2" in shown and not Loop.objects.exists()
    said = {"recipe": recipe().replace("n = 2", "n = 1", 1), "criteria": CRITERIA, "do": "check"}
    answer = client.post(f"{where}new/", said)
    assert answer.status_code == 422 and "line 13" in answer.content.decode(), answer.content.decode()
    assert "can be run as they stand" in client.post(f"{where}new/", {**said, "recipe": recipe()}).content.decode()
    answer = client.post(where, {**FORM, "do": "launch"})
    assert answer.status_code == 302 and answer["Location"] == f"{where}1/"
    page = client.get(answer["Location"]).content.decode()
    assert "waits for its turn" in page and "data-poll" in page
    assert Audit.objects.filter(verb="launched", what="run").count() == 1


def test_a_worker_starts_one_run_at_a_time_the_oldest_first(empty: Hall, started: list[int]) -> None:
    one, two = launched(empty), launched(empty, name="second")
    taken = os.open(loops.folder(one) / loops.LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(taken, fcntl.LOCK_EX)
    running.tend(timezone.now())
    assert started == [], "the first is driven by somebody, and there is room for one"
    os.close(taken)
    ended(one, "done", outcome="fail")
    running.tend(timezone.now())
    assert started == [1] and Loop.objects.get(pk=two.pk).tries == 1


def test_two_workers_never_drive_the_same_run(empty: Hall, started: list[int]) -> None:
    """The process holds the lock of the directory; another worker's look starts nothing and changes nothing."""
    loop = launched(empty)
    taken = os.open(loops.folder(loop) / loops.LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(taken, fcntl.LOCK_EX)
    for _ in range(3):
        running.tend(timezone.now())
    assert started == []
    os.close(taken)
    running.tend(timezone.now())
    assert started == [1]


def test_a_run_whose_process_dies_again_and_again_without_a_word_stops_and_says_so(
    empty: Hall, started: list[int]
) -> None:
    loop = launched(empty)
    for _ in range(4):
        tended(loop)
    assert len(started) == 3 and loop.state == "failed" and "without a word" in loop.error["seen"]
    launching.resume(empty.owner, loop, timezone.now())
    assert tended(loop).state == "working" and started[-1] == 2


def test_a_process_that_got_further_before_it_died_may_try_again(empty: Hall, started: list[int]) -> None:
    """One more step each time: six starts, and it still goes on."""
    loop = launched(empty)
    for done in range(6):
        steps = [{"name": str(n), "state": "done" if n < done else "todo"} for n in range(9)]
        write_json(loops.folder(loop) / driver.PROGRESS, {"attempt": 1, "steps": steps, "share": done / 9})
        tended(loop)
    assert loop.state == "working" and len(started) == 6


def test_pausing_waits_for_the_step_and_stopping_does_not(empty: Hall) -> None:
    loop = tended(launched(empty))
    place = loops.folder(loop)
    launching.pause(empty.owner, loop, timezone.now())
    assert driver.wish(place) == "pause"
    loop.refresh_from_db()
    launching.stop(empty.owner, loop, timezone.now())
    assert driver.wish(place) == "stop"
    ended(loop, "stopped")
    assert tended(loop).state == "paused" and loop.wish == ""
    launching.resume(empty.owner, loop, timezone.now())
    loop.refresh_from_db()
    assert (loop.state, loop.attempt) == ("working", 2)
    with pytest.raises(Refused, match="under way"):
        launching.resume(empty.owner, loop, timezone.now())
    assert list(Audit.objects.filter(what="run").order_by("pk").values_list("verb", flat=True)) == [
        "launched", "paused", "stopped", "resumed"]  # fmt: skip


def test_a_wish_that_only_reached_the_row_reaches_the_process_by_the_worker(empty: Hall) -> None:
    loop = launched(empty)
    Loop.objects.update(wish="pause")
    taken = os.open(loops.folder(loop) / loops.LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(taken, fcntl.LOCK_EX)
    running.tend(timezone.now())
    assert driver.wish(loops.folder(loop)) == "pause"
    os.close(taken)


def test_items_of_a_waiting_run_go_into_the_queue_and_come_back_as_rankings_under_pseudonyms(empty: Hall) -> None:
    """Three pairs for two people: six tasks. Both prefer the second: ranks 2, 1. Ten seconds are left for undoing."""
    loop = waiting(empty)
    assert (loop.state, loop.needed, loop.given) == ("waiting", 6, 0)
    assert Slot.objects.count() == 6 and {i.needed for i in Item.objects.all()} == {2}
    judge(empty, 0, 3)
    assert tended(loop).given == 3
    page = signed_in(empty.owner).get(f"/projects/{empty.project.pk}/runs/1/").content.decode()
    assert "3 of 6 judgments" in page and "waiting for people" in page
    judge(empty, 1, 3)
    assert tended(loop).state == "waiting", "the last may still be undone"
    assert tended(loop, 11).state == "working" and loop.attempt == 2
    people = loops.folder(loop) / "people"
    given = list(jsonl.read(people / "judgments.jsonl", Said))
    assert {j.item_id for j in given} == {"i0", "i1", "i2"} and len(given) == 6
    assert all(j.answer == {"type": "ranking", "ranks": [2, 1]} for j in given)
    assert {j.judge_id for j in given} == {empty.seat(n).nym for n in (0, 1)}
    text = (people / "judges.jsonl").read_text()
    assert '"person"' in text and str(empty.people[0].pk) not in text
    assert kinds.get("ranking").name == "ranking"


def test_asking_again_after_a_crash_asks_nobody_twice(empty: Hall) -> None:
    loop = waiting(empty)
    Loop.objects.update(state="working", attempt=loop.attempt)
    assert tended(loop).state == "waiting" and Slot.objects.count() == 6


def test_the_owner_may_go_on_with_what_there_is_and_free_tasks_are_taken_back(empty: Hall) -> None:
    loop = waiting(empty)
    with pytest.raises(Refused, match="Nobody has judged"):
        launching.go_on(empty.owner, loop, timezone.now())
    judge(empty, 0, 2)
    loop = launching.go_on(empty.owner, tended(loop), timezone.now())
    assert tended(loop, 11).state == "working"
    assert sorted(Slot.objects.values_list("state", flat=True)) == sorted(
        [Slot.DONE] * 2 + [Slot.CLOSED] * 3 + [Slot.LEASED]
    ), "what somebody holds stays theirs, and is paid"
    assert len(list(jsonl.read(loops.folder(loop) / "people" / "judgments.jsonl", Said))) == 2


def test_a_cancelled_run_takes_its_tasks_back_and_nothing_wakes_it(empty: Hall, started: list[int]) -> None:
    loop = waiting(empty)
    launching.cancel(empty.owner, loop, timezone.now())
    assert Slot.objects.filter(state=Slot.FREE).count() == 0
    before = len(started)
    assert tended(loop, 60).state == "cancelled" and len(started) == before
    with pytest.raises(Refused, match="cancelled"):
        launching.resume(empty.owner, loop, timezone.now())


def test_a_slice_that_is_done_reopens_nothing_of_a_cancelled_run_and_none_is_drawn_from_it(empty: Hall) -> None:
    """Of 3 items with 2 tasks each one is the slice: 2 free, 4 held back. Cancelled: 6 closed, and so they stay."""
    loop = waiting(empty)
    slices.queue(empty.project, [Item.objects.order_by("pk")[0].name], 2, alone=True)
    states = Slot.objects.order_by("state").values_list("state", flat=True)
    assert list(states) == [Slot.FREE] * 2 + [Slot.HELD] * 4
    launching.cancel(empty.owner, loop, timezone.now())
    assert slices.reopen(empty.project) == 0
    assert list(states.all()) == [Slot.CLOSED] * 6
    assert slices.unjudged(empty.project) == {}, "nobody can be asked about them any more"


def test_pausing_while_people_are_asked_lets_them_answer_and_goes_on_later(empty: Hall) -> None:
    loop = waiting(empty)
    launching.pause(empty.owner, loop, timezone.now())
    judge(empty, 0, 3)
    judge(empty, 1, 3)
    assert tended(loop, 60).state == "paused"
    launching.resume(empty.owner, loop, timezone.now())
    ended(loop, "waiting")
    assert tended(loop).given == 6
    assert tended(loop, 20).state == "working" and loop.attempt == 3


def test_a_failed_step_is_shown_with_what_to_do_and_a_button(empty: Hall) -> None:
    loop = tended(launched(empty))
    ended(loop, "failed", seen="Too few pairs.", expected="ten", remedy="Ask more people.")
    tended(loop)
    page = signed_in(empty.owner).get(f"/projects/{empty.project.pk}/runs/1/").content.decode()
    assert "Too few pairs." in page and "Expected: ten." in page and "Try again" in page
    answer = signed_in(empty.owner).post(f"/projects/{empty.project.pk}/runs/1/do/resume/")
    assert answer.status_code == 302 and tended(loop).attempt == 2


def test_whoever_listens_is_told_of_waiting_and_of_the_end(empty: Hall) -> None:
    Webhook.objects.create(project=empty.project, url="https://x.test", secret=b"", at=timezone.now(),
                           events=["run.waiting", "run.done"])  # fmt: skip
    loop = waiting(empty)
    Loop.objects.update(state="working")
    ended(loop, "done", outcome="fail")
    tended(loop)
    assert list(Delivery.objects.order_by("pk").values_list("event", flat=True)) == ["run.waiting", "run.done"]


@pytest.mark.parametrize("role", ["auditor", "contributor"])
def test_an_auditor_reads_and_changes_nothing_and_a_contributor_sees_nothing(empty: Hall, role: str) -> None:
    from tutelage.web.projects.models import Role

    loop, who = launched(empty), empty.people[0]
    Role.objects.filter(user=who).update(name=role)
    client, where = signed_in(who), f"/projects/{empty.project.pk}/runs/"
    sees = 200 if role == "auditor" else 404
    assert client.get(where).status_code == client.get(f"{where}1/").status_code == sees
    for path, body in ((where, {**FORM, "do": "launch"}), (f"{where}1/do/cancel/", {}), (f"{where}new/", {})):
        assert client.post(path, body).status_code == 404
    assert client.get(f"/api{where[:-1]}").status_code == sees
    assert client.post(f"/api{where}1/pause").status_code in (403, 404)
    loop.refresh_from_db()
    assert loop.state == "working" and Loop.objects.count() == 1


@pytest.mark.parametrize("path", ["runs/", "runs/1/"])
def test_a_page_asks_the_database_as_often_for_one_run_as_for_three(empty: Hall, path: str) -> None:
    client, counts = signed_in(empty.owner), []
    for more in (1, 2):
        for n in range(more):
            launched(empty, name=f"{more}-{n}")
        client.get(f"/projects/{empty.project.pk}/{path}")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(f"/projects/{empty.project.pk}/{path}").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1], counts


def test_by_machine_a_run_is_launched_once_a_key_looked_at_paused_and_ended(empty: Hall) -> None:
    client, where = signed_in(empty.owner), f"/api/projects/{empty.project.pk}/runs"
    body = json.dumps({"recipe": recipe(), "key": "one-run-please"})
    first, again = (client.post(where, body, content_type="application/json") for _ in range(2))
    assert (first.status_code, first.json()["number"]) == (201, 1) and again.json()["number"] == 1
    wrong = client.post(where, json.dumps({"recipe": "name = 1"}), content_type="application/json")
    assert wrong.status_code == 422 and wrong.json()["seen"].startswith("recipe.toml:1 field `name`: ")
    assert client.get(where).json()[0]["state"] == "working"
    assert client.post(f"{where}/1/pause").json()["wish"] == "pause"
    assert client.post(f"{where}/1/resume").status_code == 409
    assert client.post(f"{where}/1/go-on").status_code == 409
    assert client.get(f"{where}/1").json()["steps"] == []
    assert client.get(f"{where}/1/gate").status_code == 404
    assert client.post(f"{where}/1/cancel").json()["state"] == "cancelled"


def test_a_run_whose_directory_is_gone_says_so_and_nothing_breaks(hall: Hall) -> None:
    """On a page of its own, of every address of the run: gone (410), never an error of ours."""
    loop = launched(hall)
    shutil.rmtree(loops.folder(loop))
    client = Client()
    client.force_login(hall.owner)
    where = f"/projects/{hall.project.pk}/runs/{loop.number}/"
    for place in ("", "?part=state", "?part=acts", "report/", "gate/", "gate/sign/"):
        answer = client.get(where + place)
        assert answer.status_code == 410 and b"The directory of this run is gone" in answer.content, place
    assert client.post(where + "do/pause/").status_code == 410
    assert client.get(f"/projects/{hall.project.pk}/runs/").status_code == 200
