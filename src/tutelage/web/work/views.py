"""The workbench's page, and what a contributor did."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from tutelage.web.work import actions, queries


@login_required
def workbench(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The workbench with its first task in the page."""
    seat = queries.seat_for(request.user, pk)
    task = actions.take(seat, timezone.now()) or queries.NOTHING
    project, home = seat.project, request.GET.get("home", "")
    here = url_has_allowed_host_and_scheme(home, None)
    context = {"task": task, "kind": project.kind, "project_id": project.pk, "project_name": project.name,
               "home": home if here else ""}  # fmt: skip
    return render(request, "shared/workbench.html", context)


@login_required
def mine(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What somebody did in a project: each judgment with its receipt and pay, newest first."""
    seat = queries.seat_for(request.user, pk)
    before = request.GET.get("before")
    rows = queries.mine(seat, before)
    context = {
        "seat": seat,
        "project": seat.project,
        "rows": rows,
        "more": rows[-1].judgment.pk if len(rows) == 50 else None,
    }
    return render(request, "work/mine.html", context)
