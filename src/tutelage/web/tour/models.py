"""The walk and how far it is."""

from __future__ import annotations

from django.db import models

from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.shared.ids import new_id


class Tour(models.Model):
    """One sceptic's walk.

    votes  what the votes are: "llmfao" (real people's) or "simulated", which every page then says
    draws  how many slices were drawn; behind each the votes come into the log anew
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.OneToOneField(User, models.CASCADE, related_name="tour")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    votes = models.CharField(max_length=12)
    draws = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(auto_now_add=True)


class Scene(models.Model):
    """One step: asked for, worked on in the background, and what came of it.

    asked  what the sceptic chose for it: a seed, a byte, a judgment
    """

    class State(models.TextChoices):
        """How far it is."""

        WORKING = "working", "working"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    tour = models.ForeignKey(Tour, models.CASCADE, related_name="scenes")
    name = models.CharField(max_length=12)
    state = models.CharField(max_length=8, choices=State, default=State.WORKING)
    done = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=1)
    asked = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    asked_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tour", "name"], name="scene_once"),)
