"""Who is here, and to which organisation they belong."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from tutelage.web.shared.ids import new_id


class UserManager(BaseUserManager):
    """Makes users by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user; without a password, one who signs in by link or passkey alone."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str) -> User:
        """The user of an e-mail address, in any case."""
        return self.get(email=username.lower())


class User(AbstractBaseUser):
    """A person with an account. Outside the platform they are a pseudonym of each project.

    simulated  stands for nobody: made by the demo, never counted as a person
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    language = models.CharField(max_length=12, default="en")
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    simulated = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email


class Organisation(models.Model):
    """Who owns projects. Another organisation's object is 404."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person's part in an organisation; parts in a project are `projects.Role`."""

    class Part(models.TextChoices):
        """What a member of the organisation may do in all of its projects."""

        OWNER = "owner", _("owner")
        AUDITOR = "auditor", _("auditor")
        OPERATOR = "operator", _("operator")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    part = models.CharField(max_length=12, choices=Part)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organisation", "user", "part"], name="member_once"),)


class Invitation(models.Model):
    """A link that lets somebody in once. Only its hash is kept.

    project, role  what accepting gives; without a project, a part in the organisation
                   (`first`: the installation's first owner; `enter`: signs `used_by` in)
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True)
    project = models.UUIDField(null=True)
    role = models.CharField(max_length=12)
    email = models.EmailField(blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")


class Token(models.Model):
    """A scoped API token. Only its hash is kept; `prefix` lets its owner recognise it.

    next_at  when its next request would be on time: what `rules.paid` goes by
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)


class Kept(models.Model):
    """Django's cache: what every process must know for a while, such as failed sign-ins and codes used up."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "people_kept"
