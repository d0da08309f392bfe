"""`tutelage serve`: one command, one server over a data directory, nothing left behind however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web.database.halls import Server, environment, rows, serving, tutelage


def status(port: int, path: str) -> int:
    """What a GET answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def alive(pids: list[int]) -> list[int]:
    """Those of some processes that are still there."""
    return [pid for pid in pids if Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A first start, shared by the tests; the last of them ends it."""
    with serving(tmp_path_factory.mktemp("served") / "hall") as made:
        yield made


def test_the_first_start_makes_keys_and_database_and_prints_a_link_that_becomes_an_owner(server: Server) -> None:
    """Keys are for the owner of the files alone; the link opens the wizard."""
    keys = {key.name: key.stat().st_mode & 0o777 for key in (server.hall / "keys").iterdir()}
    assert keys == {"secret": 0o600, "kek": 0o600, "operator": 0o600}
    assert server.hall.stat().st_mode & 0o777 == 0o700
    link = server.link()
    assert link is not None
    assert (status(server.port, "/healthz"), status(server.port, link)) == (200, 200)


def test_a_second_server_and_a_taken_port_are_refused_by_name(server: Server, tmp_path: Path) -> None:
    """Both exit 2, and say who is there and what to do."""
    second = tutelage(server.hall, "serve", "--port", "59998")
    assert second.returncode == 2
    assert f"Process {server.process.pid} at http://localhost:{server.port}/" in second.stderr
    assert "--stop" in second.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = tutelage(tmp_path / "other", "serve", "--port", str(port))
    assert other.returncode == 2
    assert f"Port {port} is taken by process" in other.stderr
    assert f"--port {port + 1}" in other.stderr


def test_a_live_hall_is_backed_up_but_never_replaced(server: Server, tmp_path: Path) -> None:
    """While a server runs and somebody writes: backup 0, restore 2 with what to stop."""
    saved, stop = tmp_path / "live.db", threading.Event()

    def write() -> None:
        add = "INSERT INTO people_organisation (id, name, made_at) VALUES (hex(randomblob(16)), 'W', '2026-01-01')"
        while not stop.wait(0.002):
            rows(server.hall, add)

    writer = threading.Thread(target=write)
    writer.start()
    backup = tutelage(server.hall, "db", "backup", "--out", str(saved))
    stop.set()
    writer.join()
    restore = tutelage(server.hall, "db", "restore", str(saved))
    assert backup.returncode == 0, backup.stderr
    assert (restore.returncode, "--stop" in restore.stderr) == (2, True)


def test_another_web_server_with_two_processes_over_sqlite_is_told_that_postgresql_is_required(tmp_path: Path) -> None:
    """Two processes load `tutelage.web.wsgi` over one file: the first serves, the second ends and says why."""
    load = "import tutelage.web.wsgi, time; print('serves', flush=True); time.sleep(60)"
    said = {"text": True, "env": environment(tmp_path / "hall"), "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", load], **said) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "serves\n"
        second = subprocess.run([sys.executable, "-c", load], **said, check=False, timeout=60)
        first.kill()
    assert second.returncode != 0
    assert "PostgreSQL is required" in second.stderr


def test_after_kill_9_of_the_main_process_the_others_end_and_the_next_start_works(tmp_path: Path) -> None:
    """The web server and the worker are gone within seconds; the same port serves again."""
    first = Server(tmp_path / "hall")
    first.link()
    everyone = first.everyone()
    first.end(signal.SIGKILL)
    with serving(tmp_path / "hall", first.port) as second:
        assert status(second.port, "/healthz") == 200
        assert alive(everyone) == []


def _listens(pid: int) -> bool:
    """Whether a process has the web server's threads."""
    return any("tokio" in path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/comm"))


def _session(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[3])


def test_in_the_background_it_answers_before_the_command_returns_and_stop_ends_it(tmp_path: Path) -> None:
    """What `make demo` does."""
    from benchmarks.hall_server import free_port

    port = free_port()
    started = tutelage(tmp_path / "hall", "serve", "--background", "--port", str(port))
    try:
        assert (started.returncode, status(port, "/healthz")) == (0, 200)
        assert f"http://localhost:{port}/start/" in started.stdout
    finally:
        stopped = tutelage(tmp_path / "hall", "serve", "--stop")
    assert (stopped.returncode, "Stopped process" in stopped.stdout) == (0, True)
    assert tutelage(tmp_path / "hall", "serve", "--stop").stdout.startswith("No server uses")


def test_a_worker_or_a_web_server_that_dies_is_started_again_and_sigterm_ends_them_all(server: Server) -> None:
    """kill -9 of the worker: another is there, the server never stopped answering; then of the web server; then end."""
    worker = next(pid for pid in server.everyone()[1:] if _session(pid) == pid)
    os.kill(worker, signal.SIGKILL)
    ends = time.monotonic() + 20
    while not any(_session(pid) == pid for pid in alive(server.everyone())[1:] if pid != worker):
        assert status(server.port, "/healthz") == 200
        assert time.monotonic() < ends
        time.sleep(0.1)
    web = next(pid for pid in server.everyone() if _listens(pid))
    os.kill(web, signal.SIGKILL)
    ends = time.monotonic() + 20
    while not any(_listens(pid) for pid in server.everyone() if pid != web):
        assert time.monotonic() < ends
        time.sleep(0.1)
    assert status(server.port, "/healthz") == 200
    everyone = server.everyone()
    assert server.end() == 0
    ends = time.monotonic() + 5  # what Python itself started sees only now that its parent is gone
    while alive(everyone) and time.monotonic() < ends:
        time.sleep(0.05)
    assert alive(everyone) == []
