"""The log, keys and audit trail as rows: a leaf is written in the transaction of the contribution it stands for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.shared.ids import new_id


class Leaf(models.Model):
    """An entry of the log. The sequencer gives it its index, so that writers never wait for one another.

    tag   keyed name of the contribution; no two leaves share one.  owner, body: see `provenance.frames.Entry`
    """

    index = models.PositiveBigIntegerField(null=True, unique=True)
    leaf = models.BinaryField(max_length=32)
    tag = models.BinaryField(max_length=16, null=True, unique=True)
    owner = models.BinaryField(max_length=16, null=True)
    body = models.BinaryField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["owner"], name="leaf_owner"),
            models.Index(fields=["id"], condition=models.Q(index__isnull=True), name="leaf_unsequenced"),
        )


class Checkpoint(models.Model):
    """A signed note over the first `size` leaves. The log never continues from less."""

    size = models.PositiveBigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    at = models.DateTimeField(auto_now_add=True)


class PersonKey(models.Model):
    """A contributor's data key, wrapped by the operator's. Deleting it erases what they wrote.

    contributor  a user's id, or the id of a judge whose work was imported
    """

    contributor = models.CharField(max_length=120, unique=True)
    owner = models.BinaryField(max_length=16, unique=True)
    wrapped = models.BinaryField()


class Enrolment(models.Model):
    """A passkey that signs a person's batches in one project. `payload` is what the log holds."""

    user = models.ForeignKey(User, models.PROTECT, related_name="enrolments")
    project = models.ForeignKey(Project, models.PROTECT, related_name="enrolments")
    credential_id = models.BinaryField()
    public_key = models.JSONField()
    payload = models.TextField()
    leaf = models.ForeignKey(Leaf, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["project", "user"], name="enrolment_by_person"),)


class Lost(models.Model):
    """A passkey that its person says they lost. After a while another may be made; the old one stays for old batches.

    ended_at  when it was found again, or another was made
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "project"], condition=models.Q(ended_at=None), name="lost_once_at_a_time"
            ),
        )


class Batch(models.Model):
    """Judgments that their maker signed, with the statement of what they were paid for them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="batches")
    project = models.ForeignKey(Project, models.PROTECT, related_name="batches")
    receipts = models.JSONField()
    payload = models.TextField()
    leaf = models.ForeignKey(Leaf, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()


class Signature(models.Model):
    """Which batch signs a judgment: one at most."""

    judgment = models.UUIDField(primary_key=True)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="signatures")


class Barred(models.Model):
    """Somebody who was erased, as a hash keyed with the operator's key: nothing of theirs is ever logged again."""

    who = models.BinaryField(max_length=32, unique=True)
    at = models.DateTimeField(auto_now_add=True)


class RevocationList(models.Model):
    """A signed list of receipts whose rows buyers must drop; each holds all before it, the last one counts."""

    sealed = models.JSONField()
    receipts = models.PositiveIntegerField()
    at = models.DateTimeField()


class Suspect(models.Model):
    """A judgment under suspicion, and what somebody decided: until then no release is made."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="suspects")
    judgment = models.UUIDField()
    why = models.CharField(max_length=300)
    keep = models.BooleanField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "judgment"], name="suspect_once"),)


class Certified(models.Model):
    """An AI judge on a project's items, the slice drawn to hold it against people, and what came of it.

    Its rows lie in the installation's folder of the project, under `number`.

    found    the claims by target, once computed; labelled: how many of the slice people had judged then
    left     items with a verdict that somebody had judged before the draw: no part of it
    rest     whether the rest of the queue waits until the slice is done
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="certificates")
    number = models.PositiveIntegerField()
    judge = models.CharField(max_length=120)
    target = models.CharField(max_length=10)
    require = models.FloatField(null=True)
    error = models.FloatField(default=0.05)
    seed = models.BigIntegerField()
    items = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    labelled = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    rest = models.BooleanField(default=False)
    working = models.BooleanField(default=False)
    why = models.TextField(blank=True)
    draw = models.JSONField()
    found = models.JSONField(default=dict)
    leaf = models.ForeignKey(Leaf, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    computed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "number"], name="certificate_number"),)


class Release(models.Model):
    """A sealed release: asked for, built in the background, verified by its own `verify.py`.

    step      how far it is, in words;  manifest: `release.json`;  checked: what the verifier said
    against   the difference to the release before it
    """

    class State(models.TextChoices):
        """How far it is."""

        WORKING = "working", _("being built")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    project = models.ForeignKey(Project, models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    licence = models.CharField(max_length=80)
    exclusive = models.BooleanField(default=False)
    certificate = models.ForeignKey(Certified, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.WORKING)
    step = models.CharField(max_length=12, default="waiting")
    manifest = models.JSONField(default=dict)
    checked = models.JSONField(default=dict)
    against = models.JSONField(default=dict)
    why = models.TextField(blank=True)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "number"], name="release_number"),)


class Audit(models.Model):
    """Who did what to which object, in the transaction that did it; sealed into the log in ranges.

    sealed_in  the leaf that covers this row's range, once the sequencer has passed
    was        the hash of a row as it was sealed, where erasing its actor has since emptied it
    """

    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    verb = models.CharField(max_length=24)
    what = models.CharField(max_length=24)
    which = models.CharField(max_length=40)
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="+", db_index=False)
    detail = models.JSONField(default=dict)
    sealed_in = models.ForeignKey(Leaf, models.PROTECT, null=True, related_name="+")
    was = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = (models.Index(fields=["project", "id"], name="audit_by_project"),)
