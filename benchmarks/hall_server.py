"""A hall of its own for the load benches: database, items, people, server, its processor time, and the truth."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SPOKEN = (
    "model answer human judge prefer clear wrong source cite detail short long polite code table "
    "reason step check proof result value"
)
WORDS = SPOKEN.split()
OWNERS = ("postgres", "nobody")  # PostgreSQL refuses to run as root


def text(seed: int, n: int) -> str:
    """`n` words, the same for the same seed."""
    x, out = seed * 2654435761 % 4294967296, []
    for _ in range(n):
        x = (x * 1664525 + 1013904223) % 4294967296
        out.append(WORDS[(x >> 16) % len(WORDS)])
    return " ".join(out)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    parent = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, above in parent.items() if above == one]
    return found


def cpu_s(pid: int) -> float:
    """Processor seconds that a process, its descendants and its ended children have used."""
    ticks = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def postgres(room: Path) -> Iterator[tuple[str, int]]:
    """A cluster of its own with PostgreSQL's default durability; gives its address and process id."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        raise SystemExit("PostgreSQL is not installed: no /usr/lib/postgresql/*/bin")
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in OWNERS if name in known) if os.getuid() == 0 else None
    data, port = room / "pg", free_port()
    data.mkdir()
    room.chmod(0o755)
    if user:
        shutil.chown(data, user)
    run: dict[str, Any] = {"user": user, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": data}
    subprocess.run([programs[-1] / "initdb", "-D", data, "-U", "hall", "--auth=trust"], check=True, **run)
    server = subprocess.Popen(
        [programs[-1] / "postgres", "-D", data, "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1"], **run
    )
    try:
        named = ["-h", "127.0.0.1", "-p", str(port), "-U", "hall"]
        while subprocess.run([programs[-1] / "pg_isready", *named], check=False, **run).returncode:
            time.sleep(0.1)
        subprocess.run([programs[-1] / "createdb", *named, "hall"], check=True, **run)
        yield f"postgres://hall@127.0.0.1:{port}/hall", server.pid
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


class Hall:
    """A server over a data directory. `database_pid` names a database whose processor time counts as the server's."""

    def __init__(self, room: Path, url: str | None, database_pid: int | None = None) -> None:
        self.data, self.port, self.database_pid = room / "hall", free_port(), database_pid
        self.environment = {**os.environ, "TUTELAGE_HALL": str(self.data), "OMP_NUM_THREADS": "1"}
        self.environment["TUTELAGE_API_RATE"] = "100000"  # people here never rest: paced as any, never refused
        if url:
            self.environment["TUTELAGE_DATABASE_URL"] = url
        self.process: subprocess.Popen[bytes] | None = None
        self.spent = 0.0

    def tool(self, *arguments: str) -> dict[str, Any]:
        """Run one of this file's tools beside the server and give what it printed last."""
        done = subprocess.run([sys.executable, __file__, *arguments], env=self.environment, check=True,
                              stdout=subprocess.PIPE)  # fmt: skip
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def start(self) -> float:
        """Start the server and wait until it answers; gives the seconds that took."""
        began = time.monotonic()
        asked = [sys.executable, "-m", "tutelage", "serve", "--port", str(self.port), "--data", str(self.data)]
        with (self.data.parent / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(asked, env=self.environment, stdout=log, stderr=log)
        while not self.answers():
            if self.process.poll() is not None:
                raise RuntimeError((self.data.parent / "serve.log").read_text()[-3000:])
            time.sleep(0.02)
        self.spent -= cpu_s(self.process.pid)
        return time.monotonic() - began

    def answers(self) -> bool:
        """Whether it serves."""
        import urllib.request

        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2):
            return True
        return False

    def cpu(self) -> float:
        """Processor seconds of server, worker and database until now; those of starting up are left out."""
        now = cpu_s(self.process.pid) if self.process else 0.0
        return self.spent + now + (cpu_s(self.database_pid) if self.database_pid else 0.0)

    def kill(self) -> None:
        """SIGKILL to all its processes at once."""
        assert self.process
        self.spent += cpu_s(self.process.pid)
        for pid in tree(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        """End it as Ctrl+C would."""
        if self.process:
            self.spent += cpu_s(self.process.pid)
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
            self.process = None


def seed(items: int, people: int) -> dict[str, Any]:
    """An open project of comparisons, one judgment an item, and signed-in contributors. About 1.3 kB an item."""
    from datetime import UTC, datetime

    import numpy as np
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from tutelage import records
    from tutelage.web.database import migrating
    from tutelage.web.pay import actions as money
    from tutelage.web.people.models import Member, Organisation, User
    from tutelage.web.projects.models import Guideline, Project, Role
    from tutelage.web.work import loading
    from tutelage.web.work.models import Seat

    migrating.migrate(Path(settings.HALL) / "backups", datetime.now(UTC))
    organisation = Organisation.objects.create(name="Load")
    owner = User.objects.create_user("owner@example.org", None)
    Member.objects.create(organisation=organisation, user=owner, part="owner")
    project = Project.objects.create(
        organisation=organisation, slug="load", name="Load", kind="comparison", purpose="A load test.", state="open",
        client_class="Nobody", duties="Say which answer is better.", minutes=1.0, piece_minor=25, fee_bp=1000,
        lease_s=7200,
    )  # fmt: skip
    Guideline.objects.create(project=project, version=1, text="The better one.", digest="sha256:" + "0" * 64)
    made = []
    for i in range(people):
        user = User.objects.create_user(f"person{i}@example.org", None, name=f"Person {i}")
        Role.objects.create(project=project, user=user, name="contributor")
        Seat.objects.create(project=project, user=user, nym=f"{i:064x}")
        session = SessionStore()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        made.append({"id": str(user.pk), "session": session.session_key})

    def offered(i: int) -> loading.Offered:
        said = tuple(records.Response(id=f"t{i}-{s}", messages=records.assistant(text(i * 3 + 1 + s, 90)))
                     for s in (0, 1))  # fmt: skip
        item = records.Item(id=f"t{i}", kind="comparison", messages=records.user(text(i * 3, 30)),
                            responses=tuple(r.id for r in said))  # fmt: skip
        return loading.Offered(item, said)

    given = [offered(i) for i in range(items)]
    began, used = time.perf_counter(), time.process_time()
    loading.load(project, given, np.random.default_rng(0))
    took, used = time.perf_counter() - began, time.process_time() - used
    money.deposit(project, 100 * (items + 1000), "first", at=timezone.now())
    return {"project": str(project.pk), "people": made, "import_per_s": round(items / took),
            "import_cpu_s": round(used, 2)}  # fmt: skip


def truth(journal: Path) -> dict[str, Any]:
    """What the database holds, held against what clients were told. The journal has a line for each acknowledgement."""
    import base64

    from django.conf import settings
    from django.db.models import Count

    from tutelage.provenance.keys import open_sealed
    from tutelage.web import installation
    from tutelage.web.database import checks
    from tutelage.web.work.models import Judgment, Slot

    acked: dict[str, dict[str, Any]] = {}
    for line in journal.read_text().splitlines():
        one = json.loads(line)
        acked[one["judgment"]] = one
    rows = {str(pk): (item, str(user), receipt) for pk, item, user, receipt in Judgment.objects.values_list(
        "pk", "item__name", "user", "receipt").iterator()}  # fmt: skip
    key = installation.operator_key(settings.HALL).public
    unlike = 0
    for pk, one in acked.items():
        if pk in rows:
            item, user, receipt = rows[pk]
            payload, _ = open_sealed(one["receipt"], one["receipt"]["payloadType"], [key])
            same = base64.b64encode(payload).decode() == json.loads(receipt)["payload"]
            unlike += (item, user) != (one["item"], one["user"]) or not same
    twice = Judgment.objects.filter(supersedes=None).values("item").annotate(n=Count("id")).filter(n__gt=1).count()
    found = {one.name: one for one in checks.run()}
    return {
        "acknowledged": len(acked), "stored": len(rows), "lost": len(acked.keys() - rows.keys()),
        "changed": unlike, "double_stored": twice, "done_slots": Slot.objects.filter(state=Slot.DONE).count(),
        "checks_ok": all(one.ok for one in found.values()),
        "checks": {name: one.seen for name, one in found.items()},
    }  # fmt: skip


if __name__ == "__main__":
    from tutelage.web import serving

    serving.set_up()
    tools = {"seed": lambda: seed(int(sys.argv[2]), int(sys.argv[3])), "truth": lambda: truth(Path(sys.argv[2]))}
    print(json.dumps(tools[sys.argv[1]]()))
