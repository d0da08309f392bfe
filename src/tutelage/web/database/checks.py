"""Is everything there and whole: the file, its shape, the ledger, the log. Reads only."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from tutelage.errors import TutelageError
from tutelage.provenance import checkpoints as notes
from tutelage.provenance.keys import PublicKey
from tutelage.provenance.merkle import Tree, leaf_hash
from tutelage.web import installation
from tutelage.web.database import migrating
from tutelage.web.pay.models import Entry, Transfer
from tutelage.web.pay.queries import adrift, unbalanced
from tutelage.web.proof.models import Checkpoint, Leaf
from tutelage.web.proof.queries import keys
from tutelage.web.work.models import Judgment

CHUNK = 2000


class Check(NamedTuple):
    """One thing that was looked at: whether it is right, and what was seen."""

    name: str
    ok: bool
    seen: str


def run() -> Iterator[Check]:
    """All checks, one after the other; on a database in another shape only the first two."""
    yield _file()
    shape = _shape()
    yield shape
    if shape.ok:
        yield from (_ledger(), _log(), _receipts())


def _file() -> Check:
    """SQLite's quick_check and foreign keys; PostgreSQL checks its own."""
    with connection.cursor() as sql:
        if connection.vendor == "postgresql":
            sql.execute("SHOW server_version")
            return Check("database", True, f"PostgreSQL {sql.fetchone()[0]} answers")
        sql.execute("PRAGMA quick_check(5)")
        said = [row[0] for row in sql.fetchall()]
        sql.execute("PRAGMA foreign_key_check")
        loose = len(sql.fetchall())
    return Check("database", said == ["ok"] and not loose, f"quick_check: {'; '.join(said)}; {loose} loose references")


def _shape() -> Check:
    found = migrating.state()
    if found.broken:
        return Check("migrations", False, f"one begun at {found.broken[1]} did not finish; backup: {found.broken[0]}")
    wrong = [f"{name} is missing" for name in found.pending] + [f"{name} is unknown" for name in found.unknown]
    return Check("migrations", not wrong, "; ".join(wrong[:3]) or f"all {found.applied} applied")


def _ledger() -> Check:
    sums = {r["account__currency"]: r["minor"] for r in Entry.objects.values("account__currency").annotate(
        minor=Sum("minor"))}  # fmt: skip
    odd, off = unbalanced(), {currency: minor for currency, minor in sums.items() if minor}
    seen = f"{Transfer.objects.count()} transfers; sums by currency {sums or 'none'}"
    drift = adrift()
    wrong = [f"{len(odd)} do not balance: {odd[0]}"] if odd else []
    wrong += [f"{len(drift)} running balances are not their sums: account {drift[0]}"] if drift else []
    return Check("ledger", not wrong and not off, "; ".join([seen, *wrong]))


def _log() -> Check:
    """The tree is computed anew from its leaves; at each checkpoint's size it has that root, signed by our key."""
    signed = list(Checkpoint.objects.order_by("size"))
    key, tree, wrong = installation.operator_key(settings.HALL).public, Tree(), []
    leaves = Leaf.objects.exclude(index=None).order_by("index").values_list("index", "leaf").iterator(chunk_size=CHUNK)
    for checkpoint in signed:
        while len(tree) < checkpoint.size:
            row = next(leaves, None)
            if row is None or row[0] != len(tree):
                return Check("log", False, f"leaf {len(tree)} is missing")
            tree.append(bytes(row[1]))
        wrong += [f"at {checkpoint.size}: {what}" for what in _faults(checkpoint, tree.root(), key)]
    waiting = Leaf.objects.filter(index=None).count()
    seen = f"{len(tree)} leaves, {len(signed)} checkpoints, {waiting} leaves wait for the next"
    return Check("log", not wrong, "; ".join(wrong[:3]) or seen)


def _faults(checkpoint: Checkpoint, root: bytes, key: PublicKey) -> Iterator[str]:
    if bytes(checkpoint.root) != root:
        yield "another root than the leaves have"
    try:
        note = notes.Checkpoint.parse(checkpoint.note)
        notes.check_signed(note, [key])
    except TutelageError as error:
        yield error.seen
    else:
        if (note.size, note.root) != (checkpoint.size, root):
            yield "the signed note says something else"


def _receipts() -> Check:
    """Every judgment has a receipt whose leaf is in the log, and a pay line (a withdrawal has none)."""
    rows = Judgment.objects.order_by("pk").values_list("pk", "receipt", "pay_minor")
    count, no_leaf, no_pay = 0, 0, 0
    batch: list[tuple[UUID, str, int]] = []

    def look() -> None:
        nonlocal no_leaf, no_pay
        leaves = {keys().tag(str(pk)): leaf_hash(b64decode(json.loads(receipt)["payload"])) for pk, receipt, _ in batch}
        there = {bytes(t): bytes(h) for t, h in Leaf.objects.filter(tag__in=leaves).values_list("tag", "leaf")}
        no_leaf += sum(there.get(tag) != leaf for tag, leaf in leaves.items())
        due = {pk for pk, _, minor in batch if minor}
        no_pay += len(due - set(Transfer.objects.filter(contribution__in=due).values_list("contribution", flat=True)))

    for row in rows.iterator(chunk_size=CHUNK):
        count += 1
        batch.append(row)
        if len(batch) == 500:
            look()
            batch.clear()
    look()
    seen = f"{count} judgments; {no_leaf} without a leaf, {no_pay} without a pay line"
    return Check("receipts", not (no_leaf or no_pay), seen)
