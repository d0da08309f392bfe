"""The workbench's page, and what a contributor did."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from tutelage.web.people.queries import signed_in
from tutelage.web.work import actions, queries, rehearsing


@login_required
def workbench(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The workbench with its first task in the page; with `preview`, five of them for whoever runs the project."""
    user, now = signed_in(request), timezone.now()
    if request.GET.get("preview"):
        project = rehearsing.project_to_rehearse(user, pk)
        task = rehearsing.take(user, project, now)
    else:
        seat = queries.seat_for(user, pk)
        project, task = seat.project, actions.take(seat, now) or queries.NOTHING
    home = request.GET.get("home", "")
    here = url_has_allowed_host_and_scheme(home, None)
    context = {"task": task, "kind": project.kind, "project_id": project.pk, "project_name": project.name,
               "keys": queries.keys(user),
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
