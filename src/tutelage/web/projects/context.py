"""Where the bar of every page leads, by what somebody may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from tutelage.web.projects import queries


def places(request: HttpRequest) -> dict[str, Any]:
    """`nav` of the bar and `mine` of the menu under one's name; computed only where a page shows them."""
    return {"nav": SimpleLazyObject(lambda: _nav(request)), "mine": SimpleLazyObject(lambda: _mine(request))}


def _nav(request: HttpRequest) -> list[dict[str, Any]]:
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    found = [(reverse("home"), _("Today"))]
    if queries.runs_something(user):
        found.append((reverse("projects"), _("Projects")))
    return [{"href": href, "label": label, "current": request.path == href} for href, label in found]


def _mine(request: HttpRequest) -> list[dict[str, str]]:
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    organisations = queries.organisations(user)
    return [
        {"href": reverse("me"), "label": _("Profile and sign-in")},
        {"href": reverse("care"), "label": _("Content I am ready to meet")},
        {"href": reverse("tokens"), "label": _("API tokens")},
        *({"href": reverse("organisation", args=[o.pk]), "label": o.name} for o in organisations),
    ]
