"""An OpenAI-compatible server as a policy, against a real one on a local port."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pytest import approx

from tutelage import models
from tutelage.errors import Failed
from tutelage.models import endpoint
from tutelage.records import Sampling, user


class Server(BaseHTTPRequestHandler):
    """Answers every chat request with its own last words; knows log-probabilities unless asked for `plain`."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["model"] == "broken":
            self.send_response(500)
            self.end_headers()
            return
        choice: dict[str, Any] = {"message": {"content": asked["messages"][-1]["content"]}, "finish_reason": "stop"}
        if asked["model"] != "plain":
            choice["logprobs"] = {"content": [{"logprob": -0.5}, {"logprob": -0.25}]}
        body = json.dumps({"choices": [choice] * asked["n"]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_endpoint_answers_n_times(url: str) -> None:
    """-0.5 - 0.25 = -0.75 nats over two tokens."""
    answers = models.load(f"endpoint:{url}#echo").sample([user("hello")], n=2, sampling=Sampling("echo"))
    assert [(g.text, g.tokens, g.ended) for g in answers[0]] == [("hello", 2, True)] * 2
    assert answers[0][0].logprob == approx(-0.75)


def test_an_endpoint_without_log_probabilities_does_not_invent_them(url: str) -> None:
    answers = models.load(f"endpoint:{url}#plain").sample([user("hello")], sampling=Sampling("plain"))
    assert math.isnan(answers[0][0].logprob)


def test_a_server_error_says_what_to_check(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "PAUSES_S", (0.0, 0.0))
    with pytest.raises(Failed, match="500"):
        models.load(f"endpoint:{url}#broken").sample([user("hello")], sampling=Sampling("broken"))
