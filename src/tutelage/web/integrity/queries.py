"""The trail of a project, and what was seen in its work. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from tutelage.web.integrity.models import Look
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.projects.queries import project_for
from tutelage.web.proof.models import Audit
from tutelage.web.work.models import Judgment, Seat

WATCH = ("auditor", "owner", "operator")
MANAGE = ("owner", "operator")
PAGE = 50


def watched(user: Any, pk: Any) -> Project:
    """A project that the user audits or runs. Raises Http404."""
    return project_for(user, pk, *WATCH)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the trail. `who`: a contributor's pseudonym, or the name of whoever runs the project."""

    row: Audit
    who: str

    @property
    def said(self) -> str:
        """The rest of what was recorded."""
        return ", ".join(f"{key}: {value}" for key, value in self.row.detail.items())


def trail(project: Project, before: int | None = None) -> list[Entry]:
    """A page of the trail, newest first."""
    rows = Audit.objects.filter(project=project).select_related("actor").order_by("-pk")
    page = list((rows.filter(pk__lt=before) if before else rows)[:PAGE])
    hidden = nyms(project, [row.actor_id for row in page])
    return [Entry(row, hidden.get(str(row.actor_id), str(row.actor or ""))) for row in page]


def nyms(project: Project, users: Any = None) -> dict[str, str]:
    """Contributors' pseudonyms in short, by their ids."""
    seats = Seat.objects.filter(project=project)
    found = seats if users is None else seats.filter(user__in=[u for u in users if u])
    return {str(user): nym[:8] for user, nym in found.values_list("user", "nym")}


def latest(project: Project) -> Look | None:
    """The last examination, done or under way."""
    return Look.objects.filter(project=project).order_by("-pk").first()


def look_for(pk: int) -> Look | None:
    """An examination by its number, for whoever carries it out."""
    return Look.objects.select_related("project").filter(pk=pk).first()


def newest(project: Project) -> Any:
    """The last judgment of a project, so that a page can say whether an examination is current."""
    return Judgment.objects.filter(project=project).aggregate(last=Max("accepted_at"))["last"]


def may_examine(user: User, pk: Any) -> Project:
    """A project that the user runs. Raises Http404."""
    return project_for(user, pk, *MANAGE)
