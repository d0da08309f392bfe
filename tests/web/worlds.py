"""A hall in which there are `n` of everything that a list may show."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from tests.web.halls import Hall, a_hall

from tutelage.web.care.models import OptIn
from tutelage.web.integrity.models import Look
from tutelage.web.people import actions as people
from tutelage.web.people.models import Member, Organisation
from tutelage.web.projects import actions as projects
from tutelage.web.projects.models import Guideline, Role
from tutelage.web.proof import actions as proof
from tutelage.web.proof.models import Batch, Certified, Leaf, Release, RevocationList, Signature, Suspect
from tutelage.web.review import actions as review
from tutelage.web.review.models import Case
from tutelage.web.runs import actions as runs
from tutelage.web.runs import loops
from tutelage.web.runs.models import Delivery, Job, Loop, Webhook
from tutelage.web.work import actions as work
from tutelage.web.work.models import Judgment

FIRST, TIE = {"type": "prefer", "winner": "first"}, {"type": "tie"}


def a_world(n: int) -> Hall:
    """A project with n of everything; its owner, who has every role, has n tokens, organisations and projects."""
    made = a_hall(items=6 * n, people=2 * n, overlap=2, open_call=True)
    _belongings(made, n)
    given = [_answers(made, number, n) for number in range(2)]
    _looked_over(made, *given)
    _files(made, n)
    _proofs(made, given[0], n)
    runs.measure(made.project, timezone.now())
    proof.sequence()
    return made


def _belongings(made: Hall, n: int) -> None:
    owner, project, now = made.owner, made.project, timezone.now()
    for name in ("contributor", "reviewer", "adjudicator", "author"):
        Role.objects.create(project=project, user=owner, name=name)
    for i in range(n):
        people.make_token(owner, f"robot {i}", ["read"], 7)
        people.invite(owner, "auditor", organisation=project.organisation)
        people.invite(owner, "reviewer", organisation=project.organisation, project=project.pk)
        other = Organisation.objects.create(name=f"Other {i}")
        Member.objects.create(organisation=other, user=owner, part="owner")
        Member.objects.create(organisation=project.organisation, user=made.people[i], part="auditor")
        terms = {"name": f"Another {i}", "kind": "comparison", "minutes": 1.0, "piece_minor": 25}
        mine = projects.create(owner, project.organisation, terms, text="Some.")
        Role.objects.create(project=mine, user=made.people[0], name="contributor")
        OptIn.objects.create(user=made.people[0], name=("medical", "hate", "violence")[i], since=now)
        Guideline.objects.create(project=project, version=i + 2, text=f"Safety {i}.", digest=f"sha256:{i:064x}")


def _answers(made: Hall, number: int, n: int) -> list[Judgment]:
    """Two n judgments of one of the people, n skips, n withdrawn."""
    seat, found = made.seat(number), []
    for turn in range(4 * n):
        task, now = work.take(seat, timezone.now()), timezone.now()
        if task is None:
            break
        token, key = task["lease"]["token"], f"key-of-{number}-{turn}"
        if turn % 4 == 3:
            work.skip(seat.user, token, key, "unclear", "", now)
            continue
        answer = TIE if number and turn % 2 else FIRST
        done = work.submit(seat.user, token, key, answer, "So.", {"active_ms": 900}, now)
        found.append(done.judgment)
        if turn % 4 == 2:
            work.undo(seat.user, done.judgment.pk, key + "-undo", now)
            found.pop()
    return found


def _looked_over(made: Hall, mine: list[Judgment], other: list[Judgment]) -> None:
    """Half are asked for again, which their maker disputes, and a ruling ends; half wait; some are with experts."""
    now = timezone.now()
    for one in mine[::2]:
        review.decide(made.owner, one, "redo", "Say why.", now)
        review.reply(one.user, one, False, "I did.", now)
        review.rule(made.owner, Case.objects.get(judgment=one), "both", None, "Either.", now)
    for one in other[::2]:
        review.decide(made.owner, one, "expert", "Hard.", now)


def _files(made: Hall, n: int) -> None:
    project, owner, now = made.project, made.owner, timezone.now()
    usual = {"project": project, "asked_by": owner, "at": now, "moved_at": now}
    for i in range(n):
        for kind in ("import", "export"):
            Job.objects.create(kind=kind, state="failed", name=f"{i}.jsonl", options={"to": "rows", "file": "csv"},
                               error={"seen": "A line."}, **usual)  # fmt: skip
        hook = Webhook.objects.create(project=project, url=f"https://example.org/{i}", secret=b"x", made_by=owner,
                                      events=["export.done"], at=now)  # fmt: skip
        for _ in range(n):
            Delivery.objects.create(webhook=hook, event="export.done", body="{}", next_at=now, at=now)
        loop = Loop.objects.create(project=project, number=i + 1, name=f"Run {i}", source="demo", state="failed",
                                   at=now, **_rest(Loop, now))  # fmt: skip
        loops.folder(loop).mkdir(parents=True)
        (loops.folder(loop) / "recipe.toml").write_text("")
    said = [(f"item-{i}", TIE, "", f"key-of-a-model-{i}") for i in range(n)]
    runs.ai_judgments(owner, project, {"name": "model"}, said, now)


def _rest(model: Any, now: Any) -> dict[str, Any]:
    """What other times a row must have."""
    fields = {f.name: f for f in model._meta.fields if not f.null and not f.has_default() and not f.primary_key}
    return {name: now for name, f in fields.items() if name != "at" and f.get_internal_type() == "DateTimeField"}


def _proofs(made: Hall, given: list[Judgment], n: int) -> None:
    project, owner, now = made.project, made.owner, timezone.now()
    for i in range(n):
        proof.sequence()
        leaf = Leaf.objects.all()[0]
        certificate = Certified.objects.create(project=project, number=i + 1, judge="ai:model", target="item", seed=1,
                                               items=5, size=2, draw={}, leaf=leaf, at=now)  # fmt: skip
        Release.objects.create(project=project, number=i + 1, licence="CC-BY-4.0", certificate=certificate,
                               state="failed", asked_by=owner, at=now - timedelta(days=i))  # fmt: skip
        Suspect.objects.create(project=project, judgment=given[i].pk, why="Too fast.", at=now)
        RevocationList.objects.create(sealed={}, receipts=i, at=now)
        Look.objects.create(project=project, asked_by=owner, asked_at=now, done_at=now)
        said = '{"pay": {"minor": 25, "currency": "EUR"}}'
        batch = Batch.objects.create(user=made.people[0], project=project, receipts=[], payload=said, leaf=leaf,
                                     signed_at=now)  # fmt: skip
        Signature.objects.create(judgment=given[-1 - i].pk, batch=batch)


def named(made: Hall) -> dict[str, list[Any]]:
    """What the parts of addresses may name in that world."""
    project = made.project
    given = Judgment.objects.filter(project=project).order_by("pk")
    return {
        "pk": [project.pk], "project": [project.pk],
        "organisation": [project.organisation_id], "number": [1],
        "version": [1], "item": [project.items.order_by("pk")[0].pk], "judgment": [given[0].pk],
        "case": [Case.objects.filter(project=project).order_by("pk")[0].pk],
        "role": [Role.objects.filter(project=project)[0].pk], "member": [1], "invitation": [project.pk],
        "webhook": [project.pk], "token": ["nothing"], "user": [made.owner.pk], "slot": [1], "key": ["nothing"],
        "name": ["nothing"],
    }  # fmt: skip
