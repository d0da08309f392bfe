"""Events of a project, sent signed to whoever its owner named, and never to an address inside our own network.

Headers: `Tutelage-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, `Tutelage-Delivery: <id>`. Whoever
receives refuses what is older than five minutes, and takes an id once.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import json
import secrets
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tutelage.errors import BadInput, Where
from tutelage.provenance.people import decrypt, encrypt
from tutelage.web import installation
from tutelage.web.people.models import User
from tutelage.web.projects.models import Project
from tutelage.web.proof import actions as proof
from tutelage.web.runs import rules
from tutelage.web.runs.models import Delivery, Webhook
from tutelage.web.shared.refusals import Refused

PORTS, TIMEOUT_S, DEADLINE_S, MOST = (443, 8443), 5.0, 15.0, 20
Resolve = Callable[[str, int], list[str]]
Post = Callable[[str, str, int, str, bytes, dict[str, str]], int]


def make(user: User, project: Project, url: str, events: list[str], now: datetime) -> tuple[Webhook, str]:
    """A webhook and its secret, which is shown this once. Raises BadInput for an address or event there is not."""
    target(url)
    wrong = [e for e in events if e not in rules.EVENTS]
    if wrong or not events:
        raise BadInput(f"The events are {wrong or events}.", expected="any of " + ", ".join(rules.EVENTS),
                       remedy="Name those that you want.", where=Where(field="events"))  # fmt: skip
    secret = "whsec_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        if Webhook.objects.filter(project=project).count() >= MOST:
            raise Refused(f"There are {MOST} webhooks.", expected="fewer", remedy="Remove one that nobody reads.")
        made = Webhook.objects.create(project=project, url=url, events=sorted(set(events)), made_by=user, at=now,
                                      secret=encrypt(_key(), secret.encode(), url.encode()))  # fmt: skip
        proof.audit(user, "made", "webhook", made.pk, at=now, project=project, url=url)
    return made, secret


def remove(user: User, webhook: Webhook, now: datetime) -> None:
    """Nothing more is sent there."""
    with transaction.atomic():
        proof.audit(user, "removed", "webhook", webhook.pk, at=now, project=webhook.project, url=webhook.url)
        webhook.delete()


def _key() -> bytes:
    return hashlib.sha256(b"webhook\x00" + installation.key_encryption_key(settings.HALL)).digest()


def target(url: str) -> tuple[str, int, str]:
    """(host, port, path with query) of an address that may be sent to. Raises BadInput."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        parts, port = urlsplit(""), 0
    host = parts.hostname or ""
    clean = url.isascii() and not any(c.isspace() or c < " " or c == "\\" for c in url)
    if parts.scheme != "https" or not host or parts.username or parts.password or port not in PORTS or not clean:
        raise BadInput(f"Saw {url[:120]!r}.", expected="https://host/…, on port 443 or 8443, without a user's name",
                       remedy="Correct the address.", where=Where(field="url"))  # fmt: skip
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_public(address: str) -> bool:
    """Whether an address is somebody's on the open net: not ours, not a neighbour's, not a cloud's metadata."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return False
        if ip in ipaddress.ip_network("64:ff9b::/96") or ip in ipaddress.ip_network("64:ff9b:1::/48"):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def safe_address(host: str, port: int, resolver: Resolve = resolve) -> str:
    """The one address to connect to. Raises BadInput where any of the name's addresses is not public."""
    try:
        found = resolver(host, port)
    except OSError:
        found = []
    if not found or not all(is_public(a) for a in found):
        raise BadInput(f"{host!r} leads nowhere that we send to.", expected="a name whose addresses are all public",
                       remedy="Use a public address.", where=Where(field="url"))  # fmt: skip
    return found[0]


class _Pinned(http.client.HTTPSConnection):
    """Connects to the address that was checked, whatever the name resolves to by now; the certificate is the name's."""

    def __init__(self, host: str, address: str, port: int) -> None:
        self._context_of_ours = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_S, context=self._context_of_ours)
        self._address = address

    def connect(self) -> None:
        """TLS to the pinned address, by the name."""
        plain = socket.create_connection((self._address, self.port), TIMEOUT_S)
        wrapped = self._context_of_ours.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = wrapped  # from here on it can be cut
        wrapped.do_handshake()

    def cut(self) -> None:
        """End it from another thread, in whatever it waits for."""
        with contextlib.suppress(OSError):
            if self.sock is not None:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def post(host: str, address: str, port: int, path: str, body: bytes, headers: dict[str, str]) -> int:
    """The HTTP status of one POST. Redirects are not followed; of the answer only the status is read.

    Whoever answers a byte every few seconds would never run into the time for one: all of it has a time as well.
    """
    connection = _Pinned(host, address, port)
    over = threading.Timer(DEADLINE_S, connection.cut)
    over.start()
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        over.cancel()
        over.join()
        connection.close()


def signature(secret: str, body: str, now: datetime) -> str:
    """What the header says."""
    at = int(now.timestamp())
    return f"t={at},v1=" + hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()


def announce(project: Any, event: str, detail: dict[str, Any]) -> None:
    """Queue an event for every webhook of a project that asked for it. Within the caller's transaction."""
    now = timezone.now()
    hooks = [h for h in Webhook.objects.filter(project=project, active=True) if event in h.events]
    body = json.dumps({"event": event, "project": str(project), "at": now.isoformat(), **detail}, sort_keys=True)
    Delivery.objects.bulk_create(
        [Delivery(webhook=h, event=event, body=body, next_at=now, at=now) for h in hooks]
    )  # fmt: skip


def send_due(now: datetime, resolver: Resolve = resolve, poster: Post = post) -> int:
    """Send what is due, each a few times and then later and later; gives how many were taken."""
    due = Delivery.objects.filter(state=Delivery.State.WAITING, next_at__lte=now).select_related("webhook")
    return sum(_send(one, now, resolver, poster) for one in due.order_by("next_at")[:20])


def _send(one: Delivery, now: datetime, resolver: Resolve, poster: Post) -> bool:
    hook = one.webhook
    one.attempts += 1
    one.status, one.error = None, ""
    try:
        host, port, path = target(hook.url)
        address = safe_address(host, port, resolver)
        secret = decrypt(_key(), bytes(hook.secret), hook.url.encode()).decode()
        headers = {"Content-Type": "application/json", "User-Agent": "Tutelage", "Tutelage-Delivery": str(one.pk),
                   "Tutelage-Signature": signature(secret, one.body, now)}  # fmt: skip
        one.status = poster(host, address, port, path, one.body.encode(), headers)
        if not 200 <= one.status < 300:
            one.error = "The answer was not 2xx; redirects are not followed."
    except BadInput as error:
        one.error = error.seen[:300]
    except (OSError, http.client.HTTPException) as error:
        one.error = type(error).__name__
    taken = one.status is not None and 200 <= one.status < 300
    later = rules.retry_after(one.attempts)
    if taken:
        one.state = Delivery.State.SENT
    elif later is None or not hook.active:
        one.state = Delivery.State.FAILED
    else:
        one.next_at = now + later
    one.save()
    return taken
