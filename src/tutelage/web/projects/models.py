"""Projects, their guidelines, who plays which part, and who accepted which terms."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from tutelage.web.people.models import Organisation, User
from tutelage.web.shared.ids import new_id


def new_pepper() -> bytes:
    """32 bytes that make this project's pseudonyms its own."""
    return secrets.token_bytes(32)


class Project(models.Model):
    """What people are asked to do, for whom and on which terms.

    minutes          estimated for one task, at the median
    piece_minor      pay for one task, in the currency's smallest unit
    instruction_minor pay for reading the instructions and the calibration tasks
    fee_bp           the platform's share on top of people's pay, in basis points
    lease_s          how long a task is held for somebody
    quota_day        most tasks for one person a day; 0: no limit
    warnings         content classes that people must be told of
    model            the current model by its name here, which tries what people write; "" for none
    """

    class State(models.TextChoices):
        """Where a project stands. Only an open one hands out tasks."""

        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")

    class Strategy(models.TextChoices):
        """In which order tasks are handed out."""

        SEQUENTIAL = "sequential", _("in order")
        RANDOM = "random", _("at random")
        STRATIFIED = "stratified", _("evenly over domains")
        UNCERTAINTY = "uncertainty", _("least certain first")
        GOLD = "gold", _("known answers first")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="projects")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=24)
    purpose = models.TextField()
    client_class = models.CharField(max_length=120)
    duties = models.TextField()
    minutes = models.FloatField()
    warnings = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    overlap = models.PositiveSmallIntegerField(default=1)
    gold_share = models.FloatField(default=0.0)
    strategy = models.CharField(max_length=12, choices=Strategy, default=Strategy.SEQUENTIAL)
    currency = models.CharField(max_length=3, default="EUR")
    piece_minor = models.PositiveIntegerField()
    instruction_minor = models.PositiveIntegerField(default=0)
    fee_bp = models.PositiveIntegerField(default=0)
    lease_s = models.PositiveIntegerField(default=1800)
    quota_day = models.PositiveIntegerField(default=0)
    open_call = models.BooleanField(default=False)
    model = models.CharField(max_length=60, blank=True, default="")
    pepper = models.BinaryField(default=new_pepper, editable=False)
    made_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organisation", "slug"], name="project_slug_once"),)

    def __str__(self) -> str:
        return self.name


class Guideline(models.Model):
    """One version of the instructions. Never edited: a change is the next version.

    rubric  criteria with anchored examples: [{"name", "about", "anchors": {"1": …}}]
    digest  sha256 of text and rubric, which receipts name
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="guidelines")
    version = models.PositiveIntegerField()
    text = models.TextField()
    rubric = models.JSONField(default=list, blank=True)
    digest = models.CharField(max_length=71)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "version"], name="guideline_version_once"),)


class Role(models.Model):
    """The part somebody plays in a project."""

    class Name(models.TextChoices):
        """What one may do."""

        CONTRIBUTOR = "contributor", _("contributor")
        REVIEWER = "reviewer", _("reviewer")
        ADJUDICATOR = "adjudicator", _("adjudicator")
        AUTHOR = "author", _("author")
        OWNER = "owner", _("owner")
        AUDITOR = "auditor", _("auditor")

    project = models.ForeignKey(Project, models.CASCADE, related_name="roles")
    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    name = models.CharField(max_length=12, choices=Name)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "user", "name"], name="role_once"),)


class Acceptance(models.Model):
    """Somebody accepted the offer as it stood. `offer` is the digest of what they were shown."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="acceptances")
    user = models.ForeignKey(User, models.CASCADE, related_name="acceptances")
    guideline = models.ForeignKey(Guideline, models.PROTECT, related_name="+")
    offer = models.CharField(max_length=71)
    accepted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "user", "guideline"], name="acceptance_once"),)
