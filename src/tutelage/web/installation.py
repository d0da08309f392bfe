"""Where an installation keeps its things, and what it was told by the environment. Knows nothing of Django."""

from __future__ import annotations

import functools
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tutelage.errors import BadInput
from tutelage.provenance.keys import SigningKey
from tutelage.store import home, write_whole


def hall() -> Path:
    """The data directory, made if absent and closed to others."""
    named = os.environ.get("TUTELAGE_HALL")
    path = (Path(named) if named else home() / "hall").resolve()
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def secret(hall: Path) -> str:
    """Django's secret, made once."""
    return _kept(hall / "keys" / "secret", 48).hex()


def key_encryption_key(hall: Path) -> bytes:
    """32 bytes that wrap every contributor's own key. Whoever loses it loses what contributors wrote."""
    return _kept(hall / "keys" / "kek", 32)


@functools.cache
def operator_key(hall: Path) -> SigningKey:
    """The key that signs receipts and checkpoints, made once."""
    return SigningKey("hall", _kept(hall / "keys" / "operator", 32))


def database(hall: Path) -> dict[str, Any]:
    """Django's description of the database. Raises BadInput on an address it does not know."""
    url = os.environ.get("TUTELAGE_DATABASE_URL")
    if not url:
        return {"ENGINE": "tutelage.web.database.sqlite", "NAME": str(hall / "hall.db"), "CONN_MAX_AGE": None}
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise BadInput(f"TUTELAGE_DATABASE_URL begins with `{parts.scheme}:`.",
                       expected="postgres://user:password@host:port/name",
                       remedy="Use PostgreSQL, or unset it for SQLite.")  # fmt: skip
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts.path.lstrip("/"), "CONN_MAX_AGE": None,
        "USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""), "PORT": str(parts.port or ""),
    }  # fmt: skip


def mail(environ: Mapping[str, str]) -> dict[str, Any]:
    """Django's settings for sending mail; without an address, mail goes to the log. Raises BadInput."""
    said = environ.get("TUTELAGE_EMAIL_URL")
    sender = environ.get("TUTELAGE_EMAIL_FROM", "tutelage@localhost")
    if not said:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend", "DEFAULT_FROM_EMAIL": sender}
    parts = urlsplit(said)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadInput(f"TUTELAGE_EMAIL_URL begins with `{parts.scheme}:`.", expected="smtps://user:password@host:465",
                       remedy="Use smtps:, or smtp: (which asks for STARTTLS, but not on this machine).")  # fmt: skip
    sealed, near = parts.scheme == "smtps", parts.hostname in ("localhost", "127.0.0.1", "::1")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "DEFAULT_FROM_EMAIL": sender,
        "EMAIL_HOST": parts.hostname, "EMAIL_PORT": parts.port or (465 if sealed else 25 if near else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""), "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": sealed, "EMAIL_USE_TLS": not sealed and not near, "EMAIL_TIMEOUT": 20,
    }  # fmt: skip


def _kept(path: Path, size: int) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, secrets.token_bytes(size).hex().encode())
        path.chmod(0o600)
    return bytes.fromhex(path.read_text(encoding="ascii"))


@functools.cache
def origin(hall: Path) -> str:
    """The log's name, which no other installation has."""
    return f"hall-{operator_key(hall).public.raw.hex()[:16]}"
