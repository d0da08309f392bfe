"""A served model is asked over HTTP: refusals are one reply's loss, failures keep what was said before."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tutelage.errors import Failed
from tutelage.judges.constitution import Speaker
from tutelage.models import endpoint
from tutelage.records import Sampling, Unscored, user

COLD = Sampling("", temperature=0.0, max_tokens=9)


class Server(BaseHTTPRequestHandler):
    """Says the request back; will not answer "forbidden", cuts "long" off, and knows nobody who says "stranger"."""

    heard: list[str] = []  # noqa: RUF012  the class is the server's only memory

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
        Server.heard.append(asked)
        status = {"forbidden": 400, "stranger": 401}.get(asked, 200)
        ending = "length" if asked == "long" else "stop"
        self.send_response(status)
        self.end_headers()
        body = {"choices": [{"message": {"content": f"you said {asked}"}, "finish_reason": ending}]}
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[endpoint.EndpointPolicy]:
    monkeypatch.setattr(endpoint, "PAUSES_S", (0.0,))
    Server.heard = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    policy = endpoint.EndpointPolicy.load(f"http://127.0.0.1:{server.server_port}/v1#model")
    yield policy
    server.shutdown()
    server.server_close()
    thread.join()


def test_each_reply_stands_at_its_place_and_a_refusal_costs_itself_alone(
    served: endpoint.EndpointPolicy, tmp_path: Path
) -> None:
    said = Speaker(served, COLD, memory=tmp_path).say([user(t) for t in ("a", "forbidden", "long", "b", "a")])
    assert (said[0], said[3], said[4]) == ("you said a", "you said b", "you said a")
    assert [s.reason for s in (said[1], said[2]) if isinstance(s, Unscored)] == ["blocked", "unparsed"]
    assert len(Server.heard) == 4  # the same words once


def test_a_server_that_knows_us_no_more_is_an_error_and_what_it_said_is_kept(
    served: endpoint.EndpointPolicy, tmp_path: Path
) -> None:
    """One at a time: "a" is answered, "stranger" fails, "b" is not sent; then "a" is known and "b" is asked."""
    with pytest.raises(Failed, match="401"):
        Speaker(served, COLD, memory=tmp_path, at_once=1).say([user(t) for t in ("a", "stranger")])
    again = Speaker(served, COLD, memory=tmp_path)
    assert again.say([user("a"), user("b")]) == ["you said a", "you said b"]
    assert (again.purse.known, again.purse.spent) == (1, 1)
