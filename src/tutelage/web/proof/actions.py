"""What makes work provable, within the caller's transaction: a leaf for each contribution, a row for each act."""

from __future__ import annotations

import functools
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from tutelage.provenance.checkpoints import sign
from tutelage.provenance.merkle import Tree, leaf_hash, root_of
from tutelage.provenance.people import encrypt
from tutelage.provenance.receipts import Given, envelope
from tutelage.records import Json
from tutelage.store import canonical
from tutelage.web import installation
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof.models import Audit, Checkpoint, Leaf
from tutelage.web.proof.storage import Keys

SEQUENCER_LOCK = 7_462_001  # any number that nothing else uses


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


@transaction.atomic
def sequence(at: datetime) -> Checkpoint | None:
    """Give every new leaf its place, seal new audit rows, sign a checkpoint; None where nothing is new.

    One sequencer at a time; writers never wait for it, and a leaf that commits late comes later.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEQUENCER_LOCK])
    _seal_audit()
    last = Checkpoint.objects.order_by("-size").first()
    base = last.size if last else 0
    if not _number(base):
        return None
    tree = _tree_up_to(base)
    for leaf in Leaf.objects.filter(index__gte=base).order_by("index").values_list("leaf", flat=True).iterator(5000):
        tree.append(bytes(leaf))
    origin, key = installation.origin(settings.HALL), installation.operator_key(settings.HALL)
    note = sign(origin, len(tree), tree.root(), key).note()
    return Checkpoint.objects.create(size=len(tree), root=tree.root(), note=note)


_tree: list[Tree] = []  # the tree up to the last checkpoint, kept from one pass to the next


def _tree_up_to(size: int) -> Tree:
    """The tree of the first `size` leaves, read anew where the last pass was undone."""
    if not _tree or len(_tree[0]) != size:
        made = Tree()
        rows = Leaf.objects.filter(index__lt=size).order_by("index").values_list("leaf", flat=True)
        for leaf in rows.iterator(5000):
            made.append(bytes(leaf))
        _tree[:] = [made]
    return _tree[0]


def _number(base: int) -> int:
    """Number the leaves that have no place yet, from `base` on, in the order of their rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE proof_leaf SET "index" = n.place FROM (SELECT id, %s - 1 + row_number() OVER (ORDER BY id) '
            'AS place FROM proof_leaf WHERE "index" IS NULL) AS n WHERE proof_leaf.id = n.id',
            [base],
        )
        return cursor.rowcount


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
