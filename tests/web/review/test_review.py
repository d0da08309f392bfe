"""Review like a pull request: approve, ask again (paid), expert. Verdicts come before votes; disputes have a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.http import Http404
from django.utils import timezone
from tests.web.halls import Hall

from tutelage import kinds
from tutelage.records import standing
from tutelage.web.pay.models import Transfer
from tutelage.web.people.models import User
from tutelage.web.projects.models import Role
from tutelage.web.proof.models import Audit, Leaf
from tutelage.web.review import actions, queries, rules
from tutelage.web.review.models import Case, Review
from tutelage.web.shared.refusals import Refused, Unprocessable
from tutelage.web.work import actions as work
from tutelage.web.work import loading
from tutelage.web.work.models import Item, Judgment, Slot
from tutelage.web.work.queries import corpus_of

NOW = timezone.now()
A, B = {"type": "prefer", "winner": "first"}, {"type": "prefer", "winner": "second"}


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def judge(hall: Hall, person: int = 0, answer: Any = A, reason: str = "", minutes: float = 1) -> Judgment:
    task = work.take(hall.seat(person), at(minutes - 0.5))
    assert task is not None
    key = str(uuid4())
    return work.submit(hall.people[person], task["lease"]["token"], key, answer, reason, {}, at(minutes)).judgment


def with_role(hall: Hall, role: str) -> User:
    user = User.objects.create_user(f"{role}-{uuid4()}@example.org", None)
    Role.objects.create(project=hall.project, user=user, name=role)
    return user


@pytest.fixture
def reviewer(hall: Hall) -> User:
    return with_role(hall, "reviewer")


def test_what_waits_is_what_stands_and_is_not_ones_own(hall: Hall, reviewer: User) -> None:
    Role.objects.create(project=hall.project, user=hall.people[0], name="reviewer")
    judge(hall, 0)
    other, undone = judge(hall, 1), judge(hall, 1, minutes=2)
    work.undo(hall.people[1], undone.pk, "undo-00001", at(2.1))
    assert [x.judgment.pk for x in queries.queue(hall.project, hall.people[0])] == [other.pk]
    assert len(queries.queue(hall.project, reviewer)) == 2
    assert "first" not in queries.queue(hall.project, reviewer)[0].answer  # said as people see it: A or B


def test_approval_needs_no_reason_and_the_rest_does(hall: Hall, reviewer: User) -> None:
    one = judge(hall)
    with pytest.raises(Unprocessable, match="No reason"):
        actions.decide(reviewer, one, "redo", " ", NOW)
    actions.decide(reviewer, one, "approved", "", NOW)
    assert actions.decide(reviewer, one, "approved", "", NOW).pk == Review.objects.get().pk  # asked twice, stored once
    with pytest.raises(Refused, match="already"):
        actions.decide(reviewer, one, "redo", "No.", NOW)
    assert queries.next_for(hall.project, reviewer) is None
    assert Audit.objects.filter(verb="reviewed").count() == 1


def test_rework_is_paid_again_and_takes_the_place_of_the_first_answer(hall: Hall, reviewer: User) -> None:
    """25 for the task and 25 for doing it again; one answer of the two stands."""
    first, user = judge(hall, reason="Hm."), hall.people[0]
    actions.decide(reviewer, first, "redo", "Look at the dose.", at(2))
    task = actions.begin_redo(user, first, at(3))
    assert task["item"]["id"] == "item-0" and task["draft"]["answer"] == A
    again = work.submit(user, task["lease"]["token"], "again-00001", B, "The dose.", {}, at(4)).judgment
    assert again.supersedes_id == first.pk and again.pay_minor == 25
    assert Leaf.objects.count() == 2
    lines = [(t.kind, t.contribution) for t in Transfer.objects.filter(contribution__isnull=False).order_by("at")]
    assert lines == [("task", first.pk), ("rework", again.pk)]
    assert [j.id for j in standing(list(corpus_of(hall.project).judgments))] == [str(again.pk)]
    assert Item.objects.get(name="item-0").given == 1
    assert [x.judgment.pk for x in queries.queue(hall.project, reviewer)] == [again.pk]  # looked at anew
    with pytest.raises(Refused, match="Nobody asks"):
        actions.begin_redo(user, first, at(5))


def test_who_does_it_again_is_told_which_of_the_reviewers_letters_is_which_on_their_screen(make_hall: Any) -> None:
    """Reviewers see the record's order. Where a task is shown turned, A is B; elsewhere nothing is said."""
    hall, told = make_hall(items=40), []
    reviewer = with_role(hall, "reviewer")
    for n in range(40):
        one = judge(hall, minutes=n)
        actions.decide(reviewer, one, "redo", "A names the dose.", at(n + 0.1))
        task = actions.begin_redo(hall.people[0], one, at(n + 0.2))
        theirs = {label: shown["text"] for label, shown in zip("AB", in_record_order(task), strict=True)}
        here = {shown["label"]: shown["text"] for shown in task["responses"]}
        assert task["redo"]["why"] == "A names the dose."
        assert all(theirs[letter] == here[mine] for letter, mine in task["redo"]["letters"])
        assert bool(task["redo"]["letters"]) == (theirs != here)
        told.append(task["redo"]["letters"])
        work.submit(hall.people[0], task["lease"]["token"], f"again-{n:05}", B, "", {}, at(n + 0.3))
        if {len(one) for one in told} == {0, 2}:
            break
    assert [("A", "B"), ("B", "A")] in told and [] in told


def in_record_order(task: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(task["responses"], key=lambda shown: shown["at"])


def test_beginning_again_gives_back_what_one_holds_and_twice_is_once(hall: Hall, reviewer: User) -> None:
    first = judge(hall)
    held = work.take(hall.seat(), at(2))
    assert held is not None and held["item"]["id"] == "item-1"
    actions.decide(reviewer, first, "redo", "Look again.", at(2))
    one = actions.begin_redo(hall.people[0], first, at(3))
    assert actions.begin_redo(hall.people[0], first, at(3))["lease"]["token"] == one["lease"]["token"]
    assert Slot.objects.filter(state=Slot.LEASED).count() == 1


def test_rework_that_is_left_goes_to_somebody_else_who_is_paid(hall: Hall, reviewer: User) -> None:
    first = judge(hall)
    actions.decide(reviewer, first, "redo", "Look again.", at(2))
    task = actions.begin_redo(hall.people[0], first, at(3))
    work.skip(hall.people[0], task["lease"]["token"], "skip-00001", "other", "", at(4))
    second = judge(hall, 1, minutes=6)
    assert second.item.name == "item-0" and second.pay_minor == 25 and second.supersedes_id is None
    with pytest.raises(Refused, match="Somebody else"):
        actions.begin_redo(hall.people[0], first, at(7))


def test_what_was_taken_back_and_left_pays_whoever_does_it_next(hall: Hall) -> None:
    one = judge(hall)
    again = work.undo(hall.people[0], one.pk, "undo-00001", at(1.1))
    work.skip(hall.people[0], again["lease"]["token"], "skip-00001", "other", "", at(2))
    assert judge(hall, 1, minutes=4).pay_minor == 25


def escalated(hall: Hall, reviewer: User) -> Case:
    one = judge(hall, 0, A, "A names the dose.")
    judge(hall, 1, B, "B is kinder.")
    actions.decide(reviewer, one, "expert", "Is the dose right?", at(2))
    return Case.objects.get()


@pytest.fixture
def shared(make_hall: Callable[..., Hall]) -> Hall:
    """Items with two judgments wanted."""
    return make_hall(items=2, overlap=2)


def test_votes_open_only_after_ones_own_verdict(shared: Hall, client: Any) -> None:
    case, expert = escalated(shared, with_role(shared, "reviewer")), with_role(shared, "adjudicator")
    client.force_login(expert, "django.contrib.auth.backends.ModelBackend")
    where = f"/projects/{shared.project.pk}/cases/{case.pk}/"
    page = client.get(where).content.decode()
    assert "A is better" in page and "B is better" in page
    for hidden in ("A names the dose", "B is kinder", "Is the dose right", "person0"):
        assert hidden not in page
    answer = {"verdict": "principled", "reason": "Both can be defended."}
    assert client.post(where, answer).status_code == 302
    page = client.get(where).content.decode()
    assert "A names the dose" in page and "B is kinder" in page and "rincipled disagreement" in page
    assert "person0" not in page
    case.refresh_from_db()
    assert case.closed_at is not None


def test_principled_disagreement_is_kept_as_a_verdict_of_its_own(shared: Hall) -> None:
    case, expert = escalated(shared, with_role(shared, "reviewer")), with_role(shared, "adjudicator")
    ruling = actions.rule(expert, case, "principled", None, "Values differ.", at(3))
    assert (ruling.verdict, ruling.answer) == ("principled", None)
    with pytest.raises(Refused, match="your verdict"):
        actions.rule(expert, case, "neither", None, "No.", at(4))
    second = with_role(shared, "adjudicator")
    assert actions.rule(second, case, "answer", A, "The dose.", at(5)).answer == A
    assert [r.words for r in queries.rulings(case)] == ["principled disagreement", "A is better"]


def test_a_ruling_names_one_of_the_answers(shared: Hall) -> None:
    case, expert = escalated(shared, with_role(shared, "reviewer")), with_role(shared, "adjudicator")
    assert queries.options(case, queries.shown(case.item).record) == [A, B]
    for answer in ({"type": "tie"}, None):
        with pytest.raises(Unprocessable, match="none of those"):
            actions.rule(expert, case, "answer", answer, "So.", at(3))


def test_nobody_rules_on_their_own_work(shared: Hall) -> None:
    case = escalated(shared, with_role(shared, "reviewer"))
    Role.objects.create(project=shared.project, user=shared.people[0], name="adjudicator")
    with pytest.raises(Http404):
        queries.case_for(shared.people[0], shared.project.pk, case.pk)
    assert queries.cases(shared.project, shared.people[0]) == []


def gold(make_hall: Callable[..., Hall], items: int, needed: int = 1) -> Hall:
    """A project whose items all have a known answer, A."""
    hall = make_hall(items=0)
    shown = kinds.get("comparison").exhibit()
    given = (
        loading.Offered(replace(shown.item, id=f"gold-{i}"), shown.responses, A, "The dose.") for i in range(items)
    )
    loading.load(hall.project, given, np.random.default_rng(0), needed=needed)
    return hall


def test_known_answers_are_told_only_when_nobody_else_can_be_asked(make_hall: Callable[..., Hall]) -> None:
    hall = gold(make_hall, 1, needed=2)
    judge(hall, 0, B)
    assert queries.feedback(hall.people[0], hall.project.pk, NOW)[1] == []
    judge(hall, 1, {**A, "strength": 3})
    [mine] = queries.feedback(hall.people[0], hall.project.pk, NOW)[1]
    assert (mine.right, mine.known, mine.known_reason) == (False, "A is better", "The dose.")
    [other] = queries.feedback(hall.people[1], hall.project.pk, NOW)[1]
    assert other.right  # how strongly does not matter


def test_own_accuracy_comes_with_its_interval_and_not_before_five(make_hall: Callable[..., Hall]) -> None:
    hall = gold(make_hall, 6)
    for n in range(4):
        judge(hall, 0, A, minutes=n + 1)
    assert queries.own_accuracy(hall.seat()) == (None, 1)
    judge(hall, 0, B, minutes=6)
    accuracy, missing = queries.own_accuracy(hall.seat())
    assert accuracy is not None and (accuracy["k"], accuracy["n"], accuracy["pct"], missing) == (4, 5, 80, 0)
    assert accuracy["lo_pct"] < 45 and accuracy["hi_pct"] > 95


def test_a_result_may_be_disputed_for_thirty_days_and_is_answered_within_seven(hall: Hall, reviewer: User) -> None:
    one, two = judge(hall), judge(hall, minutes=2)
    for j in (one, two):
        actions.decide(reviewer, j, "redo", "Wrong.", at(3))
    with pytest.raises(Unprocessable, match="No reason"):
        actions.reply(hall.people[0], queries.own_judgment_for(hall.people[0], one.pk), False, "", at(4))
    actions.reply(hall.people[0], queries.own_judgment_for(hall.people[0], one.pk), False, "It is right.", at(4))
    case = Case.objects.get()
    assert (case.why, case.due_at) == ("dispute", at(4) + rules.ANSWER)
    late = NOW + timedelta(days=31)
    with pytest.raises(Refused, match="thirty days"):
        actions.reply(hall.people[0], queries.own_judgment_for(hall.people[0], two.pk), False, "Right.", late)
    with pytest.raises(Http404):
        queries.own_judgment_for(hall.people[1], one.pk)


def test_without_a_result_there_is_nothing_to_answer(hall: Hall) -> None:
    one = judge(hall)
    with pytest.raises(Refused, match="no result"):
        actions.reply(hall.people[0], queries.own_judgment_for(hall.people[0], one.pk), True, "", at(2))
