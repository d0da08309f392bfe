"""The front end by itself: real templates, real policy, tasks made of specimens. `python -m tests.e2e.preview [port]`.

Answers are checked by `kinds.<kind>.parse_answer`, as the platform checks them. What a test wants to go wrong, it says.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

if __name__ == "__main__":
    import tempfile

    import django

    os.environ.setdefault("TUTELAGE_HALL", tempfile.mkdtemp())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutelage.web.settings")
    django.setup()

from django.conf import settings
from django.template import Context, Engine
from django.test import RequestFactory
from django.urls import set_urlconf
from django.utils import translation
from tests.e2e.tasks import Tasks

from tutelage import kinds
from tutelage.environments import graders
from tutelage.errors import BadInput
from tutelage.records import encode, user
from tutelage.web.shared import dist

TYPES = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain", ".json": "application/json"}
POLICY = "; ".join(
    f"{name} {' '.join(values)}" for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)

PROSE = """## A heading

Some **bold** and *soft* words, `code`, a [link](https://example.org) and mathematics: $e^{i\\pi} + 1 = 0$.

$$\\int_0^1 x^2\\,dx = \\frac{1}{3}$$

1. first
2. second

> A quotation.

```python
print("code")
```

| a | b |
|---|---|
| 1 | 2 |
"""
# The shared room by itself: its templates need no other app.
ENGINE = Engine(
    dirs=[dist.WEB / "shared" / "templates", Path(__file__).parent / "templates"],
    libraries={"house": "tutelage.web.shared.templatetags.house", "i18n": "django.templatetags.i18n"},
)


@dataclass
class Desk:
    """What was sent, and what is to go wrong: `trouble` holds statuses to answer with, first come first served."""

    tasks: Tasks
    drafts: list[dict[str, Any]] = field(default_factory=list)
    submitted: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    undone: list[dict[str, Any]] = field(default_factory=list)
    revealed: list[bool] = field(default_factory=list)
    keys: dict[str, Any] | None = None  # that were kept on the account
    version: int = 0  # of the draft
    mute: int = 0  # so many drafts are stored without an answer
    deaf: bool = False  # what is submitted is stored, but no answer comes back
    trouble: list[tuple[str, int]] = field(default_factory=list)
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    shown: dict[str, Any] | None = None

    def held(self) -> dict[str, Any]:
        """The task that is open, with its draft; the next one where none is."""
        if self.shown is None or self.submitted:
            return self.tasks.next()
        last = self.drafts[-1] if self.drafts else None
        draft = last and {"answer": last["answer"], "reason": last["reason"], "version": self.version}
        return {**self.shown, "draft": draft}


class Preview:
    """A server on loopback; `desk` is what its tests look at."""

    def __init__(self, port: int = 0) -> None:
        self.desk = Desk(Tasks("comparison"))
        handler = type("Handler", (_Handler,), {"preview": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Preview:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def lay(self, kind: str, **terms: Any) -> Desk:
        """A fresh desk with tasks of a kind."""
        self.desk = Desk(Tasks(kind, **terms))
        return self.desk


class _Handler(BaseHTTPRequestHandler):
    preview: Preview
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        at = urlsplit(self.path)
        asked = {k: v[0] for k, v in parse_qs(at.query).items()}
        if at.path.startswith("/static/dist/"):
            file = dist.DIST / Path(at.path).name
            self._send(200, file.read_bytes(), TYPES.get(file.suffix, "text/plain"))
        elif at.path.startswith("/work/"):
            if asked.get("kind"):
                self.preview.lay(asked["kind"])
            self._page("shared/workbench.html", asked, self._work())
        elif at.path.startswith("/page/"):
            self._page(f"{at.path.removeprefix('/page/')}.html", asked, {"text": PROSE})
        elif at.path == "/api/work/next":
            self._json(200, self.preview.desk.held())
        else:
            self._send(404, b"", "text/plain")

    def do_PUT(self) -> None:
        self._change()

    def do_POST(self) -> None:
        self._change()

    def _change(self) -> None:
        what = urlsplit(self.path).path.rsplit("/", 1)[-1]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        desk = self.preview.desk
        with desk.lock:
            told = next((t for t in desk.trouble if t[0] == what), None)
            if told:
                desk.trouble.remove(told)
                return self._refuse(told[1])
            return {"draft": _draft, "submit": _submit, "skip": _skip, "undo": _undo, "try": _try,
                    "reveal": _reveal, "keys": _keys}[what](self, desk, body)  # fmt: skip

    def _refuse(self, status: int) -> None:
        if status == 0:  # the connection breaks
            self.close_connection = True
            return
        error = {409: "LeaseLost"}.get(status, "Refused")
        said = {"error": error, "seen": f"Refused with {status}.", "expected": "something else",
                "remedy": "Take the next one.", "safe": "Your work and pay are safe: it is only a test."}  # fmt: skip
        self._json(status, said)

    def _work(self) -> dict[str, Any]:
        desk = self.preview.desk
        tasks = desk.tasks
        desk.shown = tasks.next()
        desk.version = (desk.shown.get("draft") or {"version": 0})["version"]
        return {
            "task": desk.shown,
            "kind": tasks.kind,
            "project_id": "0197",
            "project_name": "Clinic answers",
            "keys": desk.keys,
        }

    def _page(self, template: str, asked: dict[str, str], context: dict[str, Any]) -> None:
        request = RequestFactory().get(self.path)
        request.COOKIES["theme"] = asked.get("theme", "")
        nav = [{"href": "#", "label": "Today", "current": True}, {"href": "#", "label": "Earnings", "current": False}]
        set_urlconf("tests.e2e.addresses")
        with translation.override(asked.get("language", "en")):
            said = {"nav": nav, "request": request, "csrf_token": "a-token", **context}
            text = ENGINE.get_template(template).render(Context(said))
        self._send(200, text.encode(), "text/html; charset=utf-8")

    def _json(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, media: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


def _draft(handler: _Handler, desk: Desk, body: dict[str, Any]) -> None:
    if body["version"] < desk.version:
        said = {"error": "Refused", "seen": "Another tab has saved since.", "expected": "the version of now",
                "remedy": "Reload to see it.", "safe": "Your work and pay are safe."}  # fmt: skip
        return handler._json(409, said)
    desk.drafts.append(body)
    desk.version = body["version"] + 1
    if desk.mute:
        desk.mute -= 1
        handler.close_connection = True
        return None
    later = (datetime.now(UTC) + timedelta(seconds=1800)).isoformat()
    return handler._json(200, {"version": desk.version, "expires_at": later})


def _submit(handler: _Handler, desk: Desk, body: dict[str, Any]) -> None:
    if body["key"] in desk.replies:
        return _answer(handler, desk, desk.replies[body["key"]])
    try:
        kinds.get(desk.tasks.kind).parse_answer(desk.tasks.exhibit.item, body["answer"])
    except BadInput as e:
        said = {"error": "Unprocessable", "seen": f"{e.where}: {e.seen}", "expected": e.expected, "remedy": e.remedy,
                "safe": "Your draft is kept."}  # fmt: skip
        return handler._json(422, said)
    desk.submitted.append(body)
    desk.version = 0
    desk.tasks.done += 1
    judgment, until = str(uuid.uuid4()), (datetime.now(UTC) + timedelta(seconds=10)).isoformat()
    reply = {"judgment": judgment, "receipt": {"id": str(uuid.uuid4())}, "pay": {"minor": 42, "currency": "EUR"},
             "undo_until": until, "next": desk.tasks.next(undo={"judgment": judgment, "until": until})}  # fmt: skip
    desk.replies[body["key"]] = reply
    return _answer(handler, desk, reply)


def _answer(handler: _Handler, desk: Desk, reply: dict[str, Any]) -> None:
    if desk.deaf:
        handler.close_connection = True
    else:
        handler._json(200, reply)


def _skip(handler: _Handler, desk: Desk, body: dict[str, Any]) -> None:
    desk.skipped.append(body)
    handler._json(200, {"pay": {"minor": 12}, "next": desk.tasks.next()})


def _keys(handler: _Handler, desk: Desk, body: dict[str, Any]) -> None:
    """What somebody works with from now on, kept on their account."""
    desk.keys = body
    handler._json(200, body)


def _reveal(handler: _Handler, desk: Desk, body: dict[str, Any]) -> None:
    """What was hidden, with its time."""
    desk.revealed.append(body.get("shown", True))
    handler._json(200, desk.tasks.shown if desk.revealed[-1] else {"care": desk.tasks.care})


def _try(handler: _Handler, desk: Desk, body: dict[str, Any]) -> None:
    """The grader of the problem judges the author's own answer; the model's tries are made up."""
    made = body["answer"]
    said = graders.grade(
        graders.Task(user(made["prompt"][0]["text"]), made["grader"]["name"], made["grader"]["parameters"],
                     made["answer"]), made["answer"])  # fmt: skip
    results = [{"text": f"It is {n}.", "grade": {"type": "scored", "value": float(n == 7)}} for n in (7, 8, 7, 9, 7)]
    handler._json(200, {"check": encode(said), "why": "", "tries": {
        "model": "smollm2", "passed": 3, "of": 5, "lo": 0.15, "hi": 0.95, "results": results}})  # fmt: skip


def _undo(handler: _Handler, desk: Desk, body: dict[str, Any]) -> None:
    desk.undone.append(body)
    desk.version = 1
    desk.tasks.done -= 1
    last = desk.submitted[-1]
    handler._json(200, desk.tasks.next(draft={"answer": last["answer"], "reason": last["reason"], "version": 1}))


if __name__ == "__main__":
    with Preview(int(sys.argv[1]) if len(sys.argv) > 1 else 8765) as serving:
        print(f"{serving.url}/work/?kind=comparison&theme=dark&language=ar")  # noqa: T201  a program's only output
        while True:
            time.sleep(60)
