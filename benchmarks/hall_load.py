"""Annotators over HTTP against a server of its own: what a cycle costs, and whether anything is lost or done twice.

python benchmarks/hall_load.py --database sqlite --items 1000 --annotators 32 --seconds 60 [--kill] [--json]

A cycle is what the browser does: one POST that stores the answer with receipt, pay line and audit entry and brings the
next task; `--get` asks for the next task by a request of its own as well. A tenth of the answers is sent twice with
the same key, and one in fifty by somebody else or with another answer, which must be refused. Every acknowledgement is
in a fsynced journal before it counts. `--kill` ends the server's processes with SIGKILL every few seconds.
Processor time is that of server, worker and database together, without starting up. All share the machine.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import http.client
import json
import os
import platform
import random
import secrets
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from hall_server import Hall, postgres

CSRF = "c" * 32
PATIENCE_S = 60


class Notes:
    """What all clients saw."""

    def __init__(self, journal: Path) -> None:
        self.lock, self.journal = threading.Lock(), journal.open("a")
        self.handed: dict[str, set[str]] = collections.defaultdict(set)
        self.counts: collections.Counter[str] = collections.Counter()
        self.times: dict[str, list[float]] = collections.defaultdict(list)

    def acknowledged(self, line: dict[str, Any]) -> None:
        """On disk before it counts."""
        with self.lock:
            self.journal.write(json.dumps(line) + "\n")
            self.journal.flush()
            os.fsync(self.journal.fileno())
            self.counts["cycles"] += 1

    def count(self, what: str) -> None:
        """One more."""
        with self.lock:
            self.counts[what] += 1


class Annotator:
    """One person's browser: signed in, one connection, the same key until an answer is acknowledged."""

    def __init__(self, hall: Hall, who: dict[str, str], project: str, notes: Notes, seed: int) -> None:
        self.hall, self.id, self.project, self.notes = hall, who["id"], project, notes
        self.rng = random.Random(seed)
        self.headers = {"Cookie": f"tutelage={who['session']}; csrftoken={CSRF}", "X-CSRFToken": CSRF,
                        "Content-Type": "application/json"}  # fmt: skip
        self.connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request; on a broken connection the same again, until the server is back."""
        ends = time.monotonic() + PATIENCE_S
        while True:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection("127.0.0.1", self.hall.port, timeout=40)
                self.connection.request(method, path, None if body is None else json.dumps(body), self.headers)
                answer = self.connection.getresponse()
                raw = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.leave()
                self.notes.count(f"connection {type(error).__name__}")
                if time.monotonic() > ends:
                    raise
                time.sleep(0.1)
                continue
            if answer.status >= 500:
                self.notes.count("errors_5xx")
            return answer.status, json.loads(raw) if raw[:1] == b"{" else None

    def leave(self) -> None:
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def next(self) -> Any:
        """The task held, or the next one; None where nothing is left."""
        began = time.perf_counter()
        status, task = self.ask("GET", f"/api/work/next?project={self.project}")
        self.notes.times["get"].append(time.perf_counter() - began)
        return self.took(task) if status == 200 else None

    def took(self, task: Any) -> Any:
        """Note whom the task was handed to."""
        if "lease" not in task:
            return None
        with self.notes.lock:
            self.notes.handed[task["item"]["id"]].add(self.id)
        return task

    def cycle(self, task: Any, *, resubmit: float, abuse: float) -> Any:
        """Answer a task; gives the next one, or None where nothing is left."""
        answer = {"type": "prefer", "winner": self.rng.choice(("first", "second")), "strength": 1}
        body = {"token": task["lease"]["token"], "key": secrets.token_hex(16), "answer": answer,
                "reason": "clearer and correct", "telemetry": {"active_ms": 9000, "typed": 19}}  # fmt: skip
        began = time.perf_counter()
        status, said = self.ask("POST", "/api/work/submit", body)
        self.notes.times["submit"].append(time.perf_counter() - began)
        if status != 200:
            self.notes.count(f"submit {status}: {(said or {}).get('seen')}"[:100])
            return self.next()
        self.notes.acknowledged({"judgment": said["judgment"], "receipt": said["receipt"], "user": self.id,
                                 "item": task["item"]["id"]})  # fmt: skip
        if self.rng.random() < resubmit:
            status, again = self.ask("POST", "/api/work/submit", body)
            same = status == 200 and again["judgment"] == said["judgment"]
            self.notes.count("resubmits" if same else "resubmits_wrong")
        if self.rng.random() < abuse:
            status, _ = self.ask("POST", "/api/work/submit", body | {"key": secrets.token_hex(16)})
            self.notes.count("over_limit_refused" if 400 <= status < 500 else "over_limit_accepted")
        return self.took(said["next"])

    def work(self, stop: threading.Event, args: argparse.Namespace) -> None:
        """Cycle until the time is over or nothing is left."""
        task = self.first
        while task is not None and not stop.is_set():
            try:
                if args.think:
                    stop.wait(self.rng.expovariate(1 / args.think))
                task = self.cycle(task, resubmit=args.resubmit, abuse=args.abuse)
                if args.get and task is not None:
                    task = self.next()
            except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
                self.notes.count(f"client {type(error).__name__}: {error}"[:120])
                return
        if task is None:
            self.notes.count("queue_empty")

    def begin(self) -> None:
        """Sign in and take the first task, before anything is measured."""
        self.first = self.next()


def killing(hall: Hall, stop: threading.Event, rng: random.Random) -> dict[str, Any]:
    """SIGKILL and start again at random moments; gives how often, and the longest time to be back."""
    kills, back = 0, 0.0
    while not stop.wait(rng.uniform(2, 6)):
        hall.kill()
        kills += 1
        back = max(back, hall.start())
    return {"kills": kills, "longest_restart_s": round(back, 2)}


def percentile(times: list[float], q: float) -> float | None:
    """In milliseconds."""
    return round(sorted(times)[min(len(times) - 1, int(q * len(times)))] * 1000, 1) if times else None


def measure(args: argparse.Namespace, hall: Hall, room: Path) -> dict[str, Any]:
    """Seed, serve, load, stop, and hold what clients were told against what is there."""
    seeded = hall.tool("seed", str(args.items), str(args.annotators))
    hall.start()
    notes, stop = Notes(room / "journal"), threading.Event()
    crew = [Annotator(hall, who, seeded["project"], notes, i) for i, who in enumerate(seeded["people"])]
    for one in crew:
        one.begin()
    notes.times.clear()
    used, began = hall.cpu(), time.perf_counter()
    threads = [threading.Thread(target=one.work, args=(stop, args)) for one in crew]
    for thread in threads:
        thread.start()
    timer = threading.Timer(args.seconds, stop.set)
    timer.start()
    killed = killing(hall, stop, random.Random(args.seed)) if args.kill else {}
    for thread in threads:
        thread.join()
    wall, used = time.perf_counter() - began, hall.cpu() - used
    timer.cancel()
    time.sleep(2.5)  # the log's last checkpoint
    for one in crew:
        one.leave()
    notes.journal.close()
    hall.stop()
    true = hall.tool("truth", str(room / "journal"))
    counts, submits = notes.counts, notes.times["submit"]
    cycles = counts.pop("cycles", 0)
    return {
        "database": args.database, "items": args.items, "annotators": args.annotators, "kill": args.kill,
        "cpu_ms_per_cycle": round(used * 1000 / cycles, 2) if cycles else None, "cycles": cycles,
        "double_handed": sum(len(users) > 1 for users in notes.handed.values()),
        "double_stored": true.pop("double_stored"), "lost": true.pop("lost"),
        "errors_5xx": counts.pop("errors_5xx", 0),
        "next_p95_ms": percentile(submits, 0.95), "next_p50_ms": percentile(submits, 0.5),
        "get_p95_ms": percentile(notes.times["get"], 0.95), "wall_s": round(wall, 1),
        "cycles_per_s": round(cycles / wall, 1), **killed, "over_limit_accepted": counts.pop("over_limit_accepted", 0),
        "resubmits_wrong": counts.pop("resubmits_wrong", 0), "seen": dict(counts), **true,
        "import_per_s": seeded["import_per_s"], "import_cpu_s": seeded["import_cpu_s"],
        "python": platform.python_version(), "cpus": os.cpu_count(), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def arguments() -> argparse.ArgumentParser:
    """What one may ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--annotators", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kill", action="store_true", help="SIGKILL the server at random moments")
    parser.add_argument("--get", action="store_true", help="ask for each next task by a request of its own as well")
    parser.add_argument("--resubmit", type=float, default=0.1, help="share of answers sent twice")
    parser.add_argument("--abuse", type=float, default=0.02, help="share followed by one that must be refused")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="leave data and logs in this directory")
    parser.add_argument("--think", type=float, default=0.0, help="mean seconds that an annotator thinks")
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON object")
    parser.add_argument("--matrix", type=Path, metavar="FILE", help="every case of the issue, into this file")
    return parser


def run(args: argparse.Namespace) -> dict[str, Any]:
    """One measurement in a directory of its own."""
    with contextlib.ExitStack() as held:
        room = args.keep or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="hall-load-")))
        room.mkdir(exist_ok=True)
        url, pid = held.enter_context(postgres(room)) if args.database == "postgres" else (None, None)
        hall = Hall(room, url, pid)
        held.callback(hall.stop)
        return measure(args, hall, room)


NEVER = ("double_handed", "double_stored", "lost", "errors_5xx", "changed", "over_limit_accepted", "resubmits_wrong")


def wrong(found: dict[str, Any]) -> int:
    """3 where anything was lost, doubled, changed or answered with 5xx."""
    return 3 if any(found[name] for name in NEVER) or not found["checks_ok"] else 0


def matrix(args: argparse.Namespace) -> int:
    """Both databases × 1k, 10k and 100k items, and each with kill -9; a room with few people; all into one file."""
    cases: list[dict[str, Any]] = [
        {"database": database, "items": items, "kill": kill}
        for database in ("sqlite", "postgres")
        for items, kill in ((1_000, False), (10_000, False), (100_000, False), (10_000, True))
    ]
    cases.append({"database": "sqlite", "items": 10_000, "annotators": 8, "think": 1.0})
    found = []
    for case in cases:
        found.append(run(argparse.Namespace(**vars(args) | case)) | {"think_s": case.get("think", 0.0)})
        print(json.dumps(found[-1]), flush=True)
        asked = f"--annotators {args.annotators} --seconds {args.seconds:g} --matrix {args.matrix.name}"
        said = {"command": f"python benchmarks/hall_load.py {asked}", "results": found}
        args.matrix.write_text(json.dumps(said, indent=1) + "\n")
    return max(map(wrong, found))


def main() -> int:
    """Measure once, or the matrix."""
    args = arguments().parse_args()
    if args.matrix:
        return matrix(args)
    found = run(args)
    if not args.json:
        for name, value in found.items():
            print(f"{name:>22}  {value}")
    print(json.dumps(found))
    return wrong(found)


if __name__ == "__main__":
    sys.exit(main())
