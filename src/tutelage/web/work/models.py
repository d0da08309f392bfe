"""The queue and what came of it. Texts lie beside the queue, not in it, so that claiming stays small and flat."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tutelage.web.people.models import Organisation, User
from tutelage.web.projects.models import Guideline, Project
from tutelage.web.shared.ids import new_id


class Item(models.Model):
    """One thing to be judged or done.

    name   its id in the records, kept from an import
    rank   where it stands in the project's order
    needed how many judgments are wanted;  given: how many there are
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="items")
    name = models.CharField(max_length=120)
    rank = models.BigIntegerField()
    domain = models.CharField(max_length=60, blank=True)
    needed = models.PositiveSmallIntegerField()
    given = models.PositiveSmallIntegerField(default=0)
    gold = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "name"], name="item_once"),)
        indexes = (models.Index(fields=["project", "rank", "id"], name="item_order"),)


class ItemBody(models.Model):
    """What an item says: canonical records as text, and the known answer of a gold item."""

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="body")
    record = models.TextField()
    responses = models.TextField(default="[]")
    salt = models.BinaryField()
    gold_answer = models.JSONField(null=True)
    gold_reason = models.TextField(blank=True)


class Slot(models.Model):
    """One wanted judgment: the queue. Its unique rows make double assignment and double submission impossible.

    token   what the holder of the lease shows;  epoch: counts how often it was reopened
    about   the judgment that this one is asked about, where the item itself is not what is shown: a problem to solve
    WAITING until there is such a judgment, nobody can be asked about it;  HELD back while a slice is asked;
    CLOSED  for good: nobody wants it any more
    """

    FREE, LEASED, DONE, CLOSED, WAITING, HELD = range(6)

    project = models.ForeignKey(Project, models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, models.CASCADE, related_name="slots")
    rank = models.BigIntegerField()
    state = models.PositiveSmallIntegerField(default=FREE)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    token = models.CharField(max_length=32, null=True, unique=True)
    epoch = models.PositiveIntegerField(default=0)
    guideline = models.ForeignKey(Guideline, models.PROTECT, null=True, related_name="+", db_index=False)
    about = models.ForeignKey("Judgment", models.PROTECT, null=True, related_name="asked")
    leased_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["item", "user"], condition=Q(user__isnull=False), name="slot_once_a_person"
            ),
        )
        indexes = (
            models.Index(fields=["project", "rank", "id"], condition=Q(state=0), name="slot_free"),
            models.Index(fields=["project", "user"], condition=Q(state=1), name="slot_held"),
            models.Index(fields=["expires_at"], condition=Q(state=1), name="slot_expiry"),
        )


class Seat(models.Model):
    """A contributor's place in a project: where they are in the queue, and what they have done there.

    nym      their pseudonym, the only name outside the platform
    cursor   rank of the last slot taken, so that the next is found without passing over all before it
    receipt  id of their latest receipt, which the next one names
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="seats")
    user = models.ForeignKey(User, models.CASCADE, related_name="seats")
    nym = models.CharField(max_length=64, unique=True)
    cursor = models.BigIntegerField(default=-1)
    receipt = models.CharField(max_length=36, null=True)
    done = models.PositiveIntegerField(default=0)
    active_ms = models.PositiveBigIntegerField(default=0)
    earned_minor = models.PositiveBigIntegerField(default=0)
    day = models.DateField(null=True)
    done_today = models.PositiveIntegerField(default=0)
    keys_off = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "user"], name="seat_once"),)


class Draft(models.Model):
    """What was typed so far; survives every crash."""

    slot = models.ForeignKey(Slot, models.CASCADE, related_name="drafts")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    answer = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=0)
    active_ms = models.PositiveBigIntegerField(default=0)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["slot", "user"], name="draft_once"),)


class Judgment(models.Model):
    """One answer. Never edited or deleted; `supersedes` withdraws or replaces an earlier one.

    key, body_digest  the request's idempotency key and what it said: the same again gives the same id
    conditions        what the server found beside it: a model's tries at a problem, a grader's finding of a solve
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="judgments", db_index=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="judgments")
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="judgments", db_index=False)
    epoch = models.PositiveIntegerField()
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="judgments", db_index=False)
    guideline = models.ForeignKey(Guideline, models.PROTECT, related_name="+", db_index=False)
    answer = models.JSONField()
    reason = models.TextField(blank=True)
    supersedes = models.OneToOneField("self", models.PROTECT, null=True, related_name="superseded_by")
    active_ms = models.PositiveIntegerField()
    wall_ms = models.PositiveIntegerField()
    telemetry = models.JSONField(default=dict)
    conditions = models.JSONField(default=dict)
    key = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64)
    pay_minor = models.PositiveIntegerField(default=0)
    receipt = models.TextField()
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["slot", "epoch"], name="judgment_once_a_slot"),
            models.UniqueConstraint(fields=["user", "key"], name="judgment_once_a_key"),
        )
        indexes = (models.Index(fields=["project", "id"], name="judgment_order"),
                   models.Index(fields=["user", "project", "id"], name="judgment_by_person"))  # fmt: skip


class Skip(models.Model):
    """A task that somebody did not want or could not do; paid like any other minute."""

    class Why(models.TextChoices):
        """Why."""

        UNCLEAR = "unclear", "unclear"
        OUTSIDE = "outside", "outside what I know"
        DISTRESSING = "distressing", "I would rather not see this"
        BROKEN = "broken", "something is broken"
        OTHER = "other", "other"

    item = models.ForeignKey(Item, models.CASCADE, related_name="skips")
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    why = models.CharField(max_length=12, choices=Why)
    note = models.TextField(blank=True)
    key = models.CharField(max_length=64)
    pay_minor = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="skip_once_a_key"),
                       models.UniqueConstraint(fields=["user", "item"], name="skip_once_an_item"))  # fmt: skip


class Trial(models.Model):
    """What the current model made of a problem while its author wrote it.

    digest  of prompt, answer and grader: a trial says nothing of a problem that was changed since
    found   {"grades", "answers", "model"}
    count   how often the author tried
    """

    slot = models.ForeignKey(Slot, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    found = models.JSONField(default=dict)
    count = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["slot", "user"], name="trial_once"),)


class Prompt(models.Model):
    """What a problem asks, by how it reads, and which side it is on: in an organisation it stands on one side only."""

    class Use(models.TextChoices):
        """Training, or the tests that training never sees."""

        TRAINING = "training", _("training")
        HELD_OUT = "held_out", _("held out")

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=80)
    use = models.CharField(max_length=8, choices=Use)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organisation", "key"], name="prompt_on_one_side"),
            models.CheckConstraint(condition=Q(use__in=["training", "held_out"]), name="prompt_use"),
        )


class Problem(models.Model):
    """A problem that stands in a project: it is live once enough people who solved it blind agree with its author."""

    class State(models.TextChoices):
        """What the blind solves say so far."""

        OPEN = "open", _("being solved")
        LIVE = "live", _("live")
        DISPUTED = "disputed", _("solves disagree")

    project = models.ForeignKey(Project, models.CASCADE, related_name="problems", db_index=False)
    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="problems")
    judgment = models.OneToOneField(Judgment, models.PROTECT, related_name="problem")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "prompt"], name="problem_once_a_project"),)


class Rehearsal(models.Model):
    """A task that somebody who runs a project did to see how long it takes. Nothing else of it is kept, or paid."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="rehearsals", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, models.CASCADE, related_name="+", db_index=False)
    guideline = models.ForeignKey(Guideline, models.CASCADE, related_name="+", db_index=False)
    began_at = models.DateTimeField()
    ms = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "user", "item"], name="rehearsal_once"),)


class Keys(models.Model):
    """The keys somebody works with, wherever they sign in. mapped: shortcut -> chord;  off: no single keys."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="work_keys")
    mapped = models.JSONField(default=dict)
    off = models.BooleanField(default=False)
