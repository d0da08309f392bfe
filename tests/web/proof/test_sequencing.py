"""Leaves get their place from one sequencer; every checkpoint continues the one before."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone

from tutelage.provenance.merkle import Tree, check_consistency, leaf_hash, root_of
from tutelage.web.proof import actions
from tutelage.web.proof.models import Audit, Leaf

NOW = timezone.now()


def test_a_checkpoint_covers_every_leaf_and_continues_the_one_before(hall: Any) -> None:
    for n in range(5):
        actions.publish(b"one %d" % n)
    first = actions.sequence()
    actions.publish(b"another")
    second = actions.sequence()
    assert first is not None and second is not None and (first.size, second.size) == (5, 6)
    leaves = [bytes(x) for x in Leaf.objects.order_by("index").values_list("leaf", flat=True)]
    assert second.root == root_of(leaves)
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    check_consistency(5, first.root, 6, second.root, tree.consistency(5))
    assert actions.sequence() is None


def test_the_tree_is_read_anew_after_a_restart(hall: Any) -> None:
    actions.publish(b"one")
    actions.sequence()
    actions._log.clear()
    actions.publish(b"two")
    again = actions.sequence()
    assert again is not None and again.root == root_of([leaf_hash(b"one"), leaf_hash(b"two")])


def test_audit_rows_are_sealed_by_a_leaf_that_anyone_can_recompute(hall: Any) -> None:
    actions.audit(hall.owner, "paused", "project", hall.project.pk, at=NOW, project=hall.project, why="a test")
    actions.sequence()
    row = Audit.objects.select_related("sealed_in").get(verb="paused")
    payload = json.loads(bytes(row.sealed_in.body))
    said = {
        "id": row.pk,
        "at": row.at,
        "actor": row.actor_id,
        "verb": "paused",
        "what": "project",
        "which": str(hall.project.pk),
        "project": hall.project.pk,
        "detail": {"why": "a test"},
    }
    assert payload["count"] == 1
    assert payload["root"] == root_of([leaf_hash(json.dumps(said, sort_keys=True, default=str).encode())]).hex()
    assert actions.sequence() is None
