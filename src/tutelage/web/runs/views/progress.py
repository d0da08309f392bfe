"""The run page: where a project stands, how sure that is, what needs somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tutelage.web.runs import queries, rules


def progress(request: HttpRequest, pk: Any) -> HttpResponse:
    """Figures of the last pass of the worker; every one leads to its rows."""
    project = queries.project_for(request.user, pk, *queries.OVERSEE)
    figures = queries.figures(project)
    found = dict(figures.found) if figures else {}
    alerts = rules.alerts(found) if found else []
    top = alerts[0] if alerts else None
    context = {
        "project": project, "place": "run", "figures": figures, "found": found, "alerts": alerts[1:], "top": top,
        "to": reverse(top.to, args=[project.pk]) + top.href if top else "", "ending": _ending(found),
    }  # fmt: skip
    return render(request, "runs/run.html", context)


def _ending(found: dict[str, Any]) -> dict[str, datetime | None] | None:
    """The expected end as times, so that the page's language writes them."""
    said = found.get("ending")
    return {k: datetime.fromisoformat(v) if v else None for k, v in said.items()} if said else None
