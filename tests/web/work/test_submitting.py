"""A submission is stored once, with its receipt, its pay and its audit entry, and brings the next task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.http import Http404
from django.utils import timezone

from tutelage.provenance.receipts import open_receipt
from tutelage.web import installation
from tutelage.web.pay import queries as pay
from tutelage.web.pay.models import Entry, Transfer
from tutelage.web.projects.queries import worked_in
from tutelage.web.proof.models import Audit, Leaf
from tutelage.web.shared.refusals import Refused, Unprocessable
from tutelage.web.work import actions, claiming
from tutelage.web.work.models import Draft, Item, Judgment, Skip, Slot

FIRST = {"type": "prefer", "winner": "first", "strength": 2}
NOW = timezone.now()


def take(hall: Any, person: int = 0) -> dict[str, Any]:
    found = actions.take(hall.seat(person), NOW)
    assert found is not None
    return found


def submit(
    hall: Any, task: dict[str, Any], key: str = "key-00000001", answer: Any = FIRST, person: int = 0, s: int = 30
) -> Any:
    return actions.submit(hall.people[person], task["lease"]["token"], key, answer, "", {}, NOW + timedelta(seconds=s))


def test_an_answer_has_a_receipt_a_pay_line_an_audit_entry_and_brings_the_next_task(hall: Any) -> None:
    """25 to the person and 3 (a tenth of 25, half up) to the platform leave 28 less in escrow."""
    done = submit(hall, take(hall))
    receipt = open_receipt(done.receipt, [installation.operator_key(settings.HALL).public])
    assert (receipt.pay.minor, receipt.pay.currency, receipt.nym) == (25, "EUR", hall.seat().nym)
    assert Leaf.objects.count() == 1
    lines = Transfer.objects.filter(contribution=done.judgment.pk)
    assert [(t.kind, t.seconds) for t in lines] == [("task", 30)]
    assert sorted(Entry.objects.filter(transfer__in=lines).values_list("minor", flat=True)) == [-28, 3, 25]
    assert pay.escrow_balance(hall.project) == 1_000_000 - 28
    assert Audit.objects.filter(verb="judged", which=str(done.judgment.pk)).count() == 1
    assert done.next is not None and done.next["item"]["id"] == "item-1"
    assert hall.seat().done == 1 and Item.objects.get(name="item-0").given == 1


def test_receipts_of_a_person_name_the_one_before(hall: Any) -> None:
    key = [installation.operator_key(settings.HALL).public]
    one = submit(hall, take(hall))
    two = submit(hall, one.next, "key-00000002")
    assert open_receipt(one.receipt, key).previous is None
    assert open_receipt(two.receipt, key).previous == open_receipt(one.receipt, key).id


def test_the_same_submission_again_gives_the_same_judgment_and_pays_once(hall: Any) -> None:
    task = take(hall)
    one, two = submit(hall, task), submit(hall, task)
    assert one.judgment.pk == two.judgment.pk and two.again and one.receipt == two.receipt
    assert one.next["lease"]["token"] == two.next["lease"]["token"]
    assert Judgment.objects.count() == Transfer.objects.filter(kind="task").count() == 1


def test_the_same_key_with_another_answer_is_refused(hall: Any) -> None:
    task = take(hall)
    submit(hall, task)
    with pytest.raises(Unprocessable, match="another answer"):
        submit(hall, task, answer={"type": "tie"})


def test_a_second_answer_to_a_task_is_refused(hall: Any) -> None:
    task = take(hall)
    submit(hall, task)
    with pytest.raises(Refused, match="answered already"):
        submit(hall, task, key="key-00000002")


def test_a_lease_is_of_one_person(hall: Any) -> None:
    with pytest.raises(Http404):
        submit(hall, take(hall), person=1)


def test_an_answer_that_the_kind_refuses_changes_nothing(hall: Any) -> None:
    task = take(hall)
    with pytest.raises(Unprocessable, match="winner"):
        submit(hall, task, answer={"type": "prefer", "winner": "left"})
    assert Judgment.objects.count() == Leaf.objects.count() == 0
    assert submit(hall, task).judgment.answer == FIRST


def test_asking_again_gives_the_task_one_holds(hall: Any) -> None:
    assert take(hall)["lease"]["token"] == take(hall)["lease"]["token"]


def test_two_people_never_hold_the_same_wanted_judgment(hall: Any) -> None:
    assert take(hall, 0)["item"]["id"] == "item-0"
    assert take(hall, 1)["item"]["id"] == "item-1"


def test_with_two_judgments_wanted_both_see_the_item_and_nobody_twice(make_hall: Callable[..., Any]) -> None:
    """2 items × 2 judgments: each person answers both, then nothing is left."""
    hall = make_hall(items=2, overlap=2)
    for person in (0, 1):
        task = take(hall, person)
        for n in range(2):
            assert task["item"]["id"] == f"item-{n}"
            task = submit(hall, task, f"key-{person}-{n}-000", person=person).next
        assert task is None
    assert Judgment.objects.count() == 4
    assert Slot.objects.exclude(state=Slot.DONE).count() == 0


def test_what_is_left_and_waits_is_what_this_person_may_still_take(make_hall: Callable[..., Any]) -> None:
    """2 items × 3 judgments are 6 tasks and 2 for anybody: "1 of 2", then "2 of 2", then none, though 4 are free."""
    hall = make_hall(items=2, overlap=3)

    def waits() -> list[bool]:
        return [bool(project.waiting) for project in worked_in(hall.people[0])]

    task = take(hall)
    assert task["progress"]["left"] == 2 and waits() == [True]
    task = submit(hall, task, "key-0000001").next
    assert task["progress"]["left"] == 1 and waits() == [True], "what one holds waits as well"
    submit(hall, task, "key-0000002")
    assert waits() == [False] and Slot.objects.filter(state=Slot.FREE).count() == 4


def test_an_undone_answer_is_withdrawn_with_a_receipt_and_costs_no_pay(hall: Any) -> None:
    done = submit(hall, take(hall))
    again = actions.undo(hall.people[0], done.judgment.pk, "undo-0000001", NOW + timedelta(seconds=35))
    assert again["item"]["id"] == "item-0" and again["draft"]["answer"] == FIRST
    withdrawal = Judgment.objects.get(supersedes=done.judgment)
    assert withdrawal.answer == {"type": "withdrawn"} and Leaf.objects.count() == 2
    assert Slot.objects.filter(state=Slot.LEASED).count() == 1  # the task that came next was given back
    second = submit(hall, again, "key-00000002", {"type": "tie"}, s=50)
    assert second.judgment.pay_minor == 0 and pay.earnings(hall.people[0])["EUR"]["minor"] == 25
    assert hall.seat().done == 1 and Item.objects.get(name="item-0").given == 1


def test_ten_seconds_later_an_answer_stands(hall: Any) -> None:
    done = submit(hall, take(hall))
    with pytest.raises(Refused, match="ten seconds"):
        actions.undo(hall.people[0], done.judgment.pk, "undo-0000001", NOW + timedelta(seconds=60))


def test_somebody_elses_answer_cannot_be_undone(hall: Any) -> None:
    done = submit(hall, take(hall))
    with pytest.raises(Http404):
        actions.undo(hall.people[1], done.judgment.pk, "undo-0000001", NOW)


def test_a_skipped_task_is_paid_for_its_time_and_goes_to_somebody_else(hall: Any) -> None:
    """25 a minute: 30 seconds are 12.5, rounded towards the person: 13."""
    task = take(hall)
    due, following = actions.skip(
        hall.people[0], task["lease"]["token"], "skip-0000001", "outside", "", NOW + timedelta(seconds=30)
    )
    assert due == 13 and following is not None and following["item"]["id"] == "item-1"
    assert take(hall, 1)["item"]["id"] == "item-0"
    assert actions.skip(hall.people[0], task["lease"]["token"], "skip-0000001", "outside", "", NOW)[0] == 13
    assert Skip.objects.count() == Transfer.objects.filter(kind="skip").count() == 1


def test_what_was_skipped_never_comes_back_to_the_same_person(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(items=1)
    task = take(hall)
    assert actions.skip(hall.people[0], task["lease"]["token"], "skip-0000001", "unclear", "", NOW)[1] is None


def test_a_lease_that_ran_out_goes_to_the_next_person(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(items=1, lease_s=60)
    take(hall, 0)
    assert actions.take(hall.seat(1), NOW + timedelta(seconds=59)) is None
    assert (actions.take(hall.seat(1), NOW + timedelta(seconds=61)) or {})["item"]["id"] == "item-0"


def test_a_late_answer_counts_while_nobody_else_has_the_task(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(items=1, lease_s=60)
    assert submit(hall, take(hall), s=600).judgment.answer == FIRST


def test_a_days_quota_ends_the_day(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(quota_day=1)
    assert submit(hall, take(hall)).next is None
    assert actions.take(hall.seat(), NOW) is None
    assert actions.take(hall.seat(), NOW + timedelta(days=1)) is not None


def test_a_paused_project_hands_out_nothing_and_takes_what_was_begun(hall: Any) -> None:
    task = take(hall)
    type(hall.project).objects.update(state="paused")
    assert submit(hall, task).next is None


def test_attention_is_the_servers_and_a_long_silence_is_none(hall: Any) -> None:
    """60 s to the draft, then an hour of silence, which counts as two minutes: 180 s."""
    task = take(hall)
    token = task["lease"]["token"]
    assert actions.save_draft(hall.people[0], token, 0, FIRST, "", NOW + timedelta(seconds=60))[0] == 1
    assert submit(hall, task, s=3660).judgment.active_ms == 180_000
    assert Draft.objects.count() == 0


def test_an_older_tab_does_not_overwrite_a_newer_draft(hall: Any) -> None:
    token = take(hall)["lease"]["token"]
    actions.save_draft(hall.people[0], token, 0, FIRST, "", NOW)
    actions.save_draft(hall.people[0], token, 1, FIRST, "better", NOW)
    with pytest.raises(Refused, match="Another tab"):
        actions.save_draft(hall.people[0], token, 1, FIRST, "worse", NOW)
    assert take(hall)["draft"]["reason"] == "better"


def test_reclaiming_frees_only_what_has_run_out(make_hall: Callable[..., Any]) -> None:
    hall = make_hall(lease_s=60)
    take(hall, 0)
    assert claiming.reclaim(NOW + timedelta(seconds=30)) == 0
    assert claiming.reclaim(NOW + timedelta(seconds=90)) == 1


def test_ids_of_judgments_sort_by_time(hall: Any) -> None:
    one = submit(hall, take(hall))
    two = submit(hall, one.next, "key-00000002")
    assert isinstance(one.judgment.pk, UUID) and str(one.judgment.pk) < str(two.judgment.pk)
