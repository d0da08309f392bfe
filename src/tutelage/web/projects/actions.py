"""What changes about projects: their terms, their guideline, their state, and who takes part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tutelage.provenance.commitments import pseudonym
from tutelage.web.people import actions as people
from tutelage.web.people.models import Invitation, Organisation, User
from tutelage.web.projects import queries, rightward, rules
from tutelage.web.projects.models import Acceptance, Guideline, Project, Role
from tutelage.web.projects.rightward import audit
from tutelage.web.shared.refusals import Forbidden, Refused, Unprocessable

NEVER_LESS = ("piece_minor", "instruction_minor")


@transaction.atomic
def create(
    actor: User, organisation: Organisation, fields: Mapping[str, Any], *, text: str, rubric: Sequence[Any] = ()
) -> Project:
    """A draft with the first version of its guideline. That the actor may is the caller's to ask."""
    slug = rules.slug(fields["name"], queries.slugs(organisation))
    project = Project.objects.create(organisation=organisation, slug=slug, **fields)
    audit(actor, "create", "project", project.pk, project=project, name=project.name)
    write_guideline(actor, project, text, rubric)
    return project


@transaction.atomic
def change(actor: User, project: Project, changes: Mapping[str, Any]) -> Project:
    """Other terms. Raises Refused where a published project would pay less, Unprocessable where it could not stand."""
    project = _locked(project)
    before = {name: getattr(project, name) for name in changes}
    altered = {name: value for name, value in changes.items() if before[name] != value}
    for name, value in altered.items():
        setattr(project, name, value)
    if project.state != Project.State.DRAFT:
        less = [name for name in NEVER_LESS if name in altered and altered[name] < before[name]]
        if less or "currency" in altered:
            raise Refused(
                _("The pay of a published project cannot be lowered."),
                expected=_("the same or more"),
                remedy=_("Close it and publish another one."),
            )
        _stands(project)
    if altered:
        project.save(update_fields=list(altered))
        audit(actor, "change", "project", project.pk, project=project, fields=sorted(altered))
    return project


@transaction.atomic
def write_guideline(actor: User, project: Project, text: str, rubric: Sequence[Any]) -> Guideline:
    """The next version; the one in force where nothing changed. Two who write at once: the later one is refused."""
    project = _locked(project)
    digest = rules.guideline_digest(text, rubric)
    last = project.guidelines.order_by("-version").first()
    if last and last.digest == digest:
        return last
    made = Guideline.objects.create(
        project=project,
        version=last.version + 1 if last else 1,
        text=text,
        rubric=list(rubric),
        digest=digest,
        made_by=actor,
    )
    audit(actor, "write", "guideline", made.pk, project=project, version=made.version, digest=digest)
    if project.state != Project.State.DRAFT:
        _stands(project)
    return made


@transaction.atomic
def move(actor: User, project: Project, to: str) -> Project:
    """Open, pause, go on or close. Raises Unprocessable, naming the line, where the offer cannot be published."""
    project = _locked(project)
    if not rules.may_move(project.state, to):
        raise Refused(
            _("A project that is %(state)s cannot become %(to)s.")
            % {"state": project.get_state_display(), "to": Project.State(to).label},
            expected=_("a step that its state allows"),
            remedy=_("Reload the page to see where it stands."),
        )
    if to == str(Project.State.OPEN):
        _stands(project)
        project.published_at = project.published_at or timezone.now()
    if to == str(Project.State.CLOSED):
        _end(project)
    before, project.state = project.state, to
    project.save(update_fields=["state", "published_at"])
    audit(actor, "move", "project", project.pk, project=project, before=before, after=to)
    return project


@transaction.atomic
def set_aside(actor: User, project: Project, minor: int, key: str) -> None:
    """Money for the project's people, from which nothing but their pay and the share on it is taken; once for a key."""
    rightward.set_aside(project, minor, f"deposit:{project.pk}:{key}", timezone.now())
    audit(actor, "set aside", "project", project.pk, project=project, minor=minor, currency=project.currency)


@transaction.atomic
def accept(user: User, project: Project, digest: str) -> Acceptance:
    """Take the offer as it was shown: an acceptance, the role, a seat. The same again gives the same one.

    Raises Refused where the offer changed since or is not open, Forbidden where it takes an invitation.
    """
    project = _locked(project)
    if project.state != Project.State.OPEN:
        raise Refused(
            _("This project does not take people on now."),
            expected=_("an open project"),
            remedy=_("Look at your page for other work."),
        )
    invited = Role.objects.filter(project=project, user=user, name=Role.Name.CONTRIBUTOR).exists()
    if not invited and not project.open_call:
        raise Forbidden(
            _("This project takes people on by invitation."),
            expected=_("an invitation"),
            remedy=_("Ask its owner for a link."),
        )
    terms = queries.terms(project)
    if digest != rules.digest(rules.offer(terms)):
        raise Refused(
            _("The offer changed while you read it."),
            expected=_("the offer as it stands"),
            remedy=_("Read it again; what changed is there now."),
        )
    before = queries.last_acceptance(project, user)
    current = queries.guideline(project)
    made, new = Acceptance.objects.get_or_create(
        project=project, user=user, guideline=current, defaults={"offer": digest}
    )
    if not new:
        return made
    Role.objects.get_or_create(project=project, user=user, name=Role.Name.CONTRIBUTOR)
    rightward.take_seat(project, user, pseudonym(bytes(project.pepper), str(user.pk)))
    audit(user, "accept", "offer", made.pk, project=project, offer=digest, version=current.version)
    if invited:
        pay_instructions(project, user, since=before.guideline if before else None, asked=True)
    return made


def pay_instructions(
    project: Project, user: User, *, since: Guideline | None = None, asked: bool = False
) -> bool:  # fmt: skip
    """Pay for reading the guideline in force, once; for a later version, for what is new in it.

    Whom an invitation brought is paid on accepting; who came by an open call, with their first answer, since making
    accounts must not be a way to empty the escrow. `work` calls this then.
    asked: Raises Refused where the money set aside is needed for tasks that are out.
    """
    current = queries.guideline(project)
    words = len(current.text.split())
    fresh = rules.changed_words(since.text, current.text)[1] if since else words
    minor = rules.share_of(project.instruction_minor, fresh, words)
    seconds = round(rules.reading_minutes(current.text) * 60 * fresh / words) if words else 0
    key = f"instruction:{current.pk}:{user.pk}"
    if asked:
        rightward.check_reading(project, user, minor)
    return rightward.pay_instructions(project, user, key, minor, seconds, timezone.now())


@transaction.atomic
def leave(user: User, project: Project) -> None:
    """Stop contributing. What was done stays paid; nothing is counted against them."""
    Role.objects.filter(project=project, user=user, name=Role.Name.CONTRIBUTOR).delete()
    audit(user, "leave", "project", project.pk, project=project)


@transaction.atomic
def invite(actor: User, project: Project, role: str, email: str, days: int) -> tuple[Invitation, str]:
    """A link that gives a role here, and its secret."""
    return people.invite(
        actor, Role.Name(role).value, organisation=project.organisation, project=project.pk, email=email, days=days
    )


@transaction.atomic
def join(user: User, token: str) -> Project | None:
    """Use an invitation: the project in which it gives a role, or None for a part in an organisation."""
    invitation = people.accept_invitation(token, user)
    if invitation.project is None:
        return None
    project = Project.objects.get(pk=invitation.project)
    Role.objects.get_or_create(project=project, user=user, name=invitation.role)
    audit(user, "join", "project", project.pk, project=project, role=invitation.role)
    return project


@transaction.atomic
def join_new(token: str, *, name: str, email: str, password: str) -> tuple[User, Project | None]:
    """A new account by invitation, and where it leads."""
    user = people.register(name=name, email=email, password=password)
    return user, join(user, token)


@transaction.atomic
def give_role(actor: User, project: Project, user: User, name: str) -> Role:
    """A part for somebody."""
    made, new = Role.objects.get_or_create(project=project, user=user, name=Role.Name(name))
    if new:
        audit(actor, "give", "role", made.pk, project=project, user=str(user.pk), role=name)
    return made


@transaction.atomic
def take_role(actor: User, role: Role) -> None:
    """Take a part away. What its holder did stays theirs and paid."""
    audit(actor, "take", "role", role.pk, project=role.project, user=str(role.user_id), role=role.name)
    role.delete()


def _end(project: Project) -> None:
    """Whoever holds a task is paid for it, so the money goes back only when nobody does."""
    held = rightward.held(project)
    if held:
        raise Refused(
            ngettext("%(n)d task is still held.", "%(n)d tasks are still held.", held) % {"n": held},
            expected=_("a project in which nobody holds a task"),
            remedy=_("Pause it: no new tasks are handed out. Close it when those are done."),
        )
    rightward.give_back(project, timezone.now())


def _locked(project: Project) -> Project:
    """The project as it is now, and stays until the transaction ends."""
    return (
        Project.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=project.pk)
    )


def _stands(project: Project) -> None:
    """Raises Unprocessable with the first line of the offer that is wrong."""
    found = queries.findings(project)
    if found:
        first = found[0]
        raise Unprocessable(
            _("Line %(line)d of the offer, %(label)s: %(seen)s")
            % {"line": first.line, "label": first.label, "seen": first.seen},
            expected=_("an offer without a finding"),
            remedy=first.remedy,
        )
