"""Runs of recipes as their owner sees them: rows, and what lies in their directories. Reads only.

`$TUTELAGE_HALL/projects/<project>/runs/<number>`: `recipe.toml`, `criteria.toml`, what `pipeline.driver` writes,
`asked.json` (the items as people were asked, {name: its id in the run}) and `people/`, their judgments.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils.dateparse import parse_datetime

from tutelage.gate import Decision, Finding, Signature
from tutelage.pipeline import driver, signing
from tutelage.records import Estimate, Rate, Undefined
from tutelage.web.projects.models import Project
from tutelage.web.runs.models import Loop

ASKED, LOCK = "asked.json", "driver.lock"
TAIL, PAGE = 12, 50
OVER = (Loop.State.DONE, Loop.State.CANCELLED)
PACKAGED = "local:smollm2"


def folder(loop: Loop) -> Path:
    """Where a run's directory lies."""
    return Path(settings.HALL) / "projects" / str(loop.project_id) / "runs" / str(loop.number)


def models_folder() -> Path:
    """Where whoever runs the platform puts base models, each in a directory of its own."""
    return Path(settings.HALL) / "models"


def bases() -> list[str]:
    """SPECs of the base models offered here: the packaged one, and those in `models`."""
    found = sorted(p.name for p in models_folder().glob("*") if (p / "config.json").is_file())
    return [PACKAGED, *(f"local:{name}" for name in found)]


def loops(project: Project) -> list[Loop]:
    """A project's runs, newest first."""
    return list(Loop.objects.filter(project=project).select_related("asked_by").order_by("-number")[:PAGE])


def loop_for(project: Project, number: int) -> Loop:
    """A run of that project, or Http404."""
    found = Loop.objects.filter(project=project, number=number).select_related("asked_by").first()
    if found is None:
        raise Http404
    found.project = project
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the run's log."""

    at: datetime | None
    event: str
    stage: str
    seconds: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a run is, from its directory. `stale`: the process that wrote it is of an attempt before."""

    steps: list[dict[str, Any]]
    share: float
    left_s: float | None
    note: str
    tail: list[Line]
    stale: bool

    @property
    def percent(self) -> int:
        """Of the whole run."""
        return round(100 * self.share)

    @property
    def done(self) -> int:
        """Steps that are behind it."""
        return sum(step["state"] == "done" for step in self.steps)


def gone(loop: Loop) -> bool:
    """Whether its directory is not there any more: moved, deleted, or on a disk that is not mounted."""
    return not (folder(loop) / driver.RECIPE).is_file()


def seen(loop: Loop) -> Seen:
    """How far it is, and the last lines of its log."""
    place = folder(loop)
    told = read(place / driver.PROGRESS)
    live = loop.state == Loop.State.WORKING and told.get("attempt") == loop.attempt
    return Seen(told.get("steps", []), told.get("share", 0.0), told.get("left_s") if live else None,
                told.get("note", "") if live else "", tail(place), not live)  # fmt: skip


def read(path: Path) -> dict[str, Any]:
    """A JSON object of the directory; empty where there is none yet."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def tail(place: Path) -> list[Line]:
    """The last events of a run, newest last."""
    try:
        with (place / "events.jsonl").open("rb") as lines:
            last = list(deque(lines, TAIL))
    except OSError:
        return []
    return [_line(raw) for raw in last]


def _line(raw: bytes) -> Line:
    try:
        said = json.loads(raw)
    except ValueError:
        said = {}
    return Line(parse_datetime(said.get("at", "")), said.get("event", ""), said.get("stage", ""),
                said.get("seconds"), str(said.get("why") or said.get("error") or ""))  # fmt: skip


def recipe_text(loop: Loop) -> str:
    """The recipe as it was launched."""
    return (folder(loop) / driver.RECIPE).read_text(encoding="utf-8")


def report(loop: Loop) -> bytes:
    """The page that a finished run wrote. Raises Http404."""
    path = folder(loop) / "report.html"
    if loop.state != Loop.State.DONE or not path.is_file():
        raise Http404
    return path.read_bytes()


def asked_items(place: Path) -> dict[str, str]:
    """The run's items as people were asked: {name in the queue: id in the run}."""
    return {str(k): str(v) for k, v in read(place / ASKED).items()}


@dataclass(frozen=True, slots=True)
class Row:
    """One criterion with the figure that was held against it, None where nothing is known."""

    finding: Finding
    figure: Estimate | Rate | None

    @property
    def why(self) -> str:
        """Why it came out so, and what would settle it."""
        return f"{self.finding.why}. {self.finding.needed}".strip()


@dataclass(frozen=True, slots=True)
class Gate:
    """The decision on a run's model, everything it rests on, and who signed."""

    decision: Decision
    rows: list[Row]
    signed: list[signing.Signed]
    roles: list[str]
    missing: list[str]
    basis: str
    holds: bool
    broken: str

    @property
    def approving(self) -> int:
        """How many of the asked-for roles have signed."""
        return len(self.roles) - len(self.missing)


def gate(loop: Loop) -> Gate:
    """The gate of a finished run, checked anew from its directory. Raises Http404 before."""
    place = folder(loop)
    if loop.state != Loop.State.DONE or not (place / signing.GATE).is_file():
        raise Http404
    asked, _, basis = signing.on_the_table(place)
    decision, proven = signing.decision_of(place), signing.signed(place)
    broken = signing.broken(place)
    roles = list(asked.roles.always)
    given = {s.signature.role for s in proven if s.signature.approves}
    return Gate(decision, [_row(f) for f in decision.findings], proven, roles, [r for r in roles if r not in given],
                basis, not broken, broken)  # fmt: skip


def _row(finding: Finding) -> Row:
    return Row(finding, None if isinstance(finding.figure, Undefined) else finding.figure)


def latest_word(found: Gate, person: str) -> Signature | None:
    """What somebody signed last."""
    return next((s.signature for s in reversed(found.signed) if s.signature.person == person), None)
