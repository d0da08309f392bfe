"""The pages of a project, for whoever may open them: `{% load project %}`, `{% pages as places %}`."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from tutelage.web.projects.queries import MANAGE, READ, WRITE

register = template.Library()


class Page(NamedTuple):
    """A page of a project. `tab`: what its view calls it; `roles`: who may open it."""

    tab: str
    address: str
    label: Any
    roles: tuple[str, ...]


OVERSEE = (*MANAGE, "auditor")
PAGES = (
    Page("overview", "project", _("Overview"), READ),
    Page("run", "run", _("Run"), OVERSEE),
    Page("items", "items", _("Items"), READ),
    Page("guideline", "guideline", _("Guideline"), WRITE),
    Page("people", "project_people", _("People"), OVERSEE),
    Page("review", "review", _("Review"), (*MANAGE, "reviewer")),
    Page("cases", "cases", _("Cases"), (*MANAGE, "adjudicator")),
    Page("certificate", "certificate", _("AI judges"), OVERSEE),
    Page("runs", "runs", _("Training runs"), OVERSEE),
    Page("releases", "releases", _("Releases"), OVERSEE),
    Page("evidence", "evidence", _("Evidence"), OVERSEE),
    Page("audit", "audit", _("Audit"), OVERSEE),
    Page("settings", "project_settings", _("Terms and queue"), MANAGE),
    Page("offer", "offer", _("Offer page"), READ),
)


@register.simple_tag(takes_context=True)
def pages(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the context's `project` that its reader may open; what an app does not offer yet is left out."""
    project = context["project"]
    return [
        {"href": href, "label": page.label, "current": context.get("tab") == page.tab}
        for page in PAGES
        if project.held & set(page.roles) and (href := _address(page.address, project.pk))
    ]


def _address(name: str, pk: Any) -> str:
    try:
        return reverse(name, args=[pk])
    except NoReverseMatch:
        return ""
