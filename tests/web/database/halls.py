"""Halls on disk with a server or a tool of their own, for the tests of how the platform runs."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.hall_server import free_port, tree

MIGRATE = """
from datetime import UTC, datetime
from tutelage.web.database import migrating
print(len(migrating.migrate(Path(r"{hall}") / "backups", datetime(2026, 1, 2, tzinfo=UTC))))
"""


def tutelage(hall: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a hall."""
    return subprocess.run([sys.executable, "-m", "tutelage", *arguments, "--data", str(hall)], text=True, check=False,
                          capture_output=True, env=environment(hall), timeout=120)  # fmt: skip


def python(hall: Path, code: str) -> str:
    """Run code with Django set up on a hall; gives what it printed."""
    lead = f"from pathlib import Path\nfrom tutelage.web import serving\nserving.set_up(Path({str(hall)!r}))\n"
    done = subprocess.run([sys.executable, "-c", lead + code], text=True, check=False, capture_output=True,
                          env=environment(hall))  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def migrate(hall: Path) -> int:
    """Migrate; gives how many migrations there were to apply."""
    return int(python(hall, MIGRATE.format(hall=hall)))


def environment(hall: Path) -> dict[str, str]:
    """SQLite in this hall, whatever the tests themselves use."""
    return {k: v for k, v in os.environ.items() if k != "TUTELAGE_DATABASE_URL"} | {"TUTELAGE_HALL": str(hall)}


def rows(hall: Path, sql: str) -> list[tuple[object, ...]]:
    """What a statement gives on the hall's database, past Django; a change is committed."""
    with contextlib.closing(sqlite3.connect(hall / "hall.db", isolation_level=None, timeout=30)) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")  # the rule: nobody else empties the WAL
        return database.execute(sql).fetchall()


class Server:
    """`tutelage serve` in a process of its own."""

    def __init__(self, hall: Path, port: int | None = None) -> None:
        self.hall, self.port = hall, port or free_port()
        self.log = hall.with_name(f"{hall.name}-{self.port}.log")
        asked = [sys.executable, "-m", "tutelage", "serve", "--data", str(hall), "--port", str(self.port)]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(asked, stdout=out, stderr=out, env=environment(hall))

    def said(self) -> str:
        """All it printed until now."""
        return self.log.read_text()

    def link(self) -> str | None:
        """The path of the first-run link, once it serves."""
        ends = time.monotonic() + 60
        while "Tutelage is at" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < ends, self.said()
            time.sleep(0.05)
        time.sleep(0.1)
        found = re.search(r"http://[^/]+(/start/\S+)", self.said())
        return found[1] if found else None

    def everyone(self) -> list[int]:
        """Its processes."""
        return tree(self.process.pid)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; gives the exit status."""
        self.process.send_signal(how)
        return self.process.wait(30)


@contextlib.contextmanager
def serving(hall: Path, port: int | None = None) -> Iterator[Server]:
    """A server that answers."""
    server = Server(hall, port)
    try:
        server.link()
        yield server
    finally:
        if server.process.poll() is None:
            server.end()
