"""A double-entry ledger: accounts, transfers, entries. Amounts are whole numbers of the currency's smallest unit.

Triggers on both databases refuse to change or delete a transfer or an entry; another transfer corrects a mistake.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.shared.ids import new_id


class Account(models.Model):
    """A place where money is. What is there is the sum of its entries.

    balance  that sum, of an escrow only: a trigger keeps it as entries come
    """

    class Kind(models.TextChoices):
        """What the money is there."""

        FUNDING = "funding", _("paid in by owners")
        ESCROW = "escrow", _("set aside for a project")
        PAYABLE = "payable", _("owed to a person")
        FEES = "fees", _("the platform's share")
        ROUNDING = "rounding", _("rounding")

    kind = models.CharField(max_length=8, choices=Kind)
    currency = models.CharField(max_length=3)
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="accounts")
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="accounts")
    balance = models.BigIntegerField(default=0, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["kind", "currency"], name="account_once",
                                    condition=Q(project=None, user=None)),
            models.UniqueConstraint(fields=["kind", "currency", "project"], name="account_once_a_project",
                                    condition=Q(project__isnull=False, user=None)),
            models.UniqueConstraint(fields=["kind", "currency", "user"], name="account_once_a_person",
                                    condition=Q(project=None, user__isnull=False)),
            models.CheckConstraint(condition=Q(project=None) | Q(user=None), name="account_of_one"),
        )  # fmt: skip


class Transfer(models.Model):
    """One movement of money, whole or not at all. `key` makes doing it twice impossible."""

    class Kind(models.TextChoices):
        """Why money moved."""

        DEPOSIT = "deposit", _("paid in")
        ESCROW = "escrow", _("set aside")
        RELEASE = "release", _("given back from escrow")
        INSTRUCTION = "instruction", _("instructions")
        CALIBRATION = "calibration", _("calibration")
        TASK = "task", _("task")
        SKIP = "skip", _("skipped task")
        REWORK = "rework", _("rework that was asked for")
        TOP_UP = "top_up", _("top-up to the floor")
        CORRECTION = "correction", _("correction")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="transfers", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="transfers", db_index=False)
    contribution = models.UUIDField(null=True)
    seconds = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["user", "id"], condition=Q(user__isnull=False), name="transfer_by_person"),
            models.Index(fields=["project", "id"], name="transfer_by_project"),
            models.Index(fields=["contribution"], condition=Q(contribution__isnull=False), name="transfer_for"),
        )


class Entry(models.Model):
    """What a transfer does to one account; the entries of a transfer sum to zero."""

    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, models.PROTECT, related_name="entries")
    minor = models.BigIntegerField()
