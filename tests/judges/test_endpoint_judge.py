"""A served model as a judge, over a real HTTP server on a local port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tutelage import judges
from tutelage.errors import Failed
from tutelage.judges import Because, Duel, Preferred, Setting
from tutelage.judges.asking import Purse
from tutelage.models import endpoint
from tutelage.records import Unscored, assistant, user


class Server(BaseHTTPRequestHandler):
    """Prefers the answer that says "right"; refuses what says "forbidden"; is busy the first time it hears "busy"."""

    seen: list[str] = []  # noqa: RUF012  the class is the server's only memory

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
        Server.seen.append(asked)
        if "forbidden" in asked:
            return self._send(400, {"error": "content policy"})
        if "busy" in asked and Server.seen.count(asked) == 1:
            return self._send(429, {"error": "slow down"})
        if "broken" in asked:
            return self._send(401, {"error": "no key"})
        a, _, b = asked.partition("answer B")
        side = "A" if "right" in a.partition("answer A")[2] else "B" if "right" in b else "A"  # place decides the rest
        text = json.dumps({"better": side, "confidence": 0.8, "reason": "It says so."})
        return self._send(200, {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})

    def _send(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(endpoint, "PAUSES_S", (0.0, 0.0))
    Server.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"endpoint:http://127.0.0.1:{server.server_port}/v1#judge-1"
    server.shutdown()
    server.server_close()
    thread.join()


def pair(first: str, second: str) -> Duel:
    return Duel(user("Which?"), assistant(first), assistant(second))


def test_a_verdict_counts_only_if_both_orders_agree(spec: str, tmp_path: Path) -> None:
    """The right answer wins in either place; of two wrong ones this server always takes the first it sees."""
    judge = judges.load(spec, Setting(memory=tmp_path))
    found = judge.compare_all([pair("right", "wrong"), pair("wrong", "right"), pair("wrong", "bad")])
    assert found[:2] == [
        Preferred("first", 0.8, Because("It says so.")), Preferred("second", 0.8, Because("It says so."))
    ]  # fmt: skip
    assert found[2] == Unscored("order_inconsistent", "first in one order, second in the other")


def test_a_refused_request_is_one_blocked_pair_and_a_busy_server_is_asked_again(spec: str, tmp_path: Path) -> None:
    found = judges.load(spec, Setting(memory=tmp_path)).compare_all([pair("forbidden", "x"), pair("right", "busy")])
    assert isinstance(found[0], Unscored)
    assert found[0].reason == "blocked"
    assert found[1] == Preferred("first", 0.8, Because("It says so."))


def test_a_server_that_refuses_us_is_an_error_and_what_it_said_before_is_kept(spec: str, tmp_path: Path) -> None:
    setting = Setting(memory=tmp_path, at_once=1, purse=Purse())
    with pytest.raises(Failed, match="401"):
        judges.load(spec, setting).compare_all([pair("right", "x"), pair("broken", "y"), pair("right", "z")])
    before = len(Server.seen)
    judges.load(spec, setting).compare_all([pair("right", "x")])
    assert len(Server.seen) == before
