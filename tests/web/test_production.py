"""An installation that others reach: nothing that Django's checks ask for is missing, and what is missing is said."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.web.database.halls import Server, environment, migrate
from tests.web.halls import Hall

from tutelage.errors import BadInput
from tutelage.web import installation
from tutelage.web.people import checks

REACHED = {"TUTELAGE_HTTPS": "1", "TUTELAGE_HOSTS": "hall.example.org", "TUTELAGE_PROXIES": "1",
           "TUTELAGE_EMAIL_URL": "smtps://hall:secret@mail.example.org"}  # fmt: skip


def check(hall: Path, **said: str) -> subprocess.CompletedProcess[str]:
    """Django's own check of a deployment."""
    env = {**environment(hall), "DJANGO_SETTINGS_MODULE": "tutelage.web.settings", **said}
    return subprocess.run([sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"], text=True,
                          env=env, capture_output=True, check=False)  # fmt: skip


def test_check_deploy_finds_nothing(tmp_path: Path) -> None:
    done = check(tmp_path, **REACHED)
    assert done.returncode == 0 and "no issues" in done.stdout + done.stderr, done.stdout + done.stderr


def test_check_deploy_finds_what_is_left_out(tmp_path: Path) -> None:
    """Neither proxies nor mail: both are named, with the variable to set."""
    done = check(tmp_path, TUTELAGE_HTTPS="1", TUTELAGE_HOSTS="*")
    assert done.returncode != 0
    for variable in ("TUTELAGE_PROXIES", "TUTELAGE_EMAIL_URL", "TUTELAGE_HOSTS"):
        assert variable in done.stderr


def test_nothing_is_asked_of_a_hall_that_only_this_machine_reaches(settings: Any) -> None:
    assert checks.lacks() == []
    settings.ALLOWED_HOSTS = ["hall.example.org"]
    assert "TUTELAGE_HTTPS=1" in checks.lacks()[0]


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls"),
    [
        ("smtps://a:b%40c@mail.example.org", 465, True, False),
        ("smtp://mail.example.org", 587, False, True),
        ("smtp://localhost", 25, False, False),
    ],
)
def test_mail_is_never_sent_in_the_clear_but_on_this_machine(url: str, port: int, ssl: bool, tls: bool) -> None:
    said = installation.mail({"TUTELAGE_EMAIL_URL": url})
    assert (said["EMAIL_PORT"], said["EMAIL_USE_SSL"], said["EMAIL_USE_TLS"]) == (port, ssl, tls)
    assert said["EMAIL_HOST_PASSWORD"] == ("b@c" if "@mail" in url else "")


def test_an_address_of_mail_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BadInput):
        installation.mail({"TUTELAGE_EMAIL_URL": "mail.example.org"})


@pytest.mark.django_db
def test_every_page_says_what_browsers_must_not_do(hall: Hall) -> None:
    """No frame, no sniffing, no referrer, no camera; and what somebody saw while signed in is not kept."""
    client = Client()
    client.force_login(hall.owner, "django.contrib.auth.backends.ModelBackend")
    for address in ("/projects/", "/me/", "/api/me"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in answer["Permissions-Policy"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]
        assert "Strict-Transport-Security" not in answer, "only behind TLS"


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that stands behind a proxy with TLS."""
    hall = tmp_path_factory.mktemp("reached") / "hall"
    migrate(hall)
    before = dict(os.environ)
    os.environ.update(REACHED)
    try:
        server = Server(hall)
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        ends = time.monotonic() + 60
        while "Tutelage is at" not in server.said() and time.monotonic() < ends:
            assert server.process.poll() is None, server.said()
            time.sleep(0.05)
        yield server
    finally:
        server.end()


def ask(server: Server, path: str, **headers: str) -> http.client.HTTPResponse:
    """What it answers a proxy."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Host": "hall.example.org", **headers})
        answer = connection.getresponse()
        answer.read()
    return answer


def test_behind_tls_it_starts_says_its_public_name_and_misses_nothing(reached: Server) -> None:
    assert "Tutelage is at https://hall.example.org/" in reached.said(), reached.said()
    assert "https://hall.example.org/start/" in reached.said()
    assert "Not fit" not in reached.said()


def test_behind_tls_plain_requests_are_sent_to_https_and_browsers_remember(reached: Server) -> None:
    plain = ask(reached, "/account/login/")
    assert (plain.status, plain.getheader("Location")) == (301, "https://hall.example.org/account/login/")
    sealed = ask(reached, "/account/login/", **{"X-Forwarded-Proto": "https"})
    assert sealed.status == 200
    assert sealed.getheader("Strict-Transport-Security") == "max-age=31536000; includeSubDomains; preload"
    cookies = [value for name, value in sealed.getheaders() if name.lower() == "set-cookie"]
    assert cookies and all("Secure" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_another_name_than_its_own_is_refused(reached: Server) -> None:
    assert ask(reached, "/account/login/", Host="elsewhere.example", **{"X-Forwarded-Proto": "https"}).status == 400


def test_every_variable_is_in_the_table_and_the_table_names_no_other() -> None:
    """docs/reference/settings.md against every `TUTELAGE_…` of the source."""
    root = Path(__file__).parents[2]
    named = re.compile(r"\bTUTELAGE_[A-Z_]*[A-Z]")
    read = {name for path in (root / "src").rglob("*.py") for name in named.findall(path.read_text(encoding="utf-8"))}
    rows = (root / "docs" / "reference" / "settings.md").read_text(encoding="utf-8").splitlines()
    assert read == {row.split("`")[1] for row in rows if row.startswith("| `TUTELAGE_")}
