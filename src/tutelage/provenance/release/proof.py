"""What a release carries of the log: checkpoint, proof of many, consistency, and the operator's published payloads."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tutelage.errors import BadInput, Failed
from tutelage.provenance.batches import Batch, Enrolment, check_batch, enrolled_keys, key_at
from tutelage.provenance.checkpoints import Checkpoint
from tutelage.provenance.levels import Evidence, level_of
from tutelage.provenance.log import Log
from tutelage.provenance.receipts import Receipt
from tutelage.provenance.release.logged import Row
from tutelage.records import Json

PARTS = ("enrolments", "batches", "rotations", "tombstones", "slices")
_PART_OF = {"enrolment/1": "enrolments", "batch/1": "batches", "tombstone/1": "tombstones", "slice/1": "slices"}
UNSEEN = ("audit/1",)  # roots over who did what: for auditors, who have the rows
KEPT = 64  # earlier checkpoints to which consistency is proven


@dataclass(frozen=True, slots=True)
class Published:
    """(leaf index, payload) of the operator's leaves, by part."""

    parts: dict[str, list[tuple[int, bytes]]]

    @classmethod
    def of(cls, log: Log) -> Published:
        """All of a log's, in log order. What names no known schema is a rotation's envelope."""
        parts: dict[str, list[tuple[int, bytes]]] = {name: [] for name in PARTS}
        for index, payload in log.published():
            schema = json.loads(payload).get("schema")
            if schema in UNSEEN:
                continue
            parts[_PART_OF.get(schema, "rotations")].append((index, payload))
        return cls(parts)

    def lines(self, part: str) -> list[bytes]:
        """The payloads of one part."""
        return [payload for _, payload in self.parts[part]]

    def used(self, rows: Sequence[Row]) -> Published:
        """Without enrolments and batches of people who are not in the rows, or batches that sign other receipts too."""
        nyms, ids = {r.nym for r in rows}, {json.loads(r.payload)["id"] for r in rows if self.parts["batches"]}
        kept = dict(self.parts)
        kept["enrolments"] = [(i, p) for i, p in kept["enrolments"] if json.loads(p)["nym"] in nyms]
        kept["batches"] = [(i, p) for i, p in kept["batches"] if ids.issuperset(json.loads(p)["receipts"])]
        return Published(kept)


def nodes(log: Log, rows: Sequence[Row], published: Published) -> Json:
    """`proof/nodes.json`: the operator's leaves by part, and one proof for them and every receipt."""
    places = {part: [index for index, _ in found] for part, found in published.parts.items()}
    every = sorted([r.index for r in rows] + [i for found in places.values() for i in found])
    proof = log.tree.inclusion_of_many(every)
    return {"schema": "nodes/1", "size": len(log), **places, "nodes": [node.hex() for node in proof]}


def consistency(log: Log, now: Checkpoint) -> list[Json]:
    """`proof/consistency.json`: earlier checkpoints, each with the path that shows it a prefix of this one."""
    earlier = [c for c in log.kept() if 0 < c.size < now.size][-KEPT:]
    return [{"note": c.note(), "path": [h.hex() for h in log.tree.consistency(c.size)]} for c in earlier]


def levels(log: str, rows: Sequence[Row], published: Published) -> list[str]:
    """The level of each row that the release itself shows: issuers and witnesses are for the verifier to judge.

    What the operator only imported stays H0 until the person signs it.
    """
    receipts = [Receipt.own(r.payload) for r in rows] if published.parts["batches"] else []
    by_id = {r.id: r for r in receipts}
    chains = enrolled_keys(log, [(index, Enrolment.parse(p)) for index, p in published.parts["enrolments"]])
    places = {receipt.id: row.index for receipt, row in zip(receipts, rows, strict=False)}
    signed: dict[str, Evidence] = {}
    for index, payload in published.parts["batches"]:
        batch = Batch.parse(payload)
        enrolled = key_at(chains.get(batch.nym, []), index)
        if enrolled is None or max(places[i] for i in batch.receipts) > index:
            continue
        try:
            done = check_batch(batch, [by_id[i] for i in batch.receipts], enrolled)
        except (Failed, BadInput):
            continue
        found = Evidence(True, batch.pay.at, batch.credential, done.device_bound)
        signed.update(dict.fromkeys(batch.receipts, found))
    if not signed:
        return ["H0" if b'"level":"H0"' in r.payload else "H1" for r in rows]
    return [level_of(signed[r.id], [], 1) if r.id in signed else ("H0" if r.level == "H0" else "H1") for r in receipts]


def pay(rows: Sequence[Row]) -> Json:
    """`pay.json`: sums of the receipts, by currency and by person, in the currency's smallest unit."""
    totals: dict[str, dict[str, int]] = defaultdict(lambda: {"minor": 0, "count": 0})
    people: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        paid: dict[str, Any] = json.loads(row.payload)["pay"]
        totals[paid["currency"]]["minor"] += paid["minor"]
        totals[paid["currency"]]["count"] += 1
        people[row.nym][paid["currency"]] += paid["minor"]
    return {
        "schema": "pay-sums/1",
        "note": "XXX is no currency: imported work whose pay nobody stated. Not shown: time not counted as active.",
        "totals": {k: dict(v) for k, v in sorted(totals.items())},
        "people": {k: dict(sorted(v.items())) for k, v in sorted(people.items())},
    }
