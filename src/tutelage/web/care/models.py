"""What somebody agreed to meet, and what they have met."""

from __future__ import annotations

from django.db import models

from tutelage.web.people.models import User


class OptIn(models.Model):
    """Somebody is ready to meet a content class. Without such a row they never are handed anything of it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=24)
    since = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "name"], name="opt_in_once"),)


class Exposure(models.Model):
    """Attention to one task that may upset, by the server's clock: from its hand-out to its end.

    slot     the task's place in the queue;  token: its lease
    seen_at  when it was last heard of;  open: it has not come to an end yet
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    slot = models.BigIntegerField()
    token = models.CharField(max_length=32, unique=True)
    severity = models.PositiveSmallIntegerField()
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ms = models.PositiveIntegerField(default=0)
    open = models.BooleanField(default=True)

    class Meta:
        indexes = (models.Index(fields=["user", "seen_at"], name="exposure_of_a_person"),)


class Anchor(models.Model):
    """Where the clock on the wall stood against one machine's steady clock when it was first looked at.

    A clock that is set forward or back moves against it; what was met is counted by the steady one.
    """

    boot = models.CharField(primary_key=True, max_length=64)
    offset_s = models.FloatField()
