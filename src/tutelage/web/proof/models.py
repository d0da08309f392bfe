"""The log, keys and audit trail as rows: a leaf is written in the transaction of the contribution it stands for."""

from __future__ import annotations

from django.db import models

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


class Batch(models.Model):
    """Judgments that their maker signed, with the statement of what they were paid for them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="batches")
    project = models.ForeignKey(Project, models.PROTECT, related_name="batches")
    receipts = models.JSONField()
    payload = models.TextField()
    leaf = models.ForeignKey(Leaf, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()


class Audit(models.Model):
    """Who did what to which object, in the transaction that did it; sealed into the log in ranges.

    sealed_in  the leaf that covers this row's range, once the sequencer has passed
    """

    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    verb = models.CharField(max_length=24)
    what = models.CharField(max_length=24)
    which = models.CharField(max_length=40)
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="+", db_index=False)
    detail = models.JSONField(default=dict)
    sealed_in = models.ForeignKey(Leaf, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=["project", "id"], name="audit_by_project"),)
