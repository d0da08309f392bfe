"""A person leaves for good: words, receipts and links go; leaves stay and every earlier release still verifies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.provenance.people_at_work import Passkey
from tests.web.proof.signers import enrolled, judge, released, sign, verified

from tutelage.errors import BadInput
from tutelage.provenance.merkle import root_of
from tutelage.web.integrity import actions as integrity
from tutelage.web.integrity.models import Look
from tutelage.web.people.models import Member, User
from tutelage.web.projects.models import Guideline
from tutelage.web.proof import erasing, queries
from tutelage.web.proof.actions import SEALED, audit_hash, sequence
from tutelage.web.proof.log import HallLog, HallProject
from tutelage.web.proof.models import Audit, Barred, Enrolment, Leaf, PersonKey
from tutelage.web.review import actions as review
from tutelage.web.review.models import Case, Review
from tutelage.web.runs import actions as runs
from tutelage.web.runs.models import Job
from tutelage.web.runs.queries import folder as folder_of
from tutelage.web.shared.refusals import Refused
from tutelage.web.work.models import Judgment, Keys, Rehearsal, Seat, Slot, Trial

NOW = timezone.now().replace(microsecond=0)


def test_nothing_can_be_read_any_more_and_what_was_handed_out_still_verifies(hall: Any, tmp_path: Path) -> None:
    key = Passkey()
    judge(hall, 2, NOW)
    judge(hall, 1, NOW, person=1)
    enrolled(hall, key, NOW)
    sign(hall, key, NOW)
    released(hall, tmp_path / "before", NOW)
    sequence()
    user = hall.people[0]
    owner = queries.keys().owner_of(str(user.pk))
    assert erasing.erase(user, "request", NOW) == 2
    assert erasing.erase(User.objects.get(pk=user.pk), "request", NOW) == 0, "twice changes nothing"
    assert not Leaf.objects.filter(owner=owner).exists() and not PersonKey.objects.filter(owner=owner).exists()
    gone = Judgment.objects.filter(user=None)
    assert [(j.answer, j.reason, j.receipt) for j in gone] == [({}, "", "")] * 2
    assert not Seat.objects.filter(user=user).exists() and not Enrolment.objects.exists()
    found = User.objects.get(pk=user.pk)
    assert not found.is_active and "person0" not in found.email
    (tmp_path / "list.json").write_text(json.dumps(queries.revocations().sealed))
    holds, said = verified(tmp_path / "before", "--revocations", str(tmp_path / "list.json"))
    assert holds and "2 rows are revoked" in said, said
    again = released(hall, tmp_path / "after", NOW)
    assert again.judgments == 1
    assert verified(tmp_path / "after")[0]


def test_what_others_wrote_of_their_work_and_files_that_hold_it_go_too(
    hall: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Each app to the right registers what it forgets; verdicts stay, for somebody was paid by them."""
    [mine] = judge(hall, 1, NOW)
    [other] = judge(hall, 1, NOW, person=1)
    for pk in (mine, other):
        review.decide(hall.owner, Judgment.objects.get(pk=pk), "expert", "He never names the dose.", NOW)
    examined = integrity.ask(hall.owner, hall.project, NOW)
    job = runs.start_export(hall.owner, hall.project, "judgments", "jsonl", NOW)
    folder = folder_of(job)
    folder.mkdir(parents=True)
    with django_capture_on_commit_callbacks(execute=True):
        erasing.erase(hall.people[0], "request", NOW)
    assert [r.reason for r in Review.objects.order_by("pk")] == ["", "He never names the dose."]
    assert set(Review.objects.values_list("verdict", flat=True)) == {"expert"}
    assert [c.reason for c in Case.objects.order_by("pk")] == ["", "He never names the dose."]
    assert not Look.objects.filter(pk=examined.pk).exists()
    assert not Job.objects.filter(pk=job.pk).exists() and not folder.exists()


def test_whoever_was_erased_is_never_logged_again_and_a_key_from_a_backup_is_deleted(hall: Any) -> None:
    judge(hall, 1, NOW)
    user = hall.people[0]
    kept = PersonKey.objects.get(contributor=str(user.pk))
    erasing.erase(user, "request", NOW)
    assert Barred.objects.count() == 1
    with pytest.raises(BadInput, match="erased"):
        HallLog().refuse_erased([str(user.pk)])
    kept.pk = None
    kept.save(force_insert=True)
    HallLog()
    assert not PersonKey.objects.exists()


def test_another_process_forgets_too(hall: Any) -> None:
    """A log held since before an erasure does not stand; it is read anew."""
    judge(hall, 1, NOW)
    sequence()
    held = HallLog()
    assert held.stands()
    erasing.erase(hall.people[0], "request", NOW)
    assert not held.stands()


def test_a_sealed_range_of_the_audit_trail_can_still_be_recomputed(hall: Any) -> None:
    judge(hall, 2, NOW)
    sequence()
    sealed = Audit.objects.exclude(sealed_in=None).order_by("pk")[0].sealed_in
    payload = json.loads(bytes(sealed.body))
    erasing.erase(hall.people[0], "request", NOW)
    rows = Audit.objects.filter(sealed_in=sealed).order_by("pk")
    assert not rows.filter(actor=hall.people[0].pk).exists()
    leaves = [bytes(r.was) if r.was else audit_hash({n: getattr(r, n + "_id" if n in ("actor", "project") else n)
                                                     for n in SEALED}) for r in rows]  # fmt: skip
    assert root_of(leaves).hex() == payload["root"]


def test_the_page_asks_for_ones_address_and_then_signs_out(hall: Any) -> None:
    judge(hall, 1, NOW)
    client = Client()
    client.force_login(hall.people[0], "django.contrib.auth.backends.ModelBackend")
    assert client.post("/me/erase/", {"address": "somebody@else.org"}).status_code == 422
    assert User.objects.get(pk=hall.people[0].pk).is_active
    answer = client.post("/me/erase/", {"address": "person0@example.org"}, follow=True)
    assert "You were erased" in answer.content.decode()
    assert client.get("/me/").status_code == 302


def test_the_last_owner_of_an_organisation_stays_until_there_is_another(hall: Any) -> None:
    with pytest.raises(Refused, match="no owner"):
        erasing.erase(hall.owner, "request", NOW)
    Member.objects.create(organisation=hall.project.organisation, user=hall.people[1], part="owner")
    erasing.erase(hall.owner, "request", NOW)


def test_a_release_refuses_work_of_the_erased_that_somebody_kept(hall: Any, tmp_path: Path) -> None:
    from tutelage.provenance.release import seal
    from tutelage.provenance.release.source import Source
    from tutelage.web.work import queries as work

    judge(hall, 1, NOW)
    kept = work.corpus_of(hall.project)
    erasing.erase(hall.people[0], "request", NOW)
    with pytest.raises(BadInput, match="erased"):
        seal(Source("answers", kept, ()), HallProject(hall.project), tmp_path / "r", now=NOW)


def test_trials_rehearsals_and_keys_of_a_person_go_and_those_of_others_stay(hall: Any) -> None:
    """What they tried of a problem, what they did to see how long it takes, and the keys they work with."""
    slot, guideline = Slot.objects.order_by("pk")[0], Guideline.objects.get()
    for user in hall.people:
        Trial.objects.create(slot=slot, user=user, digest="d", at=NOW)
        Rehearsal.objects.create(project=hall.project, user=user, item=slot.item, guideline=guideline, began_at=NOW)
        Keys.objects.create(user=user, mapped={"act.skip": "q"})
    erasing.erase(hall.people[0], "request", NOW)
    for model in (Trial, Rehearsal, Keys):
        assert [row.user_id for row in model.objects.all()] == [hall.people[1].pk]
