"""The auditor's trail and the owner's evidence."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from tutelage.web.integrity import actions, checking, queries, rules, tasks
from tutelage.web.people.queries import signed_in
from tutelage.web.shared.pages import number


@never_cache
def audit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everything that was done in a project, newest first; a button recomputes what was sealed, and changes nothing."""
    project = queries.watched(signed_in(request), pk)
    entries = queries.trail(project, number(request.GET.get("before")))
    more = entries[-1].row.pk if len(entries) == queries.PAGE else None
    said = {"project": project, "tab": "audit", "entries": entries, "more": more}
    if request.method == "POST":
        said["checked"] = checking.check(project)
    return render(request, "integrity/audit.html", said)


@never_cache
def evidence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What the project's work shows of how it came to be; whoever runs the project may have it examined."""
    user = signed_in(request)
    project = queries.watched(user, pk)
    if request.method == "POST":
        look = actions.ask(user, queries.may_examine(user, pk), timezone.now())
        tasks.examine.enqueue(look.pk)
        return redirect("evidence", pk)
    manages = bool(project.held & set(queries.MANAGE))
    look = queries.latest(project)
    said = {"project": project, "tab": "evidence", "look": look, "manages": manages, "newest": queries.newest(project)}
    return render(request, "integrity/evidence.html", {**said, **rules.percents(look.found if look else {})})
