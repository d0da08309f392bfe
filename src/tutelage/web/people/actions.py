"""What changes about people: who they are, where they belong, with what they come in."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tutelage.web.people import queries, rules
from tutelage.web.people.models import Invitation, Member, Organisation, Token, User
from tutelage.web.people.rightward import audit
from tutelage.web.shared.refusals import Forbidden, Refused, TooMuch

FIRST_DAYS, ENTER_DAYS = 7, 1


@transaction.atomic
def first_run_token(hall: Path | None = None) -> str | None:
    """The secret of `/start/<token>`, in place of any earlier one; None where the installation has its owner.

    hall  the data directory that Django was set up with; nothing is kept there
    """
    if queries.has_owner():
        return None
    Invitation.objects.filter(role=rules.FIRST, used_at=None).delete()
    return _invite(rules.FIRST, days=FIRST_DAYS)[1]


@transaction.atomic
def first_run(token: str, *, name: str, email: str, password: str, organisation: str) -> User:
    """The installation's owner and default organisation. Raises Forbidden on a link that was used or replaced."""
    invitation = queries.invitation_by(token)
    if invitation is None or invitation.role != rules.FIRST or queries.has_owner():
        raise _dead()
    user = register(name=name, email=email, password=password, is_operator=True)
    _use(invitation, user)
    made = Organisation.objects.create(name=organisation)
    for part in (Member.Part.OWNER, Member.Part.OPERATOR):
        Member.objects.create(organisation=made, user=user, part=part)
    audit(user, "set up", "organisation", made.pk, name=organisation)
    return user


@transaction.atomic
def register(*, name: str, email: str, password: str | None, **fields: Any) -> User:
    """A new account. Raises Refused where the address has one."""
    if queries.user_by_email(email):
        raise Refused(
            _("There is an account with this address."),
            expected=_("a new address"),
            remedy=_("Sign in with it, then open this link again."),
        )
    fields.setdefault("language", translation.get_language() or settings.LANGUAGE_CODE)
    user = User.objects.create_user(email, password, name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    audit(user, "register", "user", user.pk)
    return user


@transaction.atomic
def invite(
    actor: User, role: str, *, organisation: Organisation, project: UUID | None = None, email: str = "", days: int = 14
) -> tuple[Invitation, str]:
    """An invitation and its secret, which is shown once. Who may invite is the caller's to ask."""
    made, secret = _invite(
        role, organisation=organisation, project=project, email=email.strip().lower(), made_by=actor, days=days
    )
    audit(actor, "invite", "invitation", made.pk, role=role, organisation=str(organisation.pk))
    return made, secret


@transaction.atomic
def accept_invitation(token: str, user: User) -> Invitation:
    """Use a link up; a part in the organisation is given here, a role in a project by `projects.actions.join`.

    Raises Forbidden where it was used, has expired or was meant for another address.
    """
    invitation = queries.invitation_by(token)
    if invitation is None or invitation.role in (rules.FIRST, rules.ENTER):
        raise _dead()
    if invitation.email and invitation.email != user.email:
        raise Forbidden(
            _("This invitation is for another address than yours."),
            expected=_("an invitation for you"),
            remedy=_("Sign in with the address it was sent to."),
        )
    _use(invitation, user)
    if invitation.project is None:
        Member.objects.get_or_create(organisation=invitation.organisation, user=user, part=invitation.role)
    audit(user, "accept", "invitation", invitation.pk, role=invitation.role)
    return invitation


@transaction.atomic
def revoke_invitation(actor: User, invitation: Invitation) -> None:
    """Make a link useless."""
    Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=timezone.now())
    audit(actor, "revoke", "invitation", invitation.pk)


@transaction.atomic
def entry_link(user: User, *, days: int = ENTER_DAYS) -> str:
    """The secret of `/enter/<token>`, which signs this user in once; a second factor is asked for as ever."""
    secret = _invite(rules.ENTER, used_by=user, days=days)[1]
    audit(None, "entry link", "user", user.pk)
    return secret


@transaction.atomic
def enter(token: str) -> User:
    """The user of an entry link, which is used up. Raises Forbidden."""
    invitation = queries.invitation_by(token)
    if invitation is None or invitation.role != rules.ENTER or invitation.used_by is None:
        raise _dead()
    _use(invitation, invitation.used_by)
    audit(invitation.used_by, "enter", "user", invitation.used_by.pk)
    return invitation.used_by


@transaction.atomic
def rename(actor: User, organisation: Organisation, name: str) -> None:
    """Call an organisation something else."""
    audit(actor, "rename", "organisation", organisation.pk, before=organisation.name, after=name)
    organisation.name = name
    organisation.save(update_fields=["name"])


@transaction.atomic
def remove_member(actor: User, member: Member) -> None:
    """Take somebody's part in an organisation away. Raises Refused for the last owner."""
    owners = Member.objects.select_for_update().filter(organisation=member.organisation_id, part=Member.Part.OWNER)
    if member.part == Member.Part.OWNER and len(owners) == 1:
        raise Refused(
            _("This is the last owner."), expected=_("at least one owner"), remedy=_("Invite another owner first.")
        )
    audit(actor, "remove", "member", member.pk, user=str(member.user_id), part=member.part)
    member.delete()


@transaction.atomic
def make_token(user: User, label: str, scopes: list[str], days: int | None) -> tuple[Token, str]:
    """A scoped token and its secret, which is shown once."""
    secret, now = rules.new_secret(), timezone.now()
    made = Token.objects.create(
        user=user,
        label=label,
        scopes=[s for s in rules.SCOPES if s in scopes],
        token_hash=secret.hash,
        prefix=secret.prefix,
        expires_at=rules.expiry(days, now=now) if days else None,
    )
    audit(user, "make", "token", made.pk, scopes=made.scopes)
    return made, secret.text


@transaction.atomic
def revoke_token(token: Token) -> None:
    """Make a token useless from now on."""
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit(token.user, "revoke", "token", token.pk)


def admit(secret: str, method: str, now: datetime) -> User | None:
    """The user of a live token whose scopes allow the method; one request is paid. Raises TooMuch where it has none.

    Two requests at once: whoever comes second finds the time moved on, and looks again.
    """
    rate = rules.Rate(*settings.API_RATE)
    while (token := queries.live_token(secret)) is not None:
        next_at, wait = rules.paid(token.next_at, now, rate)
        if wait:
            raise _too_often(_("This token asks too often."), rate, wait)
        seen = Token.objects.filter(pk=token.pk, next_at=token.next_at)
        if seen.update(next_at=next_at, used_at=now):
            return token.user if ("read" if method in queries.SAFE else "write") in token.scopes else None
    return None


class Pace:
    """When each of many may ask next, in this process: a browser asks it at every key, and no table is written.

    most  so many are remembered before those are forgotten whose bucket is full again
    """

    def __init__(self, most: int = 10_000) -> None:
        self._next: dict[Any, datetime] = {}
        self._most, self._lock = most, threading.Lock()

    def __len__(self) -> int:
        return len(self._next)

    def pay(self, who: Any, now: datetime, rate: rules.Rate) -> int:
        """Pay one request; gives the seconds to wait, 0 where it may go on."""
        with self._lock:
            if len(self._next) >= self._most and who not in self._next:
                self._next = {one: at for one, at in self._next.items() if at > now}
            self._next[who], wait = rules.paid(self._next.get(who), now, rate)
        return wait


_browsers = Pace()


def admit_browser(user: User, now: datetime) -> None:
    """One request of somebody's browsers, all of them together, is paid. Raises TooMuch.

    Each server has its own count; behind several, somebody may ask each of them as often.
    """
    rate = rules.Rate(*settings.API_RATE)
    if wait := _browsers.pay(user.pk, now, rate):
        raise _too_often(_("You ask too often."), rate, wait)


def _too_often(seen: str, rate: rules.Rate, wait: int) -> TooMuch:
    return TooMuch(seen, expected=_("%(rate)g requests a second at most") % {"rate": rate.per_s},
                   remedy=_("Wait, and ask again."), wait_s=wait)  # fmt: skip


@transaction.atomic
def change_profile(user: User, changes: dict[str, Any]) -> None:
    """Set name, language or theme."""
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=list(changes))
    audit(user, "change", "user", user.pk, fields=sorted(changes))


def _invite(role: str, *, days: int, **fields: Any) -> tuple[Invitation, str]:
    secret, now = rules.new_secret(), timezone.now()
    made = Invitation.objects.create(
        role=role, token_hash=secret.hash, expires_at=rules.expiry(days, now=now), **fields
    )
    return made, secret.text


def _use(invitation: Invitation, user: User) -> None:
    """Two who open a link at once: one update finds the row unused, the other none."""
    now = timezone.now()
    if not Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now, used_by=user):
        raise _dead()


def _dead() -> Forbidden:
    return Forbidden(
        _("This link was used, replaced or has expired."),
        expected=_("a link that is still good"),
        remedy=_("Ask whoever gave it to you for a new one."),
    )
