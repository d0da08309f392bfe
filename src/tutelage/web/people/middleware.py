"""What stands before every page: who is signed in, with how many factors, in which language; and refusals as pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from tutelage.errors import TutelageError
from tutelage.web.people import queries, rules

FACTORS = "mfa_index"
POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class Gate(LoginRequiredMiddleware):
    """A view is for people who are signed in, unless it says `login_not_required`; staff need a second factor.

    The machine door answers for itself: `web.api` asks for a session or a token there.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer in the language of whoever asks."""
        user: Any = request.user
        if user.is_authenticated and user.language != translation.get_language():
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        answer = self.get_response(request)
        answer.headers.setdefault("Permissions-Policy", POLICY)
        answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if user.is_authenticated:  # on a shared computer, nothing stays behind
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def process_view(self, request: HttpRequest, view: Callable, args: Any, kwargs: Any) -> HttpResponse | None:
        """A redirect to sign in or to set up a second factor, or None to go on."""
        if request.path.startswith("/api/"):
            if _lacks_factor(request):  # a session that has not shown its second factor opens no machine door
                request.user = AnonymousUser()
            return None
        if request.path == "/healthz":
            return None
        stop = super().process_view(request, view, args, kwargs)
        if stop is None and _lacks_factor(request):
            if request.path.startswith("/account/"):
                return None
            messages.warning(request, _("Owners and operators sign in with two factors. Set up a passkey or an app."))
            return redirect(FACTORS)
        return stop

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What is refused, as a page that says what to do."""
        if not isinstance(error, TutelageError) or request.path.startswith("/api/"):
            return None
        said = {name: getattr(error, name, "") for name in ("seen", "expected", "remedy", "safe")}
        return render(request, "shared/error.html", said, status=getattr(error, "status", 400))


def _lacks_factor(request: HttpRequest) -> bool:
    user: Any = request.user
    exposed = rules.is_exposed(settings.ALLOWED_HOSTS)
    if not exposed or not user.is_authenticated:
        return False
    is_staff = user.is_operator or queries.is_staff(user)
    return rules.needs_second_factor(
        is_staff=is_staff, has_factor=is_staff and queries.has_second_factor(user), exposed=exposed
    )
