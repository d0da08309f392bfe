"""`tutelage serve`: the web server and one worker over one data directory, on loopback; put a proxy before it.

The main process watches over both. Whoever dies takes the others along or is started again, so that after kill -9 of
any of them nothing keeps running on its own.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Failed, MissingExtra
from tutelage.store.files import locked, write_json

HOST, PORT = "127.0.0.1", 8000
THREADS = 8
SPAWN = multiprocessing.get_context("spawn")  # a fork would inherit locks that nobody holds any more
GRACE_S = 4.0  # how long a server that was killed may need to be gone
MORE = "For several, PostgreSQL is required (TUTELAGE_DATABASE_URL), and a data directory for each."
SERVER = "TUTELAGE_SERVER"  # process id of `tutelage serve`, for the process that it starts
_held = contextlib.ExitStack()  # until this process ends
log = logging.getLogger(__name__)


def set_up(hall: Path | None = None) -> Path:
    """Django on a data directory (default: TUTELAGE_HALL, else `$TUTELAGE_HOME/hall`); gives the directory.

    Raises MissingExtra without the web packages.
    """
    from tutelage.web import installation

    if hall is not None:
        os.environ["TUTELAGE_HALL"] = str(hall.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutelage.web.settings")
    try:
        import django

        there = installation.hall()
        (there / "static").mkdir(exist_ok=True)
        django.setup()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tutelage"):
            raise
        raise MissingExtra(f"The web packages are not all installed: there is no `{error.name}`.",
                           expected="tutelage[web]",
                           remedy="Install them: pip install 'tutelage[web]'.") from error  # fmt: skip
    return there


@contextlib.contextmanager
def using(hall: Path) -> Iterator[None]:
    """Say that a process works on this hall, so that nobody puts a backup in its place meanwhile."""
    with locked(hall / "using.lock", shared=True, wait=False) as mine:
        if not mine:
            raise BadInput(f"A backup is being restored into {hall}.", expected="a hall that is not being replaced",
                           remedy="Wait until that is done.")  # fmt: skip
        yield


@contextlib.contextmanager
def alone(hall: Path) -> Iterator[None]:
    """Hold the hall against every other process of ours. Raises BadInput while one uses it."""
    with locked(hall / "using.lock", wait=False) as mine:
        if not mine:
            raise BadInput(f"{_serving(hall)} works on {hall}.", expected="a hall that nobody uses",
                           remedy=f"Stop every worker, and `tutelage serve --data {hall} --stop`.")  # fmt: skip
        yield


def serve(hall: Path, port: int, announce: Callable[[str], None], *, demo: bool = False) -> None:
    """Migrate, start and watch over server and worker until SIGINT or SIGTERM. `announce` gets what people must know.

    demo  also make the sceptic's walk, and give the link that signs the sceptic in

    Raises BadInput where another server uses this hall or the port, and what `migrating.migrate` raises.
    """
    os.environ[SERVER] = str(os.getpid())
    with _only_server(hall), using(hall):
        _free_port(port)
        link = _prepare(hall, announce, demo=demo)
        url = _address(port)
        stopping = threading.Event()
        worker = SPAWN.Process(target=_worker, args=(hall, os.getpid()), name="tutelage-worker")
        worker.start()
        threading.Thread(target=_announce, args=(hall, url, port, link, announce, stopping), daemon=True).start()
        keeper = threading.Thread(target=_keep, args=(hall, worker, stopping), daemon=True)
        keeper.start()
        try:
            _granian(port).serve(target_loader=_application)
        finally:
            stopping.set()
            keeper.join(15)
            (hall / "serve.json").unlink(missing_ok=True)


def only_process() -> None:
    """For other web servers that load `tutelage.web.wsgi`: on a SQLite that needs the rule, the first process alone.

    Raises BadInput in the second.
    """
    from django.conf import settings
    from django.db import connection

    from tutelage.web.database import checkpoints

    started_by_us = os.environ.get(SERVER) in (str(os.getppid()), str(os.getpid()))
    if started_by_us or connection.vendor != "sqlite" or checkpoints.fixed():
        return
    hall = Path(settings.HALL)
    _held.enter_context(_only_server(hall))


def stop(hall: Path, wait_s: float = 30.0) -> int | None:
    """Stop the server of a hall and wait until it is gone; gives its process id, None where none runs."""
    told = _told(hall)
    if told is None or _free(hall):
        return None
    pid = int(told["pid"])
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    ends = time.monotonic() + wait_s
    while not _free(hall):
        if time.monotonic() > ends:
            raise Failed(f"Process {pid} has not ended within {wait_s:g} s.", expected="a server that stops",
                         remedy=f"`kill -9 {pid}`: nothing acknowledged is lost.")  # fmt: skip
        time.sleep(0.1)
    return pid


def running(hall: Path) -> dict[str, Any] | None:
    """`{"pid", "url", "since"}` of the server that uses a hall, once it answers; None where none does."""
    return None if _free(hall) else _told(hall)


def _prepare(hall: Path, announce: Callable[[str], None], *, demo: bool) -> str | None:
    """The database in shape; what to say with the first-run link where nobody owns this installation yet."""
    from django.db import connections, utils

    from tutelage.web import installation
    from tutelage.web.database import migrating
    from tutelage.web.people.actions import first_run_token
    from tutelage.web.people.checks import lacks

    installation.operator_key(hall), installation.key_encryption_key(hall)  # made now, so that they can be kept apart
    try:
        applied = migrating.migrate(hall / "backups", datetime.now(UTC))
    except utils.OperationalError as error:
        raise migrating.or_explain(error) from error
    for lack in lacks():
        announce(f"Not fit for others yet: {lack}")
    if applied:
        announce(f"The database is in this version's shape ({len(applied)} migrations).")
    if demo:
        with SPAWN.Pool(1) as aside:  # reading tables starts threads, and none of them may be running when we fork
            said: str | None = aside.apply(_demo, (hall,))
    else:
        token = first_run_token()
        said = None if token is None else "Nobody owns it yet. Set it up, once: {url}start/" + token
    connections.close_all()  # what follows forks
    return said


def _demo(hall: Path) -> str:
    """Make the sceptic's walk; what to say of it."""
    set_up(hall)
    from tutelage.web.tour.actions import prepare

    return "The sceptic's ten minutes begin here, once: {url}enter/" + prepare()[1] + "?next=/tour/"


def _address(port: int) -> str:
    """Where people find it: behind TLS by its own name, else on this machine."""
    from django.conf import settings

    if not settings.HTTPS:
        return f"http://localhost:{port}/"  # by this name alone browsers give passkeys to a page without TLS
    return f"https://{_name()}/"


def _name() -> str:
    """The first name that it answers to."""
    from django.conf import settings

    return str(settings.ALLOWED_HOSTS[0]).lstrip(".").replace("*", "localhost")


def _announce(
    hall: Path, url: str, port: int, link: str | None, announce: Callable[[str], None], stopping: threading.Event
) -> None:
    """Tell where it is once it answers."""
    while not stopping.wait(0.05):
        if _answers(port):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            write_json(hall / "serve.json", {"pid": os.getpid(), "url": url, "since": now})
            first = "\n" + link.format(url=url) if link else ""
            announce(f"Tutelage is at {url}   (Ctrl+C stops it; data: {hall}){first}")
            return


def _answers(port: int) -> bool:
    asked = urllib.request.Request(f"http://{HOST}:{port}/healthz", headers={"Host": _name()})
    try:
        with urllib.request.urlopen(asked, timeout=2) as answer:  # noqa: S310  our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _granian(port: int) -> Any:
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    return Server(
        "tutelage.web.wsgi:application", address=HOST, port=port, interface=Interfaces.WSGI, workers=1,
        blocking_threads=THREADS, blocking_threads_idle_timeout=600, websockets=False, backlog=1024, backpressure=1024,
        http1_settings=HTTP1Settings(keep_alive=True), log_level=LogLevels.error, workers_kill_timeout=5,
        respawn_failed_workers=True, respawn_interval=0.2,
    )  # fmt: skip


def _application(target: str) -> Any:
    """In the serving process: what answers requests."""
    _end_with(os.getppid())
    from django.urls import get_resolver

    from tutelage.web.wsgi import application

    get_resolver().url_patterns  # noqa: B018  all views are loaded now, or this process ends now
    gc.collect()
    gc.freeze()  # what is loaded stays: it need not be looked through again
    gc.set_threshold(20_000, 20, 50)
    return application


def _worker(hall: Path, parent: int) -> None:
    """In the working process."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # beside a server, threads that spin for each other only take its time
    set_up(hall)
    from tutelage.web import working

    os.setsid()  # Ctrl+C is for the main process: it ends this one
    _end_with(parent)
    with using(hall):
        working.work(hall)


def _keep(hall: Path, worker: Any, stopping: threading.Event) -> None:
    """Start the worker again when it dies; end it when all ends."""
    while not stopping.wait(0.5):
        if not worker.is_alive():
            log.error("The worker ended with status %s; it is started again.", worker.exitcode)
            worker = SPAWN.Process(target=_worker, args=(hall, os.getpid()))
            worker.start()
    worker.terminate()
    worker.join(10)
    if worker.is_alive():
        worker.kill()


def _end_with(parent: int) -> None:
    """End this process soon after its parent has."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="end-with-parent").start()


@contextlib.contextmanager
def _only_server(hall: Path) -> Iterator[None]:
    """Exactly one server over a hall; one that was just killed is given a moment to be gone."""
    ends = time.monotonic() + GRACE_S
    while True:
        with locked(hall / "serve.lock", wait=False) as mine:
            if mine:
                yield
                return
        if time.monotonic() > ends or _told(hall):
            raise BadInput(f"{_serving(hall)} serves {hall} already.", expected="one server over a data directory",
                           remedy=f"Use it, or stop it: `tutelage serve --data {hall} --stop`. {MORE}")  # fmt: skip
        time.sleep(0.1)


def _free(hall: Path) -> bool:
    with locked(hall / "serve.lock", wait=False) as mine:
        return mine


def _told(hall: Path) -> dict[str, Any] | None:
    """What the server wrote about itself, if its process is there."""
    try:
        told: dict[str, Any] = json.loads((hall / "serve.json").read_text(encoding="utf-8"))
        os.kill(int(told["pid"]), 0)
    except (OSError, ValueError):
        return None
    return told


def _serving(hall: Path) -> str:
    told = _told(hall)
    return f"Process {told['pid']} at {told['url']}" if told else "Another process"


def _free_port(port: int) -> None:
    """Raises BadInput where somebody else listens there, with who where that can be seen."""
    ends = time.monotonic() + GRACE_S
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except PermissionError:
                raise BadInput(f"Port {port} is for the system.", expected="a port above 1023",
                               remedy=f"Choose one: `tutelage serve --port {PORT}`.") from None  # fmt: skip
            except OSError:
                who = _listener(port)
            else:
                return
        if time.monotonic() > ends or not who.startswith("a process that is ending"):
            raise BadInput(f"Port {port} is taken by {who}.", expected="a free port",
                           remedy=f"Stop that, or choose another: `tutelage serve --port {port + 1}`.")  # fmt: skip
        time.sleep(0.1)


def _listener(port: int) -> str:
    """Who listens on a loopback port, as far as /proc says (Linux, own processes)."""
    sockets = set()
    with contextlib.suppress(OSError):
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{fields[9]}]")
    for handle in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        with contextlib.suppress(OSError):
            if str(handle.readlink()) in sockets:
                command = (handle.parents[1] / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                return f"process {handle.parts[2]} ({command.strip()[:80]})"
    return "another program" if sys.platform != "linux" or sockets else "a process that is ending"
