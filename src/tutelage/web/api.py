"""The machine door, /api/: one router an app, one shape of error, one way to say who asks."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import ValidationError
from ninja.security import APIKeyCookie, HttpBearer

from tutelage.errors import BadInput, TutelageError
from tutelage.web.people.queries import user_of_token
from tutelage.web.settings import APPS
from tutelage.web.shared.refusals import Refused


class Session(APIKeyCookie):
    """Whoever is signed in in this browser; a change needs the CSRF token as well."""

    param_name = "tutelage"

    def __call__(self, request: HttpRequest) -> Any:
        """Leave a request that brings a token to the token's door: it has no cookie, so no CSRF to fear."""
        return None if "Authorization" in request.headers else super().__call__(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The user, or None."""
        return request.user if request.user.is_authenticated and request.user.is_active else None


class Bearer(HttpBearer):
    """A scoped token of `people.Token`."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token's user, or None."""
        found = user_of_token(token, request.method or "GET")
        if found is not None:
            request.user = found
        return found


class Problem(Schema):
    """What went wrong: what was seen, what was expected, what to do, and what is safe."""

    error: str
    seen: str
    expected: str
    remedy: str
    safe: str = ""


PROBLEMS = dict.fromkeys((400, 401, 403, 404, 409, 422, 429), Problem)

api = NinjaAPI(title="Tutelage", version="1", docs_url=None, auth=[Session(csrf=True), Bearer()])
for _app in APPS:
    if find_spec(f"tutelage.web.{_app}.api"):
        api.add_router("", import_module(f"tutelage.web.{_app}.api").router, tags=[_app])


def _say(request: HttpRequest, status: int, error: str, seen: str, expected: str, remedy: str, safe: str = "") -> Any:
    body = {"error": error, "seen": seen, "expected": expected, "remedy": remedy, "safe": safe}
    return api.create_response(request, body, status=status)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return _say(request, error.status, type(error).__name__, error.seen, error.expected, error.remedy, error.safe)


@api.exception_handler(TutelageError)
def _ours(request: HttpRequest, error: TutelageError) -> HttpResponse:
    status = 400 if isinstance(error, BadInput) else 409
    return _say(request, status, type(error).__name__, error.seen, error.expected, error.remedy)


@api.exception_handler(Http404)
def _absent(request: HttpRequest, error: Http404) -> HttpResponse:
    return _say(request, 404, "Absent", "There is no such object, or it is not yours to see.",
                "an object that you may see", "Check the address and who you are signed in as.")  # fmt: skip


@api.exception_handler(ValidationError)
def _shape(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0] if error.errors else {}
    place = ".".join(str(x) for x in first.get("loc", ())[1:])
    return _say(request, 422, "Unprocessable", f"`{place}`: {first.get('msg', 'cannot be read')}.",
                "the shape that /api/openapi.json gives", "Correct the field and send it again.")  # fmt: skip
