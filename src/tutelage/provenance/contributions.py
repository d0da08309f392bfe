"""The contributions behind a checkpoint: whose each is, counted apart for each sort of judge."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from tutelage.errors import BadInput, Failed, Where
from tutelage.models.checkpoint import Contribution
from tutelage.records import Artefact, Json, Judge, Judgment, encode, jsonl

JudgeType = Literal["person", "ai", "simulated", "anonymous"]
JUDGE_TYPES: tuple[JudgeType, ...] = ("person", "ai", "simulated", "anonymous")


@dataclass(frozen=True, slots=True)
class Work:
    """One contribution behind a checkpoint.

    judge   what sort of judge gave it; `simulated` and `anonymous` are never people
    stages  of training that learned from it
    """

    id: str
    type: Literal["judgment", "artefact"]
    judge_id: str
    judge: JudgeType
    stages: tuple[str, ...] = ()
    item_id: str | None = None
    guideline_version: str | None = None
    active_s: float | None = None
    schema: Literal["work/1"] = "work/1"


@dataclass(frozen=True, slots=True)
class Tally:
    """What judges of one sort gave: how many they are, their contributions, and their seconds of attention.

    unmeasured  contributions whose seconds nobody recorded; they are in no sum
    """

    judges: int
    contributions: int
    active_s: float
    unmeasured: int


def trace(
    judgments: Iterable[Judgment], judges: Iterable[Judge], artefacts: Iterable[Artefact] = ()
) -> dict[str, Work]:
    """Every contribution by id, with its judge. Raises Failed where a judge is not among the `judges`."""
    sorts: dict[str, JudgeType] = {j.id: j.type for j in judges}
    found = {}
    for j in judgments:
        sort = _sort_of(j.judge_id, sorts, j.id)
        found[j.id] = Work(j.id, "judgment", j.judge_id, sort, (), j.item_id, j.guideline_version, j.active_s)
    for a in artefacts:
        found[a.id] = Work(a.id, "artefact", a.author_id, _sort_of(a.author_id, sorts, a.id))
    return found


def work_of(directory: Path) -> dict[str, Work]:
    """Every contribution of a directory as `tutelage import` writes it: judgments, judges and artefacts as JSONL.

    Raises BadInput where there are no judgments and no artefacts, Failed where a judge is missing.
    """
    files = {name: _jsonl_in(directory, name) for name in ("judgments", "artefacts", "judges")}
    if files["judgments"] is None and files["artefacts"] is None:
        raise BadInput(
            "There are neither judgments nor artefacts here.",
            expected="judgments.jsonl or artefacts.jsonl, and judges.jsonl",
            remedy="Point to a directory that `tutelage import` wrote.",
            where=Where(str(directory)),
        )
    return trace(
        _records(files["judgments"], Judgment), _records(files["judges"], Judge), _records(files["artefacts"], Artefact)
    )


def used_work(work: Mapping[str, Work], used: Iterable[Contribution]) -> tuple[Work, ...]:
    """The contributions that a checkpoint learned from, by id, each with the stages that did.

    Raises Failed, naming the first, where one of them is not in `work`.
    """
    stages: dict[str, list[str]] = {}
    for one in used:
        stages.setdefault(one.id, []).append(one.stage)
    if orphans := sorted(stages.keys() - work.keys()):
        raise Failed(
            f"{len(orphans)} contributions have no origin, the first {orphans[0]}.",
            expected="every contribution id of a checkpoint among the judgments and artefacts of its data",
            remedy="Train from a dataset whose judgments are at hand.",
        )
    return tuple(replace(work[one], stages=tuple(by)) for one, by in sorted(stages.items()))


def tallies(work: Sequence[Work]) -> dict[JudgeType, Tally]:
    """Counts for each sort of judge; simulated and anonymous ones are not people."""
    return {sort: _tally([w for w in work if w.judge == sort]) for sort in JUDGE_TYPES}


def tallies_json(work: Sequence[Work]) -> Json:
    """`tallies` as JSON."""
    counts: Json = encode(tallies(work))
    return counts


def digest_of(work: Sequence[Work]) -> str:
    """`sha256:<hex>` of the list as its JSONL lines."""
    hasher = hashlib.sha256()
    for one in work:
        hasher.update(jsonl.dumps(one).encode() + b"\n")
    return "sha256:" + hasher.hexdigest()


def _sort_of(judge_id: str, sorts: Mapping[str, JudgeType], contribution: str) -> JudgeType:
    if judge_id not in sorts:
        raise Failed(
            f"Contribution {contribution} is by {judge_id!r}, who is not among the judges.",
            expected="every judge in judges.jsonl",
            remedy="Add the judge; where nobody knows, import it as `anonymous:<source>`.",
        )
    return sorts[judge_id]


def _tally(work: Sequence[Work]) -> Tally:
    timed = [w.active_s for w in work if w.active_s is not None]
    return Tally(len({w.judge_id for w in work}), len(work), round(sum(timed), 3), len(work) - len(timed))


def _jsonl_in(directory: Path, name: str) -> Path | None:
    return next((p for p in (directory / f"{name}.jsonl", directory / f"{name}.jsonl.gz") if p.is_file()), None)


def _records(path: Path | None, kind: Any) -> Iterable[Any]:
    return () if path is None else jsonl.read(path, kind)
