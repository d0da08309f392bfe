"""What was seen when a project's judgments were examined."""

from __future__ import annotations

from django.db import models

from tutelage.web.people.models import User
from tutelage.web.projects.models import Project


class Look(models.Model):
    """One examination of all that was done in a project. It says something about the work; nothing follows by itself.

    found  the inspection as JSON, by pseudonym: `rules.said`;  empty while it is under way
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="looks", db_index=False)
    rows = models.PositiveIntegerField(default=0)
    found = models.JSONField(default=dict)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["project", "id"], name="look_by_project"),)
