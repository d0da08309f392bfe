"""What was said about judgments: reviews, cases with their rulings, and what contributors answered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.shared.ids import new_id
from tutelage.web.work.models import Item, Judgment


class Review(models.Model):
    """One look at one judgment, as at a pull request. The judgment stays as it is."""

    class Verdict(models.TextChoices):
        """What a reviewer may say."""

        APPROVED = "approved", _("approved")
        REDO = "redo", _("asked for again")
        EXPERT = "expert", _("given to an expert")

    judgment = models.OneToOneField(Judgment, models.PROTECT, related_name="review")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+", db_index=False)
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["project", "id"], name="review_by_project"),)


class Case(models.Model):
    """Answers to an item that somebody must decide between.

    judgment  whose answer it is about;  due_at: until when an adjudicator answers
    """

    class Why(models.TextChoices):
        """How it came up."""

        EXPERT = "expert", _("a reviewer asks")
        DISPUTE = "dispute", _("a contributor disputes")
        SOLVES = "solves", _("blind solves disagree")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="cases", db_index=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="+")
    judgment = models.ForeignKey(Judgment, models.PROTECT, related_name="cases")
    why = models.CharField(max_length=8, choices=Why)
    reason = models.TextField(blank=True)
    opened_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["judgment", "why"], name="case_once"),)
        indexes = (models.Index(fields=["project", "due_at"], condition=Q(closed_at=None), name="case_open"),
                   models.Index(fields=["project", "id"], name="case_by_project"))  # fmt: skip


class Ruling(models.Model):
    """An adjudicator's own verdict, given before they saw votes or reasons.

    answer  the answer that is right, for the verdict `answer`
    """

    class Verdict(models.TextChoices):
        """What an adjudicator may say. That reasonable people differ is a verdict, not a failure to reach one."""

        ANSWER = "answer", _("this answer is right")
        BOTH = "both", _("both are valid")
        NEITHER = "neither", _("neither is valid")
        PRINCIPLED = "principled", _("principled disagreement")

    case = models.ForeignKey(Case, models.PROTECT, related_name="rulings")
    adjudicator = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    verdict = models.CharField(max_length=10, choices=Verdict)
    answer = models.JSONField(null=True)
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "adjudicator"], name="ruling_once"),)


class Reply(models.Model):
    """What a contributor says to a result of theirs."""

    judgment = models.OneToOneField(Judgment, models.PROTECT, related_name="reply")
    agrees = models.BooleanField()
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
