"""Today: what a contributor can take up, and what an owner should look at."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tutelage.web.people.queries import signed_in
from tutelage.web.projects import queries

MOST = 50


def home(request: HttpRequest) -> HttpResponse:
    """The page of whoever signed in: queues to work in, projects to run."""
    user = signed_in(request)
    run = list(queries.run_by(user)[:MOST])
    context = {
        "queues": queries.worked_in(user), "calls": queries.open_calls(user), "run": run,
        "may_create": bool(queries.organisations(user, *queries.MANAGE)),
    }  # fmt: skip
    return render(request, "projects/home.html", context)


def projects(request: HttpRequest) -> HttpResponse:
    """All projects that the user runs or oversees."""
    user = signed_in(request)
    found = queries.run_by(user)
    context = {"projects": found[:500], "may_create": bool(queries.organisations(user, *queries.MANAGE))}
    return render(request, "projects/projects.html", context)
