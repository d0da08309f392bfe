"""Files go in and come out: what was understood is said first, and an interruption costs nothing."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.web.halls import Hall, a_hall

from tutelage.errors import BadInput
from tutelage.formats.importers.judgments import judgment_rows
from tutelage.records import encode
from tutelage.web.pay.models import Transfer
from tutelage.web.proof import actions as proof
from tutelage.web.proof.models import Leaf
from tutelage.web.review import actions as review
from tutelage.web.review.models import Case, Ruling
from tutelage.web.runs import actions, exporting, importing, queries
from tutelage.web.runs.models import Job, Outside
from tutelage.web.work import actions as work
from tutelage.web.work.models import Item, ItemBody, Judgment, Slot

pytestmark = pytest.mark.django_db
ROWS = [{"prompt": f"Question {n}?", "response_a": "Yes.", "response_b": f"No, {n}."} for n in range(5)]


def as_lines(rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(r) for r in rows).encode()


def given(hall: Hall, body: bytes, **options: Any) -> Job:
    said = {"format": "", "columns": [], "answers": "none"} | options
    return actions.prepare_import(hall.owner, hall.project, "q.jsonl", iter([body]), said, timezone.now())


def carried(hall: Hall, job: Job) -> Job:
    actions.start(hall.owner, job, timezone.now())
    actions.carry(job.pk)
    job.refresh_from_db()
    return job


def signed_in(hall: Hall) -> Client:
    client = Client()
    client.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    return client


def test_a_file_is_looked_at_first_and_only_then_goes_into_the_queue(hall: Hall) -> None:
    client = signed_in(hall)
    where = f"/projects/{hall.project.pk}/import/"
    answer = client.post(where, {"file": SimpleUploadedFile("../q.jsonl", as_lines(ROWS)), "answers": "none"})
    assert answer.status_code == 302, answer.content.decode()
    page = client.get(answer["Location"]).content.decode()
    assert "“response_a” is taken for the first." in page and "Question 0?" in page
    assert Item.objects.count() == 5, "the five of the hall"
    job = Job.objects.get()
    assert job.name == "q.jsonl"
    client.post(f"{where}{job.pk}/start/")
    actions.carry(job.pk)
    assert Item.objects.count() == 10 and Slot.objects.count() == 10
    assert "5 new items" in client.get(f"{where}{job.pk}/").content.decode()


def test_the_same_file_again_adds_nothing(hall: Hall) -> None:
    assert carried(hall, given(hall, as_lines(ROWS))).added == 5
    assert carried(hall, given(hall, as_lines(ROWS))).added == 0


def test_what_the_file_calls_an_item_is_its_name(hall: Hall) -> None:
    carried(hall, given(hall, as_lines([{**ROWS[0], "item_id": "card-7"}])))
    assert Item.objects.filter(name="card-7").exists()


def test_a_wrong_row_stops_it_with_line_and_field_and_what_came_before_stays(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five good rows in pieces of two, a sixth without a second answer: four are in, line 6 is named."""
    monkeypatch.setattr(importing, "CHUNK", 2)
    monkeypatch.setattr(importing, "LOOKED", 2)
    job = carried(hall, given(hall, as_lines([*ROWS, {"prompt": "And?", "response_a": "Yes."}])))
    assert job.state == "failed" and job.error["line"] == 6 and job.added == 4
    assert "Line 6" in signed_in(hall).get(f"/projects/{hall.project.pk}/import/{job.pk}/").content.decode()


def test_an_import_goes_on_where_it_was_killed(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    job = given(hall, as_lines(ROWS))
    actions.start(hall.owner, job, timezone.now())
    real = actions.loading.load

    def killed(*args: Any) -> int:
        if Item.objects.count() >= 7:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(actions.loading, "load", killed)
    with pytest.raises(KeyboardInterrupt):
        actions.carry(job.pk)
    job.refresh_from_db()
    assert (job.done, job.state) == (2, "working")
    monkeypatch.setattr(actions.loading, "load", real)
    actions.carry(job.pk)
    job.refresh_from_db()
    assert (job.done, job.added, job.state) == (5, 5, "done")


def test_a_plain_table_takes_its_classes_from_the_rubric() -> None:
    """Two names are two classes; one is no choice, and the file must say them."""
    hall = a_hall(items=0, kind="classification")
    hall.project.guidelines.update(rubric=[{"name": "praise"}, {"name": "complaint"}])
    assert carried(hall, given(hall, b"prompt\nThe bus never came.\n")).added == 1
    assert json.loads(ItemBody.objects.get().record)["payload"]["labels"] == ["praise", "complaint"]
    hall.project.guidelines.update(rubric=[{"name": "praise"}])
    with pytest.raises(BadInput, match="labels"):
        given(hall, b"prompt\nIt came late.\n")


def test_pictures_are_refused_with_a_clear_word(hall: Hall) -> None:
    turn = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]}]
    client = signed_in(hall)
    answer = client.post(f"/projects/{hall.project.pk}/import/",
                         {"text": json.dumps({**ROWS[0], "prompt": turn}), "answers": "none"})  # fmt: skip
    assert answer.status_code == 400 and "The row holds a picture or a file." in answer.content.decode()
    assert not Job.objects.exists()


def test_known_answers_become_gold(hall: Hall) -> None:
    carried(hall, given(hall, as_lines([{**ROWS[0], "winner": "response_a"}]), answers="gold"))
    body = ItemBody.objects.get(item__gold=True)
    assert body.gold_answer == {"type": "prefer", "winner": "first"}


def test_judgments_of_a_file_enter_by_the_log_once_and_are_never_paid(hall: Hall) -> None:
    before = Transfer.objects.count()
    rows = [{**r, "winner": "response_b", "annotator": "7"} for r in ROWS]
    for _ in range(2):
        carried(hall, given(hall, as_lines(rows), answers="judgments"))
    assert Outside.objects.count() == 5 and Leaf.objects.filter(tag__isnull=False).count() == 5
    assert Transfer.objects.count() == before
    assert {o.judge["id"] for o in Outside.objects.all()} == {"imported:7"}
    assert proof.sequence() is not None


def judged(hall: Hall) -> None:
    seat = hall.seat()
    task = work.take(seat, timezone.now())
    for n in range(3):
        done = work.submit(seat.user, task["lease"]["token"], f"key-{n:08}", {"type": "prefer", "winner": "first"},
                           "=1+1" if n == 0 else "", {}, timezone.now())  # fmt: skip
        task = done.next


def exported(hall: Hall, to: str, file: str) -> tuple[Job, bytes]:
    job = actions.start_export(hall.owner, hall.project, to, file, timezone.now())
    actions.carry(job.pk)
    job.refresh_from_db()
    return job, (queries.folder(job) / "output").read_bytes()


def test_the_fast_rows_are_those_that_the_spine_writes(hall: Hall) -> None:
    judged(hall)
    items = list(ItemBody.objects.order_by("pk").values_list("pk", "record", "responses"))
    corpus = exporting.corpus_of(hall.project, items)
    ours = [r for r in json.loads(json.dumps(list(exporting._fast(hall.project, items)))) if r["answer"]]
    assert ours == json.loads(json.dumps([encode(r) for r in judgment_rows(corpus)]))


@pytest.mark.parametrize("to", ["judgments", "rows", "trl-preference"])
def test_an_export_is_a_file_to_download_with_people_under_their_pseudonyms(hall: Hall, to: str) -> None:
    judged(hall)
    job, body = exported(hall, to, "jsonl")
    assert job.state == "done" and len(body.splitlines()) == job.added == (5 if to == "judgments" else 3)
    assert str(hall.people[0].pk) not in body.decode()
    answer = signed_in(hall).get(f"/projects/{hall.project.pk}/export/{job.pk}/file/")
    assert b"".join(answer.streaming_content) == body and "attachment" in answer["Content-Disposition"]


def test_an_export_goes_on_where_it_was_killed(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(hall)
    _, whole = exported(hall, "judgments", "jsonl")
    monkeypatch.setattr(exporting, "CHUNK", 2)
    job = actions.start_export(hall.owner, hall.project, "judgments", "jsonl", timezone.now())
    real, seen = exporting._fast, []

    def killed(project: Any, items: Any) -> Any:
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return real(project, items)

    monkeypatch.setattr(exporting, "_fast", killed)
    with pytest.raises(KeyboardInterrupt):
        actions.carry(job.pk)
    monkeypatch.setattr(exporting, "_fast", real)
    actions.carry(job.pk)
    assert (queries.folder(job) / "output").read_bytes() == whole


def test_no_cell_is_a_formula(hall: Hall) -> None:
    judged(hall)
    carried(hall, given(hall, as_lines([{**ROWS[0], "item_id": "=cmd|' /C calc'!A0"}])))
    _, body = exported(hall, "judgments", "csv")
    cells = [c for row in csv.reader(io.StringIO(body.decode())) for c in row]
    assert "'=cmd|' /C calc'!A0" in cells and not any(c.startswith(("=", "+", "-", "@")) for c in cells)


def test_an_export_holds_what_the_server_found_and_what_was_ruled(hall: Hall) -> None:
    """One vote says the first; an adjudicator rules that the second is right: every format follows the ruling.

    The row of the vote keeps the vote, and beside it what the grader found and the ruling with its reason.
    """
    judged(hall)
    vote = Judgment.objects.order_by("pk")[0]
    Judgment.objects.filter(pk=vote.pk).update(conditions={"pass_rate": 0.4})
    review.decide(hall.owner, vote, "expert", "Look.", timezone.now())
    second = {"type": "prefer", "winner": "second"}
    Ruling.objects.create(case=Case.objects.get(), adjudicator=hall.owner, verdict="answer", answer=second,
                          reason="The second is safer.", at=timezone.now())  # fmt: skip
    _, body = exported(hall, "judgments", "jsonl")
    row = next(r for r in map(json.loads, body.splitlines()) if r["judgment"] == str(vote.pk))
    assert row["answer"]["winner"] == "first"
    assert row["beside"]["conditions"]["pass_rate"] == 0.4
    ruled = {"verdict": "answer", "answer": second, "reason": "The second is safer."}
    assert row["beside"]["conditions"]["ruling"] == ruled
    assert b"The second is safer." in exported(hall, "judgments", "csv")[1]
    said = [r["messages"][0]["text"] for r in json.loads(vote.item.body.responses)]
    for to in ("rows", "trl-preference"):
        found = [json.loads(line) for line in exported(hall, to, "jsonl")[1].splitlines()]
        [mine] = [r for r in found if str(vote.pk) in json.dumps(r)]
        better = json.dumps(mine["chosen"]) if to != "rows" else json.dumps(mine["responses"][mine["ranks"].index(1)])
        assert said[1] in better, mine
    items = list(ItemBody.objects.order_by("pk").values_list("pk", "record", "responses"))
    ours = [r for r in json.loads(json.dumps(list(exporting._fast(hall.project, items)))) if r["answer"]]
    corpus = exporting.corpus_of(hall.project, items)
    assert ours == json.loads(json.dumps([encode(r) for r in judgment_rows(corpus)]))
