"""Recomputes what was sealed: every range of audit rows against its leaf, and all leaves against the checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.conf import settings

from tutelage.errors import TutelageError
from tutelage.provenance.checkpoints import Checkpoint, check_signed
from tutelage.provenance.merkle import leaf_hash, root_of
from tutelage.web import installation
from tutelage.web.projects.models import Project
from tutelage.web.proof.actions import SEALED, audit_hash
from tutelage.web.proof.models import Audit, Leaf
from tutelage.web.proof.models import Checkpoint as Kept

CHUNK = 100  # ranges at once


@dataclass
class Checked:
    """What a check found. `broken` names ranges by their first and last row, with what does not fit.

    ranges, rows  checked, of this project's ranges with all rows in them;  open_rows: not sealed yet
    size          leaves under the latest checkpoint;  root: its root;  log: what is wrong with it, or ""
    """

    ranges: int = 0
    rows: int = 0
    open_rows: int = 0
    broken: list[str] = field(default_factory=list)
    size: int = 0
    root: str = ""
    log: str = ""

    @property
    def sound(self) -> bool:
        """Whether everything fits."""
        return not self.broken and not self.log


def check(project: Project) -> Checked:
    """Recompute every sealed range that holds a row of the project, and the latest checkpoint over all leaves."""
    found = Checked(open_rows=Audit.objects.filter(project=project, sealed_in=None).count())
    _check_log(found)
    mine = Audit.objects.filter(project=project, sealed_in__isnull=False).order_by("sealed_in")
    ranges = list(mine.values_list("sealed_in", flat=True).distinct())
    for start in range(0, len(ranges), CHUNK):
        _check_ranges(ranges[start : start + CHUNK], found)
    return found


def _check_ranges(ranges: list[int], found: Checked) -> None:
    leaves = Leaf.objects.in_bulk(ranges)
    rows = Audit.objects.filter(sealed_in__in=ranges).order_by("sealed_in", "pk").values(*SEALED, "sealed_in", "was")
    for number, group in groupby(rows.iterator(2_000), key=lambda row: row["sealed_in"]):
        wrong, count = _wrong(leaves[number], group)
        found.ranges, found.rows = found.ranges + 1, found.rows + count
        found.broken += [wrong] if wrong else []


def _wrong(leaf: Leaf, rows: Iterator[dict[str, Any]]) -> tuple[str, int]:
    """(what does not fit, or "", rows in the range)."""
    body, hashes, numbers = bytes(leaf.body or b""), [], []
    for row in rows:
        was = row.pop("was")
        row.pop("sealed_in")
        hashes.append(bytes(was) if was else audit_hash(row))  # what was erased left its hash behind
        numbers.append(row["id"])
    said = json.loads(body or b"{}")
    span = f"{numbers[0]}–{numbers[-1]}"
    if leaf_hash(body) != bytes(leaf.leaf):
        return f"{span}: the leaf is not that of its text", len(hashes)
    if [said.get(k) for k in ("from", "to", "count")] != [numbers[0], numbers[-1], len(numbers)]:
        there = f"{said.get('count')} were sealed, {len(numbers)} are there"
        return f"{span}: rows are missing or were added; {there}", len(hashes)
    if said.get("root") != root_of(hashes).hex():
        return f"{span}: a row was changed after it was sealed", len(hashes)
    return "", len(hashes)


def _check_log(found: Checked) -> None:
    """The latest checkpoint: its signature, and its root over all leaves."""
    kept = Kept.objects.order_by("-size").first()
    if kept is None:
        return
    leaves = Leaf.objects.filter(index__lt=kept.size).order_by("index").values_list("leaf", flat=True)
    hashes = [bytes(leaf) for leaf in leaves.iterator(5_000)]
    found.size, found.root = kept.size, bytes(kept.root).hex()
    try:
        note = Checkpoint.parse(kept.note)
        check_signed(note, [installation.operator_key(settings.HALL).public])
    except TutelageError as e:
        found.log = str(e)
        return
    if len(hashes) != kept.size:
        found.log = f"{kept.size} leaves were signed, {len(hashes)} are there"
    elif not root_of(hashes) == bytes(note.root) == bytes(kept.root):
        found.log = "a leaf was changed after the checkpoint was signed"
