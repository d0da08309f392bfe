"""What an owner sets going: imports, exports; a project's figures; judgments from outside; webhooks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tutelage.web.people.models import User
from tutelage.web.projects.models import Guideline, Project
from tutelage.web.shared.ids import new_id
from tutelage.web.work.models import Item


class Job(models.Model):
    """An import or export, done in the background and taken up where it was cut off.

    options  what was asked: format, column map, what the file's answers count as …
    done     rows that are through; `of`: how many there are, 0 while unknown
    said     what is known before and after: the preview of an import, what an export left out
    error    of the row that stopped it: seen, expected, remedy, place
    """

    class Kind(models.TextChoices):
        """Which way rows go."""

        IMPORT = "import", _("import")
        EXPORT = "export", _("export")

    class State(models.TextChoices):
        """How far it is."""

        PREVIEW = "preview", _("to be looked at")
        WORKING = "working", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("stopped")

    project = models.ForeignKey(Project, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=6, choices=Kind)
    state = models.CharField(max_length=8, choices=State)
    name = models.CharField(max_length=200)
    options = models.JSONField(default=dict)
    done = models.PositiveBigIntegerField(default=0)
    added = models.PositiveBigIntegerField(default=0)
    of = models.PositiveBigIntegerField(default=0)
    said = models.JSONField(default=dict)
    error = models.JSONField(default=dict)
    key = models.CharField(max_length=64, null=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    moved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "key"], name="job_once_a_key"),)


class Outside(models.Model):
    """A judgment that no person gave at the workbench: an AI judge's, or one that a file brought. Never paid.

    judge  the record of who judged (`records.Judge`), and `name` its id
    """

    class Via(models.TextChoices):
        """How it came in."""

        API = "api", _("by the API")
        FILE = "file", _("from a file")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="outside")
    guideline = models.ForeignKey(Guideline, models.PROTECT, related_name="+", db_index=False)
    via = models.CharField(max_length=4, choices=Via)
    name = models.CharField(max_length=160)
    judge = models.JSONField()
    answer = models.JSONField()
    reason = models.TextField(blank=True)
    key = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64)
    receipt = models.TextField()
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "key"], name="outside_once_a_key"),)
        indexes = (models.Index(fields=["project", "id"], name="outside_order"),)


class Figures(models.Model):
    """A project's figures as the last pass of the worker found them, so that its page only reads."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="figures")
    found = models.JSONField(default=dict)
    seen = models.UUIDField(null=True)
    at = models.DateTimeField()


class Disputed(models.Model):
    """An item on which people gave different answers, for the browser's filter."""

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="disputed")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    rank = models.BigIntegerField()
    answers = models.PositiveSmallIntegerField()

    class Meta:
        indexes = (models.Index(fields=["project", "rank", "item"], name="disputed_order"),)


class Webhook(models.Model):
    """Where a project's events are sent, signed with a secret that is shown once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    events = models.JSONField(default=list)
    secret = models.BinaryField()
    active = models.BooleanField(default=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class Delivery(models.Model):
    """One event on its way to a webhook: tried again later and later until it is taken or given up."""

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("waiting")
        SENT = "sent", _("taken")
        FAILED = "failed", _("given up")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    next_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="delivery_due"),
            models.Index(fields=["webhook", "id"], name="delivery_order"),
        )


class Loop(models.Model):
    """One run of a recipe, from prompts to the gate. All but what stands here lies in its directory, see `loops`.

    wish     what its owner wants of it while it runs: "", "pause" (after this step) or "stop" (at once)
    attempt  grows with every start;  tries: how often the process of this attempt died without a word
    steps    how many were done when it was last looked at
    needed   judgments that it waits for;  given: how many of them there are
    enough   go on with what there is
    """

    class State(models.TextChoices):
        """How far it is."""

        WORKING = "working", _("under way")
        WAITING = "waiting", _("waiting for people")
        PAUSED = "paused", _("paused")
        FAILED = "failed", _("stopped")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    project = models.ForeignKey(Project, models.CASCADE, related_name="loops")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=12)
    state = models.CharField(max_length=9, choices=State, default=State.WORKING)
    wish = models.CharField(max_length=5, blank=True)
    attempt = models.PositiveIntegerField(default=1)
    tries = models.PositiveSmallIntegerField(default=0)
    steps = models.PositiveSmallIntegerField(default=0)
    needed = models.PositiveIntegerField(default=0)
    given = models.PositiveIntegerField(default=0)
    enough = models.BooleanField(default=False)
    outcome = models.CharField(max_length=12, blank=True)
    error = models.JSONField(default=dict)
    key = models.CharField(max_length=64, null=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    moved_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["project", "number"], name="loop_number"),
            models.UniqueConstraint(fields=["project", "key"], name="loop_once_a_key"),
        )
        indexes = (
            models.Index(fields=["at"], condition=models.Q(state__in=("working", "waiting")), name="loop_alive"),
        )
