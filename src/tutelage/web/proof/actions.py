"""What makes work provable, within the caller's transaction: a leaf for each contribution, a row for each act."""

from __future__ import annotations

import functools
import json
from datetime import datetime
from typing import Any

from django.conf import settings

from tutelage.provenance.checkpoints import Checkpoint
from tutelage.provenance.merkle import leaf_hash, root_of
from tutelage.provenance.people import encrypt
from tutelage.provenance.receipts import Given, envelope
from tutelage.records import Json
from tutelage.store import canonical
from tutelage.web import installation
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof.log import HallLog, alone, number
from tutelage.web.proof.models import Audit, Leaf
from tutelage.web.proof.storage import Keys


@functools.cache
def keys() -> Keys:
    """The contributors' keys under this installation's key."""
    return Keys(installation.key_encryption_key(settings.HALL))


def log_contribution(user: User, contribution: str, given: Given) -> Json:
    """The leaf of a contribution, and its receipt in the envelope that its maker gets. Raises IntegrityError twice."""
    key, leaf, tag = keys().key_of(str(user.pk)), leaf_hash(given.receipt.payload()), keys().tag(contribution)
    Leaf.objects.create(leaf=leaf, tag=tag, owner=key.owner, body=encrypt(key.key, given.body(), leaf + tag))
    return envelope(given.receipt, installation.operator_key(settings.HALL))


def publish(payload: bytes) -> Leaf:
    """A leaf of the operator's own (enrolment, batch, tombstone, audit), in the clear and once."""
    tag = keys().tag("payload\x00" + payload.decode())
    return Leaf.objects.get_or_create(tag=tag, defaults={"leaf": leaf_hash(payload), "body": payload})[0]


def audit(
    actor: User | None, verb: str, what: str, which: Any, *, at: datetime, project: Project | None = None, **detail: Any
) -> None:
    """Who did what to which object. Called by every action, in its transaction."""
    Audit.objects.create(at=at, actor=actor, verb=verb, what=what, which=str(which), project=project, detail=detail)


_log: list[HallLog] = []  # the log as it was at the last pass, kept from one to the next


def sequence() -> Checkpoint | None:
    """Give every new leaf its place, seal new audit rows, sign a checkpoint; None where nothing is new.

    One sequencer at a time; writers never wait for it, and a leaf that commits late comes later.
    """
    kept = list(_log)
    _log.clear()
    with alone():
        log = kept[0] if kept and kept[0].stands() else HallLog()
        _seal_audit()
        log.catch_up()
        fresh = number(len(log))
        made = log.checkpoint(installation.operator_key(settings.HALL)) if fresh or not log.signed() else None
    _log.append(log)
    return made


def _seal_audit() -> None:
    """One leaf over all audit rows that no leaf covers yet."""
    rows = list(Audit.objects.filter(sealed_in=None).order_by("id").values(
        "id", "at", "actor", "verb", "what", "which", "project", "detail"))  # fmt: skip
    if not rows:
        return
    leaves = [leaf_hash(json.dumps(row, sort_keys=True, default=str).encode()) for row in rows]
    payload = {"schema": "audit/1", "from": rows[0]["id"], "to": rows[-1]["id"], "count": len(rows),
               "root": root_of(leaves).hex()}  # fmt: skip
    leaf = publish(canonical(payload))
    for start in range(0, len(rows), 500):  # by number: another row may have come in between
        Audit.objects.filter(pk__in=[row["id"] for row in rows[start : start + 500]]).update(sealed_in=leaf)
