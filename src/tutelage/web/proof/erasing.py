"""Erasing a person from the hall: their key, and with it every word, receipt and link; leaves and releases stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.module_loading import import_string

from tutelage.provenance.erasure import Reason, Revocations, Tombstone, open_revocations, sign_revocations
from tutelage.provenance.frames import opposite
from tutelage.provenance.people import decrypt
from tutelage.provenance.receipts import Given
from tutelage.store import canonical
from tutelage.web import installation
from tutelage.web.people.models import Invitation, Member, Token, User
from tutelage.web.projects.models import Role
from tutelage.web.proof import models, queries, rightward
from tutelage.web.proof.actions import SEALED, audit, audit_hash, publish
from tutelage.web.proof.storage import Rows
from tutelage.web.shared.refusals import Refused

CHUNK = 500


@transaction.atomic
def erase(user: User, reason: Reason, now: datetime, by: User | None = None) -> int:
    """Forget a person in all projects; gives how many of their contributions. Done twice it changes nothing.

    Kept: leaf hashes, enrolments (pseudonym and public key), pay lines under a number without a name, as bookkeeping
    wants, and a keyed hash by which they are never logged again. Not reached: releases handed out, and backups.
    """
    _may_go(user)
    operator, origin = installation.operator_key(settings.HALL), installation.origin(settings.HALL)
    keys = queries.keys()
    owner = keys.owner_of(str(user.pk))
    receipts = _receipts(user, owner)
    models.Barred.objects.get_or_create(who=keys.bar(str(user.pk)))
    if receipts:
        last = queries.revocations()
        before = open_revocations(last.sealed, [operator.public]).receipts if last else ()
        size = models.Leaf.objects.exclude(index=None).count()
        after = Revocations(origin, size, tuple(sorted({*before, *receipts})))
        publish(canonical(Tombstone(origin, after.digest(), len(receipts), reason, now.replace(microsecond=0))))
        models.RevocationList.objects.create(sealed=sign_revocations(after, operator), receipts=len(after.receipts),
                                             at=now)  # fmt: skip
    if owner is not None:
        keys.forget(owner)
        Rows().erase(owner)
        Rows().erase(opposite(owner))
    rightward.forget(user)
    models.Batch.objects.filter(user=user).delete()
    models.Enrolment.objects.filter(user=user).delete()
    models.Lost.objects.filter(user=user).delete()
    _empty_audit(user)
    _close(user)
    audit(by, "erased", "person", user.pk, at=now, contributions=len(receipts), why=reason)
    return len(receipts)


def _may_go(user: User) -> None:
    """Refused where an organisation would have no owner left."""
    mine = Member.objects.filter(user=user, part="owner").values("organisation")
    others = Member.objects.filter(organisation__in=mine, part="owner").exclude(user=user)
    if mine.exclude(organisation__in=others.values("organisation")).exists():
        raise Refused("An organisation would have no owner.", expected="somebody else who owns it",
                      remedy="Make another member an owner first.")  # fmt: skip


def _receipts(user: User, owner: bytes | None) -> list[str]:
    """Ids of all of a person's receipts that can still be read."""
    if owner is None:
        return []
    key, found = queries.keys().key_of(str(user.pk)), []
    for leaf in models.Leaf.objects.filter(owner=owner).order_by("pk").iterator(CHUNK):
        body = decrypt(key.key, bytes(leaf.body), bytes(leaf.leaf) + bytes(leaf.tag))
        found.append(Given.parse(body).receipt.id)
    return found


def _empty_audit(user: User) -> None:
    """What somebody did, without saying that it was they: each row leaves the hash that its sealed range covers."""
    rows = models.Audit.objects.filter(actor=user)
    while chunk := list(rows.values(*SEALED, "sealed_in")[:CHUNK]):
        emptied = []
        for row in chunk:
            sealed = row.pop("sealed_in")
            was = audit_hash(row) if sealed else None
            emptied.append(models.Audit(pk=row["id"], actor=None, which="", detail={}, was=was))
        models.Audit.objects.bulk_update(emptied, ["actor", "which", "detail", "was"])


def _close(user: User) -> None:
    """An account that nobody can enter and that names nobody."""
    Authenticator.objects.filter(user=user).delete()
    for session in UserSession.objects.filter(user=user):
        session.end()
    Token.objects.filter(user=user).delete()
    Invitation.objects.filter(email__iexact=user.email).update(email="")
    Role.objects.filter(user=user).delete()
    Member.objects.filter(user=user).delete()
    forgotten: dict[str, Any] = {"email": f"{user.pk}@erased.invalid", "name": "", "is_active": False}
    nameless: AbstractBaseUser = user
    nameless.set_unusable_password()
    User.objects.filter(pk=user.pk).update(**forgotten, password=user.password, is_operator=False)


def person(named: str) -> User:
    """Somebody by e-mail address or number. Raises Refused where there is nobody."""
    found = import_string("tutelage.web.people.queries.user_by_email")(named)
    found = found or next(iter(User.objects.filter(pk=named)[:1]), None) if "-" in named and "@" not in named else found
    if found is None:
        raise Refused("Nobody here has this address or number.", expected="an e-mail address, or a person's number",
                      remedy="Look under the project's People.")  # fmt: skip
    return found
