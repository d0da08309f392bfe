"""Every address. An app's own are in its `urls`; all machine ones are under /api/."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from tutelage.web.settings import APPS


def healthz(_: HttpRequest) -> HttpResponse:
    """That the process answers; touches nothing."""
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz),
    path("api/", import_module("tutelage.web.api").api.urls),
    path("account/", include("allauth.urls")),
    *(path("", include(f"tutelage.web.{app}.urls")) for app in APPS if find_spec(f"tutelage.web.{app}.urls")),
]
