"""The few addresses that our own templates name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def nothing(_: HttpRequest) -> HttpResponse:
    """Only its address matters."""
    return HttpResponse()


urlpatterns = [path(f"{name}/", nothing, name=name) for name in ("set_language", "account_login", "account_logout")]
