"""From a contribution or a contributor forward: every checkpoint and release that contains it.

Found by looking, not by a register that could be out of date: a checkpoint carries its lineage, a release its rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tutelage.errors import BadInput, Where
from tutelage.provenance import lineage
from tutelage.provenance.commitments import pseudonym
from tutelage.provenance.contributions import Work
from tutelage.provenance.people import People
from tutelage.provenance.release.project import Project
from tutelage.records import jsonl

DEPTH = 6  # directories below a root: a store's objects, a run's checkpoints
SKIPPED = frozenset({".git", ".venv", "node_modules", "__pycache__", "stages", "locks", "work"})
RELEASE = "release.json"
ROWS = "data/judgments.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing made that contains the contribution or the contributor's contributions.

    stages  of training that learned from them; empty for a release
    ids     the contributions, sorted
    """

    type: Literal["checkpoint", "release"]
    name: str
    digest: str
    places: tuple[str, ...]
    stages: tuple[str, ...]
    ids: tuple[str, ...]


def names(wanted: str, projects: Path) -> frozenset[str]:
    """All names of one contributor: the id, and the pseudonym in each project under `projects` on this machine.

    wanted  any of them; of who was erased, and of a contribution, no other name is known
    """
    found = {wanted}
    held = [Project(p.name, p) for p in sorted(projects.glob("*")) if (p / "secrets" / "pepper").is_file()]
    peppers = [project.secret("pepper") for project in held]
    for project, pepper in zip(held, peppers, strict=True):
        people = project.root / "people"
        known = People(people, project.secret("kek")).contributors() if people.is_dir() else []
        found |= {one for one in known if pseudonym(pepper, one) == wanted}
    return frozenset(found | {pseudonym(pepper, one) for pepper in peppers for one in found})


def containing(
    wanted: Collection[str], roots: Sequence[Path], *, unread: Callable[[Path, str], None] | None = None
) -> list[Holding]:
    """What was made from it, among everything under the roots; a copy elsewhere is one holding with two places.

    wanted  the id of a contribution, or the names of a contributor
    unread  told of each damaged release or checkpoint, and why, so that one does not hide the others; without it
            BadInput is raised
    """
    found: dict[tuple[str, str], Holding] = {}
    for directory in _directories(roots):
        for is_here, read in READERS:
            if is_here(directory) and (one := _read(read, directory, wanted, unread)) is not None:
                known = found.get((one.type, one.digest))
                places = tuple(sorted({*one.places, *(known.places if known else ())}))
                found[one.type, one.digest] = Holding(one.type, one.name, one.digest, places, one.stages, one.ids)
    return sorted(found.values(), key=lambda h: (h.type, h.name, h.digest))


Reader = Callable[[Path, Collection[str]], "Holding | None"]


def _read(
    read: Reader, directory: Path, wanted: Collection[str], unread: Callable[[Path, str], None] | None
) -> Holding | None:
    try:
        return read(directory, wanted)
    except (BadInput, KeyError, TypeError, AttributeError) as problem:  # what others wrote may hold anything
        why = str(problem) if isinstance(problem, BadInput) else f"{directory}: it is not built as we build it"
        if unread is None:
            raise BadInput(why, expected="a release or checkpoint as it was made", remedy="Check or move it.",
                           where=Where(str(directory))) from problem  # fmt: skip
        unread(directory, why)
        return None


def _directories(roots: Sequence[Path]) -> Iterator[Path]:
    for root in roots:
        if not root.is_dir():
            raise BadInput(f"{root} is no directory.", expected="directories to look in", remedy="Correct --in.")
        for here, below, _ in os.walk(root):
            deep = len(Path(here).relative_to(root).parts)
            below[:] = sorted(d for d in below if d not in SKIPPED and deep < DEPTH)
            yield Path(here)


def _checkpoint(directory: Path, wanted: Collection[str]) -> Holding | None:
    graph = lineage.read(directory)
    mine = _of(graph.work, wanted)
    if not mine:
        return None
    root = graph.node(graph.graph.root)
    stages = tuple(sorted({s for w in mine for s in w.stages}))
    return Holding("checkpoint", root.label, root.digest or "", (str(directory),), stages, tuple(w.id for w in mine))


def _of(work: Iterable[Work], wanted: Collection[str]) -> list[Work]:
    return sorted((w for w in work if w.id in wanted or w.judge_id in wanted), key=lambda w: w.id)


def _release(directory: Path, wanted: Collection[str]) -> Holding | None:
    stated = jsonl.parse((directory / RELEASE).read_bytes(), directory / RELEASE)
    rows = (row for _, row in jsonl.objects(directory / ROWS))
    ids = tuple(sorted(row["id"] for row in rows if row["id"] in wanted or row["judge_id"] in wanted))
    if not ids:
        return None
    return Holding("release", str(stated["name"]), str(stated["digest"]), (str(directory),), (), ids)


READERS: list[tuple[Callable[[Path], bool], Reader]] = [
    (lambda d: (d / lineage.GRAPH).is_file() and (d / lineage.WORK).is_file(), _checkpoint),
    (lambda d: (d / RELEASE).is_file() and (d / ROWS).is_file(), _release),
]


def to_text(id: str, found: Sequence[Holding]) -> str:  # noqa: A002  as above
    """For people: what holds it, and what a withdrawal would mean."""
    if not found:
        return f"{id} is in no checkpoint and no release here. Look elsewhere with --in DIR."
    lines = [f"{id} is in:"]
    for one in found:
        by = f", learned in {', '.join(one.stages)}" if one.stages else ""
        many = f"{len(one.ids):,} contribution{'s' * (len(one.ids) > 1)}"
        lines += [f"  {one.type} {one.name}  {one.digest[7:19]}  {many}{by}", *(f"    {p}" for p in one.places)]
    again = [h for h in found if h.type == "checkpoint"]
    out = [h for h in found if h.type == "release"]
    if again:
        lines.append(f"Withdrawn, it must be trained away: {len(again)} checkpoint{'s' * (len(again) > 1)} to retrain.")
    if out:
        lines.append(f"Withdrawn, {len(out)} release{'s' * (len(out) > 1)} must name it in a revocation list.")
    return "\n".join(lines)
