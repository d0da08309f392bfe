"""Two releases side by side: rows by id, and the manifest's figures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.provenance.release.manifest import FILE
from tutelage.records import Json, jsonl

PARTS = {"items": "id", "responses": "id", "judgments": "id", "judges": "id", "verdicts": "item_id"}
FIGURES = ("digest", "licence", "items", "responses", "judgments", "judges", "judgments_by", "simulated_share",
           "levels", "log")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """Ids of rows, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """From an old release to a new one: rows by part, and figures that differ as [old, new]."""

    rows: dict[str, Rows]
    figures: Json


def compare(old: Path, new: Path) -> Difference:
    """What changed. Compares what stands there; `verify.py` says whether it holds."""
    first, second = _manifest(old), _manifest(new)
    rows = {}
    for part, key in PARTS.items():
        before, after = _rows(old, part, key), _rows(new, part, key)
        both = before.keys() & after.keys()
        rows[part] = Rows(
            tuple(sorted(after.keys() - both)),
            tuple(sorted(before.keys() - both)),
            tuple(sorted(i for i in both if before[i] != after[i])),
        )
    return Difference(rows, {f: [first[f], second[f]] for f in FIGURES if first[f] != second[f]})


def to_text(found: Difference) -> str:
    """For people."""
    lines = [f"{'':<10} {'added':>9} {'removed':>9} {'changed':>9}"]
    for part, r in found.rows.items():
        lines.append(f"{part:<10} {len(r.added):>9,} {len(r.removed):>9,} {len(r.changed):>9,}")
    lines += [f"{name}: {old} -> {new}" for name, (old, new) in found.figures.items()]
    return "\n".join(lines)


def _rows(release: Path, part: str, key: str) -> dict[str, Any]:
    return {row[key]: row for _, row in jsonl.objects(release / "data" / f"{part}.jsonl.gz")}


def _manifest(release: Path) -> dict[str, Any]:
    path = release / FILE
    found = jsonl.parse(path.read_bytes(), path) if path.is_file() else None
    if not isinstance(found, dict) or any(f not in found for f in FIGURES):
        raise BadInput("This is no release.", expected="a directory written by `tutelage release seal`",
                       remedy="Check the path.", where=Where(str(path)))  # fmt: skip
    return found
