"""Who asks: users, tokens, organisations. Reads only; the one door to each object."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from tutelage.web.people import rules
from tutelage.web.people.models import Invitation, Member, Organisation, Token, User

SAFE = ("GET", "HEAD", "OPTIONS")


def live_token(token: str) -> Token | None:
    """The token of a secret, with its user, while it holds."""
    live = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
    held = Token.objects.select_related("user").filter(live, token_hash=rules.hashed(token), user__is_active=True)
    return held.first()


def signed_in(request: Any) -> User:
    """Whoever asks, who is signed in; Http404 where nobody is."""
    if not request.user.is_authenticated:
        raise Http404
    return request.user


def has_owner() -> bool:
    """Whether the installation was set up."""
    return User.objects.filter(is_operator=True).exists()


def user_by_email(email: str) -> User | None:
    """The user of an address, in any case."""
    return User.objects.filter(email=email.strip().lower()).first()


def organisation_for(user: Any, pk: Any, *parts: str) -> Organisation:
    """An organisation in which the user has one of the parts (any, if none is named), or Http404."""
    if not user.is_authenticated:
        raise Http404
    mine = Member.objects.filter(organisation=_uuid(pk), user=user).select_related("organisation")
    held = {m.part: m.organisation for m in mine}
    allowed = [organisation for part, organisation in held.items() if not parts or part in parts]
    if not allowed:
        raise Http404
    found = allowed[0]
    found.held = frozenset(held)
    return found


def organisations_of(user: User, *parts: str) -> list[Organisation]:
    """Where the user has one of the parts (any, if none is named), by name."""
    found = Organisation.objects.filter(members__user=user)
    return list((found.filter(members__part__in=parts) if parts else found).distinct().order_by("name"))


def members_of(organisation: Organisation) -> list[Member]:
    """Everybody in an organisation, by part and name."""
    return list(organisation.members.select_related("user").order_by("part", "user__name", "user__email"))


def member_for(organisation: Organisation, pk: int) -> Member:
    """A member of that organisation, or Http404."""
    found = organisation.members.select_related("user").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def invitation_by(token: str) -> Invitation | None:
    """The invitation of a link that can still be used."""
    found = Invitation.objects.select_related("organisation", "used_by").filter(token_hash=rules.hashed(token)).first()
    return found if found and rules.is_live(found.expires_at, found.used_at, now=timezone.now()) else None


def invitations(*, organisation: Organisation | None = None, project: UUID | None = None) -> list[Invitation]:
    """Open invitations to an organisation (a part of it) or to a project, newest first."""
    where = Q(project=project) if project else Q(organisation=organisation, project=None)
    found = Invitation.objects.filter(where, used_at=None, expires_at__gt=timezone.now())
    made = list(found.select_related("made_by").order_by("-id"))
    for invitation in made:
        invitation.part_label = dict(Member.Part.choices).get(invitation.role, invitation.role)
    return made


def invitation_for(pk: Any, *, organisation: Organisation | None = None, project: UUID | None = None) -> Invitation:
    """An invitation to just that organisation or project, or Http404."""
    where = Q(project=project) if project else Q(organisation=organisation, project=None)
    found = Invitation.objects.filter(where, pk=_uuid(pk)).first()
    if found is None:
        raise Http404
    return found


def tokens_of(user: User) -> QuerySet[Token]:
    """A user's own tokens that were not revoked, newest first."""
    return Token.objects.filter(user=user, revoked_at=None).order_by("-id")


def token_for(user: Any, pk: Any) -> Token:
    """A user's own token, or Http404."""
    found = Token.objects.filter(user=user, pk=_uuid(pk)).first() if user.is_authenticated else None
    if found is None:
        raise Http404
    return found


def is_staff(user: User) -> bool:
    """Whether the user owns or operates an organisation."""
    return Member.objects.filter(user=user, part__in=rules.STAFF).exists()


def has_second_factor(user: User) -> bool:
    """Whether signing in takes more than a password: an authenticator app or a passkey."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user=user, type__in=kinds).exists()


def _uuid(pk: Any) -> UUID:
    """The identity that an address names, or Http404."""
    try:
        return UUID(str(pk))
    except ValueError:
        raise Http404 from None


def factors_of(user: User) -> dict[str, int]:
    """How many ways of signing in there are besides a password, by kind (`totp`, `webauthn`, `recovery_codes`)."""
    kinds = Authenticator.objects.filter(user=user).values_list("type", flat=True)
    return {str(kind): sum(k == kind for k in kinds) for kind in Authenticator.Type.values}
