"""The items of a project, page by page, and all that was said of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tutelage.web.runs import queries
from tutelage.web.runs.queries import Asked


def items(request: HttpRequest, pk: Any) -> HttpResponse:
    """A page of items by state, domain and name; the last one's place leads to the next."""
    project = queries.project_for(request.user, pk, *queries.READ)
    fields = ("state", "domain", "name", "after")
    said = {name: request.GET.get(name, "").strip().replace("\0", "")[:120] for name in fields}
    asked = Asked(**said)
    page = queries.page(project, asked)
    figures = queries.figures(project)
    kept = {k: v for k, v in said.items() if v and k != "after"}
    context = {
        "project": project, "place": "items", "asked": asked, "page": page, "texts": queries.beginnings(page.items),
        "states": queries.STATES,
        "domains": queries.domains(project), "found": figures.found if figures else {},
        "next": urlencode({**kept, "after": page.after}) if page.after else "", "kept": urlencode(kept),
    }  # fmt: skip
    return render(request, "runs/items.html", context)


def item(request: HttpRequest, pk: Any, number: int) -> HttpResponse:
    """One item: what was asked, every judgment with its receipt, what they amount to."""
    project = queries.project_for(request.user, pk, *queries.READ)
    found = queries.item_for(project, number)
    context = {"project": project, "place": "items", "one": queries.whole(project, found)}
    return render(request, "runs/item.html", context)
