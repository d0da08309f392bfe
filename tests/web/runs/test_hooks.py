"""Webhooks: signed, tried again, and never a way into somebody's own network."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.web.halls import Hall

from tutelage.errors import BadInput
from tutelage.web.runs import hooks
from tutelage.web.runs.models import Delivery, Webhook

INSIDE = [
    "127.0.0.1", "10.0.0.8", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:7f00:1::", "::", "::7f00:1",
    "ff02::1", "no address",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_is_sent_inside(address: str) -> None:
    assert not hooks.is_public(address)
    with pytest.raises(BadInput):
        hooks.safe_address("rebound.test", 443, lambda *_: ["93.184.215.14", address])


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_the_open_net_is_sent_to(address: str) -> None:
    assert hooks.safe_address("example.org", 443, lambda *_: [address]) == address


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "https://example.org:22/", "https://user@example.org/", "https:///x", "ftp://example.org",
     "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\r\nHost: x", "https://[::1", "",
     "https://example.org\\@10.0.0.1/"],
)  # fmt: skip
def test_an_address_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        hooks.target(url)


@pytest.fixture
def dripping() -> Iterator[int]:
    """The port of somebody who answers a byte of a handshake now and then, for ever."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            taken, _ = listening.accept()
            with taken, contextlib.suppress(OSError):
                taken.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 kB begins
                while not over.wait(0.05):
                    taken.sendall(b"\x02")

        thread = threading.Thread(target=drip)
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        thread.join()


def test_whoever_answers_byte_by_byte_holds_nobody_up(dripping: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes well within the time for one; all together are cut off after theirs, here half a second."""
    monkeypatch.setattr(hooks, "DEADLINE_S", 0.5)
    began = time.monotonic()
    with pytest.raises(OSError):  # however the system says that a connection is over
        hooks.post("example.org", "127.0.0.1", dripping, "/", b"{}", {})
    assert 0.4 < time.monotonic() - began < 4


@pytest.mark.django_db
class TestSending:
    def made(self, hall: Hall) -> str:
        return hooks.make(hall.owner, hall.project, "https://example.org/in?a=1", ["export.done"], timezone.now())[1]

    def test_a_delivery_is_signed_and_sent_to_the_address_that_was_checked(self, hall: Hall) -> None:
        secret, sent, now = self.made(hall), [], timezone.now()
        hooks.announce(hall.project.pk, "export.done", {"job": 1})
        hooks.announce(hall.project.pk, "import.done", {"job": 2})

        def post(host: str, address: str, port: int, path: str, body: bytes, headers: dict[str, str]) -> int:
            sent.append((host, address, port, path))
            at, said = (part.partition("=")[2] for part in headers["Tutelage-Signature"].split(","))
            assert said == hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
            return 204

        later = now + timedelta(seconds=1)
        assert hooks.send_due(later, lambda *_: ["93.184.215.14"], post) == 1
        assert sent == [("example.org", "93.184.215.14", 443, "/in?a=1")]
        assert hooks.send_due(later, lambda *_: ["93.184.215.14"], post) == 0, "once"
        assert secret not in bytes(Webhook.objects.get().secret).decode("latin1")

    @pytest.mark.parametrize("status", [302, 404, 500])
    def test_what_is_not_taken_is_tried_again_and_at_last_given_up(self, hall: Hall, status: int) -> None:
        self.made(hall)
        hooks.announce(hall.project.pk, "export.done", {})
        now = timezone.now()
        for _ in range(20):
            now += timedelta(days=1)
            hooks.send_due(now, lambda *_: ["93.184.215.14"], lambda *_: status)
        one = Delivery.objects.get()
        assert (one.state, one.attempts, one.status) == ("failed", 8, status)

    def test_a_name_that_was_turned_inside_since_is_never_connected_to(self, hall: Hall) -> None:
        self.made(hall)
        hooks.announce(hall.project.pk, "export.done", {})

        def never(*_: Any) -> int:
            raise AssertionError

        assert hooks.send_due(timezone.now() + timedelta(1), lambda *_: ["169.254.169.254"], never) == 0
        assert "leads nowhere" in Delivery.objects.get().error

    def test_an_owner_makes_one_sees_its_secret_once_and_its_deliveries(self, hall: Hall) -> None:
        client = Client()
        client.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
        where = f"/projects/{hall.project.pk}/webhooks/"
        page = client.post(where, {"url": "https://example.org/in", "events": ["export.done"]}).content.decode()
        assert "whsec_" in page and "whsec_" not in client.get(where).content.decode()
        hooks.announce(hall.project.pk, "export.done", {})
        assert "export.done" in client.get(where).content.decode()
        wrong = client.post(where, {"url": "http://10.0.0.1/", "events": ["export.done"]})
        assert "Saw" in wrong.content.decode() and Webhook.objects.count() == 1
        client.post(f"{where}{Webhook.objects.get().pk}/remove/")
        assert not Webhook.objects.exists()
