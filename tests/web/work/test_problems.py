"""A problem is tried by the current model while it is written, stands on one side, and is live once peers agree."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tutelage.kinds.solving import pass_rate
from tutelage.records import Scored, decode, encode
from tutelage.records.figures import Figure
from tutelage.web.projects.queries import tasks_left
from tutelage.web.review.models import Case
from tutelage.web.shared.refusals import Refused, TooMuch, Unprocessable
from tutelage.web.work import actions, problems, queries
from tutelage.web.work.models import Item, Judgment, Problem, Prompt, Slot

NOW = timezone.now()
WRITTEN: dict[str, Any] = {
    "type": "problem", "prompt": [{"role": "user", "text": "What is 3 + 4?"}], "answer": "7",
    "solution": "3 and 4 make 7.", "grader": {"name": "number", "parameters": {}}, "use": "training",
    "check": {"type": "scored", "value": 1},
}  # fmt: skip


class _Model(BaseHTTPRequestHandler):
    """Answers right, wrong, right …"""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = [{"message": {"content": f"The answer is {7 + n % 2}."}, "finish_reason": "stop"}
                for n in range(asked.get("n", 1))]  # fmt: skip
        body = json.dumps({"choices": said, "usage": {"completion_tokens": 5}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a model that this installation has, behind HTTP."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("TUTELAGE_MODELS", f"half=endpoint:http://127.0.0.1:{server.server_port}/v1#half")
    yield "half"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bench(make_hall: Callable[..., Any]) -> Any:
    """Two problems to write, four people."""
    return make_hall(kind="problem", items=2, people=4)


def take(hall: Any, person: int = 0) -> dict[str, Any]:
    return actions.take(hall.seat(person), NOW) or queries.NOTHING


def give(hall: Any, person: int, answer: dict[str, Any], task: dict[str, Any] | None = None) -> Any:
    task = task or take(hall, person)
    token = task["lease"]["token"]
    return actions.submit(hall.people[person], token, f"key-{token}", answer, "", {}, NOW + timedelta(seconds=20))


def solve(judgment: Judgment, answer: str) -> dict[str, Any]:
    return {"type": "solve", "problem": str(judgment.pk), "answer": answer}


def solving(hall: Any, person: int) -> dict[str, Any]:
    """The first task of a person in which something is to be solved; what is to be written they skip."""
    task = take(hall, person)
    while not task["item"]["payload"].get("solving"):
        _, following = actions.skip(hall.people[person], task["lease"]["token"], f"skip-{task['lease']['token']}",
                                    "other", "", NOW)  # fmt: skip
        assert following is not None
        task = following
    return task


def test_without_a_model_the_grader_alone_is_asked_and_says_so(bench: Any) -> None:
    found = actions.try_out(bench.people[0], take(bench)["lease"]["token"], WRITTEN, NOW)
    assert isinstance(found.check, Scored) and found.check.value == 1
    assert not found.grades and "No model is set" in found.why


def test_the_current_model_tries_it_and_its_pass_rate_has_an_interval(bench: Any, model: str) -> None:
    """Answers alternate: of 5 the first, third and fifth are right, 3 of 5."""
    type(bench.project).objects.update(model=model)
    token = take(bench)["lease"]["token"]
    found = actions.try_out(bench.people[0], token, WRITTEN, NOW)
    assert (found.rate.k, found.rate.n) == (3, 5) and found.rate.lo < 0.6 < found.rate.hi
    row = give(bench, 0, WRITTEN).judgment
    assert decode(Figure, row.conditions["pass_rate"]) == pass_rate(found.grades)
    assert row.conditions["tried_by"] == model
    record = queries.record_of(Judgment.objects.select_related("item__body", "guideline").get(pk=row.pk))
    assert record.conditions["pass_rate"] == row.conditions["pass_rate"]


def test_tries_of_an_earlier_wording_say_nothing_of_this_one(bench: Any, model: str) -> None:
    type(bench.project).objects.update(model=model)
    token = take(bench)["lease"]["token"]
    actions.try_out(bench.people[0], token, WRITTEN, NOW)
    other = {**WRITTEN, "prompt": [{"role": "user", "text": "What is 4 + 3?"}]}
    assert "pass_rate" not in give(bench, 0, other).judgment.conditions


def test_a_model_that_is_gone_does_not_stop_the_author(bench: Any) -> None:
    type(bench.project).objects.update(model="nowhere")
    found = actions.try_out(bench.people[0], take(bench)["lease"]["token"], WRITTEN, NOW)
    assert found.grades == () and "could not be asked" in found.why


def test_trials_of_one_task_end(bench: Any) -> None:
    token = take(bench)["lease"]["token"]
    for _ in range(problems.MOST_TRIALS):
        actions.try_out(bench.people[0], token, WRITTEN, NOW)
    with pytest.raises(TooMuch):
        actions.try_out(bench.people[0], token, WRITTEN, NOW)


def test_only_a_problem_being_written_can_be_tried(hall: Any) -> None:
    task = actions.take(hall.seat(), NOW)
    assert task is not None
    with pytest.raises(Refused, match="no problem to try"):
        actions.try_out(hall.people[0], task["lease"]["token"], WRITTEN, NOW)


def test_the_grader_is_asked_again_whatever_the_browser_says(bench: Any) -> None:
    wrong = {**WRITTEN, "grader": {"name": "number", "parameters": {}}, "answer": "seven-ish"}
    with pytest.raises(Unprocessable, match="does not pass"):
        give(bench, 0, wrong)
    assert Judgment.objects.count() == 0


def test_a_problem_asks_two_others_who_see_nothing_but_its_prompt(bench: Any) -> None:
    """2 problems to write and 2 solves of each make 6 wanted; the author is never asked to solve their own."""
    assert tasks_left(bench.project) == 6 and Slot.objects.filter(state=Slot.FREE).count() == 2
    made = give(bench, 0, WRITTEN)
    assert Slot.objects.filter(about=made.judgment, state=Slot.FREE).count() == 2
    assert made.next is not None and made.next["item"]["payload"].get("solving") is None
    task = solving(bench, 1)
    assert task["item"]["payload"] == {"solving": str(made.judgment.pk)}
    assert [m["text"] for m in task["item"]["messages"]] == ["What is 3 + 4?"]
    assert "3 and 4 make 7" not in json.dumps(task) and "training" not in json.dumps(task)
    queue = made.next
    while queue is not None:
        assert not queue["item"]["payload"].get("solving")
        queue = actions.skip(bench.people[0], queue["lease"]["token"], f"skip-{queue['lease']['token']}", "other", "",
                             NOW)[1]  # fmt: skip


def test_it_is_live_once_two_blind_solves_agree(bench: Any) -> None:
    made = give(bench, 0, WRITTEN).judgment
    first = give(bench, 1, solve(made, "7"), solving(bench, 1)).judgment
    assert first.conditions["grade"]["value"] == 1
    assert Problem.objects.get().state == "open"
    give(bench, 2, solve(made, "It is 7."), solving(bench, 2))
    assert Problem.objects.get().state == "live" and Case.objects.count() == 0
    assert Item.objects.get(name="item-0").given == 3 == Item.objects.get(name="item-0").needed


def test_solves_that_disagree_go_to_an_adjudicator_once(bench: Any) -> None:
    made = give(bench, 0, WRITTEN).judgment
    give(bench, 1, solve(made, "7"), solving(bench, 1))
    give(bench, 2, solve(made, "12"), solving(bench, 2))
    assert Problem.objects.get().state == "disputed"
    case = Case.objects.get()
    assert case.judgment == made and case.why == "solves" and case.closed_at is None


def test_a_problem_taken_back_is_off_its_side_and_its_solves_are_out_of_the_queue(bench: Any) -> None:
    made = give(bench, 0, WRITTEN).judgment
    again = actions.undo(bench.people[0], made.pk, "undo-0000001", NOW + timedelta(seconds=25))
    assert Problem.objects.count() == Prompt.objects.count() == 0
    assert Slot.objects.filter(state=Slot.FREE, about__isnull=False).count() == 0
    second = give(bench, 0, {**WRITTEN, "use": "held_out"}, again).judgment
    assert Slot.objects.filter(about=second, state=Slot.FREE).count() == 2
    assert Item.objects.get(name="item-0").needed == 3


def test_solves_of_an_earlier_wording_are_asked_for_anew(bench: Any) -> None:
    """One of two solves is in when the author is asked again: two new ones are wanted, one of them in a new place."""
    made = give(bench, 0, WRITTEN).judgment
    give(bench, 1, solve(made, "7"), solving(bench, 1))
    task = actions.reopen(bench.people[0], made, "reopened-token-1", NOW)
    second = give(bench, 0, {**WRITTEN, "prompt": [{"role": "user", "text": "What is 5 + 2?"}]}, task).judgment
    assert second.supersedes == made and Problem.objects.get().judgment == second
    assert Slot.objects.filter(about=second, state=Slot.FREE).count() == 2
    assert Item.objects.get(name="item-0").needed == 4


def test_the_same_words_are_written_once_in_a_project(bench: Any) -> None:
    second = give(bench, 0, WRITTEN).next
    same = {**WRITTEN, "prompt": [{"role": "user", "text": "  WHAT is 3 +  4?"}]}
    with pytest.raises(Unprocessable, match="written here before"):
        give(bench, 0, same, second)


def test_a_prompt_stands_on_one_side_in_a_whole_organisation(bench: Any) -> None:
    """Whatever our own checks do: the database has one row for each prompt, and its use is either, never both."""
    give(bench, 0, WRITTEN)
    row = Prompt.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Prompt.objects.create(organisation_id=row.organisation_id, key=row.key, use="held_out")
    with pytest.raises(IntegrityError), transaction.atomic():
        Prompt.objects.filter(pk=row.pk).update(use="both")
    with pytest.raises(IntegrityError), transaction.atomic():
        Problem.objects.create(project=bench.project, prompt=row, judgment=Judgment.objects.get())


def test_the_door_gives_the_grade_and_the_tries(bench: Any, model: str, client: Any) -> None:
    type(bench.project).objects.update(model=model)
    client.force_login(bench.people[0])
    body = {"token": take(bench)["lease"]["token"], "answer": WRITTEN}
    said = client.post("/api/work/try", json.dumps(body), content_type="application/json").json()
    assert said["check"]["value"] == 1 and (said["tries"]["passed"], said["tries"]["of"]) == (3, 5)
    assert said["tries"]["lo"] < 0.6 < said["tries"]["hi"]
    assert [r["grade"]["value"] for r in said["tries"]["results"]] == [1, 0, 1, 0, 1]
    assert said["tries"]["pass_rate"] == encode(decode(Figure, said["tries"]["pass_rate"]))
    broken = {**body, "answer": {**WRITTEN, "grader": {"name": "nobody", "parameters": {}}}}
    refused = client.post("/api/work/try", json.dumps(broken), content_type="application/json")
    assert refused.status_code == 422 and "nobody" in refused.json()["seen"]
