"""What makes work provable, within the caller's transaction: a leaf for each contribution, a row for each act."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings

from tutelage.provenance.checkpoints import Checkpoint
from tutelage.provenance.frames import opposite
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
from tutelage.web.proof.queries import keys

SEALED = ("id", "at", "actor", "verb", "what", "which", "project", "detail")


def log_contribution(user: User, contribution: str, given: Given) -> Json:
    """The leaf of a contribution, and its receipt in the envelope that its maker gets. Raises IntegrityError twice."""
    key, leaf, tag = keys().key_of(str(user.pk)), leaf_hash(given.receipt.payload()), keys().tag(contribution)
    Leaf.objects.create(leaf=leaf, tag=tag, owner=key.owner, body=encrypt(key.key, given.body(), leaf + tag))
    return envelope(given.receipt, installation.operator_key(settings.HALL))


def publish(payload: bytes, about: User | None = None) -> Leaf:
    """A leaf of a payload (enrolment, batch, tombstone, slice, audit), once; it is published as it is.

    about  whose it is: kept under their key and erased with them. A batch is; an enrolment never.
    """
    tag, leaf = keys().tag("payload\x00" + payload.decode()), leaf_hash(payload)
    fields: dict[str, Any] = {"leaf": leaf, "body": payload}
    if about is not None:
        key = keys().key_of(str(about.pk))
        fields |= {"owner": opposite(key.owner), "body": encrypt(key.key, payload, leaf + tag)}
    return Leaf.objects.get_or_create(tag=tag, defaults=fields)[0]


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


def audit_hash(row: dict[str, Any]) -> bytes:
    """What the leaf over audit rows covers of one: its id, at, actor, verb, what, which, project and detail."""
    return leaf_hash(json.dumps(row, sort_keys=True, default=str).encode())


def _seal_audit() -> None:
    """One leaf over all audit rows that no leaf covers yet."""
    rows = list(Audit.objects.filter(sealed_in=None).order_by("id").values(*SEALED))
    if not rows:
        return
    leaves = [audit_hash(row) for row in rows]
    payload = {"schema": "audit/1", "from": rows[0]["id"], "to": rows[-1]["id"], "count": len(rows),
               "root": root_of(leaves).hex()}  # fmt: skip
    leaf = publish(canonical(payload))
    for start in range(0, len(rows), 500):  # by number: another row may have come in between
        Audit.objects.filter(pk__in=[row["id"] for row in rows[start : start + 500]]).update(sealed_in=leaf)
