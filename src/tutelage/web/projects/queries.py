"""Projects as those see them who may. Reads only; `project_for` is the one door."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from tutelage.provenance.keys import pae, seal
from tutelage.records import Json
from tutelage.store import canonical
from tutelage.web import installation
from tutelage.web.people import queries as people
from tutelage.web.people.models import Invitation, Member, Organisation, User
from tutelage.web.projects import rightward, rules
from tutelage.web.projects.models import Acceptance, Guideline, Project, Role

OFFER_TYPE = "application/vnd.tutelage.offer+json"
MANAGE = ("owner", "operator")
WRITE = (*MANAGE, "author")
READ = (*WRITE, "auditor", "reviewer", "adjudicator")


def project_for(user: Any, pk: Any, *roles: str) -> Project:
    """The one door: a project in which the user holds one of the roles (any, if none is named), or Http404.

    `held` of what is returned says all that they hold there. A part in the organisation counts as `rules.IMPLIED` says.
    """
    held = held_in(user, pk)
    if not held or (roles and not held & set(roles)):
        raise Http404
    found = Project.objects.select_related("organisation").get(pk=pk)
    return _with(found, held)


def _with(project: Project, held: frozenset[str]) -> Project:
    """The project with what the user holds there; pages show by it what they may open."""
    project.held, project.manages = held, bool(held & set(MANAGE))
    project.writes, project.reads = bool(held & set(WRITE)), bool(held & set(READ))
    return project


def held_in(user: Any, pk: Any) -> frozenset[str]:
    """What the user may be in a project; empty for a stranger, and for a project that is not there."""
    if not user.is_authenticated or not _is_uuid(pk):
        return frozenset()
    roles = Role.objects.filter(project=pk, user=user).values_list("name", flat=True)
    parts = Member.objects.filter(organisation__projects=pk, user=user).values_list("part", flat=True)
    return rules.held(roles, parts)


def offered(pk: Any, user: Any) -> Project:
    """A project whose offer anybody may read: published, or the user's own. Raises Http404."""
    found = Project.objects.select_related("organisation").filter(pk=pk).first() if _is_uuid(pk) else None
    if found is None:
        raise Http404
    found = _with(found, held_in(user, pk))
    if found.state == Project.State.DRAFT and not found.held:
        raise Http404
    return found


def run_by(user: User) -> QuerySet[Project]:
    """Projects that the user runs or oversees, newest first."""
    mine = Q(roles__user=user, roles__name__in=READ) | Q(organisation__members__user=user)
    return Project.objects.filter(mine).distinct().select_related("organisation").order_by("-id")


def runs_something(user: User) -> bool:
    """Whether the user runs or oversees any project or organisation."""
    return Member.objects.filter(user=user).exists() or Role.objects.filter(user=user, name__in=READ).exists()


def organisations(user: User, *parts: str) -> list[Organisation]:
    """Where the user has one of the parts (any, if none is named)."""
    return people.organisations_of(user, *parts)


def worked_in(user: User) -> list[Project]:
    """Projects the user may contribute to, with whether a task waits for them and whether the terms were accepted."""
    found = list(
        Project.objects.filter(roles__user=user, roles__name=Role.Name.CONTRIBUTOR)
        .exclude(state=Project.State.DRAFT)
        .annotate(waiting=rightward.any_for(user), version=Max("guidelines__version"))
        .select_related("organisation")
        .order_by("-id")
    )
    latest = (
        Acceptance.objects.filter(user=user, project__in=found).values("project").annotate(v=Max("guideline__version"))
    )
    accepted = {row["project"]: row["v"] for row in latest}
    seats = rightward.seats_of(user)
    for project in found:
        project.seat = seats.get(project.pk)
        project.accepted = accepted.get(project.pk) == project.version
        project.price = rules.money(project.piece_minor, project.fee_bp, project.minutes)
    return found


def open_calls(user: User) -> QuerySet[Project]:
    """Open projects that anybody may join and the user has not, newest first."""
    calls = Project.objects.filter(open_call=True, state=Project.State.OPEN).exclude(
        Q(roles__user=user) | Q(organisation__members__user=user)
    )
    return calls.select_related("organisation").order_by("-id")[:20]


def slugs(organisation: Organisation) -> list[str]:
    """Short names that are taken in an organisation."""
    return list(organisation.projects.values_list("slug", flat=True))


def guideline(project: Project) -> Guideline:
    """The version in force."""
    return project.guidelines.order_by("-version")[:1].get()


def guidelines(project: Project) -> list[Guideline]:
    """All versions, newest first."""
    return list(project.guidelines.select_related("made_by").order_by("-version"))


def guideline_version(project: Project, version: int) -> Guideline:
    """One version, or Http404."""
    found = project.guidelines.select_related("made_by").filter(version=version).first()
    if found is None:
        raise Http404
    return found


def terms(project: Project) -> rules.Terms:
    """What the project's offer says now."""
    current = guideline(project)
    return rules.Terms(
        project=str(project.pk),
        organisation=project.organisation.name,
        name=project.name,
        kind=project.kind,
        purpose=project.purpose,
        client_class=project.client_class,
        duties=project.duties,
        minutes=project.minutes,
        warnings=tuple(project.warnings),
        currency=project.currency,
        piece_minor=project.piece_minor,
        instruction_minor=project.instruction_minor,
        fee_bp=project.fee_bp,
        guideline=current.text,
        guideline_version=current.version,
        guideline_digest=current.digest,
        rubric=tuple(current.rubric),
    )


def findings(project: Project) -> list[rules.Finding]:
    """What keeps the project from being published, by line of its offer."""
    needed, there = escrow(project)
    return rules.findings(terms(project), escrow_needed=needed, escrow=there, today=timezone.now().date())


def findings_at(project: Project, minutes: float) -> list[rules.Finding]:
    """What would keep it from being published if a task took so long."""
    needed, there = escrow(project)
    said = dataclasses.replace(terms(project), minutes=minutes)
    return rules.findings(said, escrow_needed=needed, escrow=there, today=timezone.now().date())


def rehearsed(project: Project, user: User) -> dict[str, Any]:
    """What one's own five tasks say, and which lines of the offer they would not let stand."""
    mine = rightward.rehearsed(user, project)
    wrong = {f.field for f in findings(project)}
    at_pace = [f for f in findings_at(project, mine.minutes) if f.field not in wrong] if mine.done else []
    return {"mine": mine, "at_pace": at_pace, "anybody": rightward.rehearsals(project)}


def signed_offer(said: rules.Terms) -> Json:
    """The offer, its digest, and the operator's signature over it (a DSSE envelope)."""
    offer = rules.offer(said)
    key = installation.operator_key(settings.HALL)
    envelope = seal(OFFER_TYPE, canonical(offer), key)
    return {"offer": offer, "digest": rules.digest(offer), "key": key.public.vkey(), "envelope": envelope}


def is_genuine(signed: Json) -> bool:
    """Whether the envelope holds just this offer, signed by this installation's key."""
    payload = canonical(signed["offer"])
    signature = base64.b64decode(signed["envelope"]["signatures"][0]["sig"])
    key = installation.operator_key(settings.HALL).public
    return signed["digest"] == rules.digest(signed["offer"]) and key.verifies(signature, pae(OFFER_TYPE, payload))


def acceptance(project: Project, user: Any) -> Acceptance | None:
    """The user's acceptance of the guideline in force."""
    if not user.is_authenticated:
        return None
    return Acceptance.objects.filter(project=project, user=user, guideline=guideline(project)).first()


def accepted_before(project: Project, user: Any) -> Guideline | None:
    """The earlier version that the user accepted last, where they have not accepted the one in force."""
    if not user.is_authenticated or acceptance(project, user):
        return None
    last = last_acceptance(project, user)
    return last.guideline if last else None


def last_acceptance(project: Project, user: User) -> Acceptance | None:
    """The user's latest acceptance, of whichever version."""
    return Acceptance.objects.filter(project=project, user=user).select_related("guideline").order_by("-id").first()


def roles_in(project: Project) -> list[Role]:
    """Who plays which part, by role and name."""
    return list(project.roles.select_related("user").order_by("name", "user__name", "user__email"))


def role_for(project: Project, pk: int) -> Role:
    """A role in that project, or Http404."""
    found = project.roles.select_related("user").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def short(project: Project) -> bool:
    """Whether people find an empty purse."""
    return rightward.short(project)


def escrow(project: Project) -> tuple[int, int]:
    """(needed, there): what must be set aside for what is still wanted, and what is."""
    return rightward.escrow(project, rightward.wanted(project))


def tasks_left(project: Project) -> int:
    """How many judgments are still wanted."""
    return rightward.wanted(project)


def invited_to(invitation: Invitation) -> Project | None:
    """The project of an invitation; None for a part in an organisation."""
    return Project.objects.select_related("organisation").filter(pk=invitation.project).first()


def role_label(invitation: Invitation) -> str:
    """What an invitation makes of whoever accepts it."""
    names = Role.Name if invitation.project else Member.Part
    return str(names(invitation.role).label)


def role_counts(project: Project) -> dict[str, int]:
    """How many people hold each role."""
    return dict(project.roles.values_list("name").annotate(Count("user", distinct=True)))


def _is_uuid(pk: Any) -> bool:
    try:
        UUID(str(pk))
    except ValueError:
        return False
    return True
