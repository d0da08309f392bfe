"""The machine door, /api/: one router an app, one shape of error, one way to say who asks."""

from __future__ import annotations

import json
import math
import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import APIKeyCookie, HttpBearer

from tutelage.errors import BadInput, TutelageError
from tutelage.web.people import actions as people
from tutelage.web.settings import APPS
from tutelage.web.shared.refusals import Refused, TooMuch


class Session(APIKeyCookie):
    """Whoever is signed in in this browser; a change needs the CSRF token as well."""

    param_name = "tutelage"

    def __call__(self, request: HttpRequest) -> Any:
        """Leave a request that brings a token to the token's door: it has no cookie, so no CSRF to fear."""
        return None if "Authorization" in request.headers else super().__call__(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The user, or None. Raises TooMuch where their browsers ask too often."""
        user: Any = request.user
        if not user.is_authenticated or not user.is_active:
            return None
        people.admit_browser(user, timezone.now())
        return user


class Bearer(HttpBearer):
    """A scoped token of `people.Token`, which pays for every request here, whatever is asked."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token's user, or None. Raises TooMuch where it asks too often."""
        found = people.admit(token, request.method or "GET", timezone.now())
        if found is not None:
            request.user = found
        return found


DEEPEST, SURROGATE = 64, re.compile("[\ud800-\udfff]")


class Objects(Parser):
    """Bodies are JSON objects of what every database takes.

    Left alone, ninja takes a list for an object whose fields all have their defaults, and Python takes more for JSON
    than a table does: NaN, half a character, the character 0, and any depth.
    """

    def parse_body(self, request: HttpRequest) -> Any:
        """The object. Raises HttpError."""
        body = json.loads(request.body)
        if not isinstance(body, dict):
            raise HttpError(400, "The body is not an object")
        if not _storable(body):
            raise HttpError(400, "The body holds what cannot be stored")
        return body


def _storable(value: Any, left: int = DEEPEST) -> bool:
    """Whether it is not too deep, its numbers are finite and its texts are whole."""
    if isinstance(value, dict | list):
        inside = (*value, *value.values()) if isinstance(value, dict) else value
        return left > 0 and all(_storable(one, left - 1) for one in inside)
    if isinstance(value, str):
        return "\0" not in value and not SURROGATE.search(value)
    return not isinstance(value, float) or math.isfinite(value)


class Problem(Schema):
    """What went wrong: what was seen, what was expected, what to do, and what is safe."""

    error: str
    seen: str
    expected: str
    remedy: str
    safe: str = ""


PROBLEMS = {
    400: "What was sent cannot be read.",
    401: "Nobody is signed in, or the token is not good for this.",
    403: "Not allowed to you here.",
    404: "There is no such object, or it is not yours to see.",
    409: "Refused as things stand.",
    413: "More than may be sent at once.",
    422: "What was sent has not the shape that is asked for.",
    429: "Too much; `Retry-After` says when to ask again.",
}


class Door(NinjaAPI):
    """The API, whose description says of every operation how it may refuse: all do so in the same shape."""

    def get_openapi_schema(self, **how: Any) -> Any:
        """OpenAPI's description of all operations."""
        schema = super().get_openapi_schema(**how)
        schema["components"]["schemas"]["Problem"] = Problem.json_schema()
        shape = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        wait = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
        for methods in schema["paths"].values():
            for about in methods.values():
                for code, said in PROBLEMS.items():
                    problem = {"description": said, "content": shape} | ({"headers": wait} if code == 429 else {})
                    about["responses"].pop(code, None)
                    about["responses"][str(code)] = problem
        return schema


api = Door(title="Tutelage", version="1", docs_url=None, auth=[Session(csrf=True), Bearer()], parser=Objects())
for _app in APPS:
    if find_spec(f"tutelage.web.{_app}.api"):
        api.add_router("", import_module(f"tutelage.web.{_app}.api").router, tags=[_app])


def _say(request: HttpRequest, status: int, error: str, seen: str, expected: str, remedy: str, safe: str = "") -> Any:
    body = {"error": error, "seen": seen, "expected": expected, "remedy": remedy, "safe": safe}
    return api.create_response(request, body, status=status)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    answer = _say(request, error.status, type(error).__name__, error.seen, error.expected, error.remedy, error.safe)
    if isinstance(error, TooMuch) and error.wait_s:
        answer["Retry-After"] = str(error.wait_s)
    return answer


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


@api.exception_handler(RequestDataTooBig)
def _large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return _say(request, 413, "TooLarge", "The request is larger than 2.5 MB.", "less at once",
                "Send it in parts, or as a file to `imports`.")  # fmt: skip


@api.exception_handler(SuspiciousOperation)
def _unreadable(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    return _say(request, 400, "BadInput", "The request cannot be read.", "a request that /api/openapi.json allows",
                "Correct it and send it again.")  # fmt: skip


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the framework itself refuses: no credentials, no CSRF token, a body that is not JSON."""
    expected, remedy = ASKED.get(error.status_code, ASKED[400])
    return _say(request, error.status_code, "BadInput", f"{error.message}.", expected, remedy)


ASKED = {
    400: ("a body that is a JSON object", "Correct it and send it again."),
    401: ("a session, or `Authorization: Bearer <token>` whose scope allows this", "Sign in, or make a token."),
    403: ("a session's change with the header X-CSRFToken", "Send it, or use a token."),
}
