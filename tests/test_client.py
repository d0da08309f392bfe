"""The SDK: what was lost on the way is asked again with the same key. Against the platform: `web/runs/test_client`."""

from __future__ import annotations

import json

import httpx
import pytest

from tutelage.client import Client, Refused, Said
from tutelage.errors import BadInput

FIRST = {"type": "prefer", "winner": "first"}


def answering(*answers: httpx.Response | Exception) -> tuple[Client, list[httpx.Request], list[float]]:
    """A client whose platform gives these answers in turn, what it was asked, and how long the client waited."""
    asked: list[httpx.Request] = []
    waited: list[float] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    transport = httpx.MockTransport(answer)
    return Client("https://hall.test", "secret", sleep=waited.append, transport=transport), asked, waited


def test_a_lost_answer_is_asked_for_again_with_the_same_key() -> None:
    good = httpx.Response(200, json={"judgments": [{"id": "1", "item": "a", "receipt": "{}"}], "new": 1})
    client, asked, waited = answering(httpx.ReadTimeout("slow"), httpx.Response(503), good)
    assert [t["item"] for t in client.judge("p", "gpt", [Said("a", FIRST)])] == ["a"]
    keys = {json.loads(r.content)["judgments"][0]["key"] for r in asked}
    assert len(asked) == 3 and len(keys) == 1 and waited == [0.5, 1.0]


def test_it_waits_as_long_as_it_is_told() -> None:
    client, _, waited = answering(httpx.Response(429, headers={"Retry-After": "3"}), httpx.Response(200, json=[]))
    assert client.projects() == [] and waited == [3.0]


def test_a_refusal_says_what_the_platform_says_and_is_not_asked_again() -> None:
    body = {"error": "Absent", "seen": "There is no such object.", "expected": "one", "remedy": "Look."}
    client, asked, _ = answering(httpx.Response(404, json=body))
    with pytest.raises(Refused, match=r"There is no such object") as refused:
        client.projects()
    assert refused.value.status == 404 and refused.value.remedy == "Look." and len(asked) == 1


def test_a_token_never_travels_in_the_clear() -> None:
    with pytest.raises(BadInput, match="in the clear"):
        Client("http://hall.test", "secret")
