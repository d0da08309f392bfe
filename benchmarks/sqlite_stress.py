"""Writers in several processes, a checkpointing thread in each, readers, and kill -9: does the file stay whole?

python benchmarks/sqlite_stress.py --seconds 3600
    each writer adds a row and moves a sum in one transaction; after every kill, and at the end: PRAGMA integrity_check,
    the sums agree with the rows, and every acknowledged row is there. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tutelage.web.database import checkpoints

PROCESSES, THREADS, SOFT = 3, 4, 256 << 10


def connect(database: Path) -> None:
    """Set Django up on a file, nothing else installed."""
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "tutelage.web.database.sqlite", "NAME": str(database)}}, INSTALLED_APPS=[]
    )
    django.setup()


def prepare(database: Path) -> None:
    """The two tables."""
    with sqlite3.connect(database) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE acked (id TEXT PRIMARY KEY, filler TEXT)")
        made.execute("CREATE TABLE total (who INTEGER PRIMARY KEY, n INTEGER)")
        made.executemany("INSERT INTO total VALUES (?, 0)", [(i,) for i in range(PROCESSES)])


def write(who: int, thread: int, journal: Path) -> None:
    """Add rows for ever; a row counts as acknowledged once its name is in the journal."""
    from django.db import connection, transaction

    rng = random.Random(f"{who}.{thread}.{time.time_ns()}")
    with journal.open("a", buffering=1) as out:
        while True:
            name = f"{rng.getrandbits(96):024x}"
            with transaction.atomic(), connection.cursor() as sql:
                sql.execute("INSERT INTO acked VALUES (%s, %s)", [name, "x" * rng.randint(10, 9000)])
                sql.execute("UPDATE total SET n = n + 1 WHERE who = %s", [who])
            out.write(name + "\n")
            with connection.cursor() as sql:
                sql.execute("SELECT count(*) FROM total")
                sql.fetchone()


def worker(database: Path, who: int) -> None:
    """One process: its writers and its maintenance thread, until killed."""
    connect(database)
    with checkpoints.maintained(str(database), every_s=0.02, soft=SOFT):
        for thread in range(THREADS):
            threading.Thread(target=write, args=(who, thread, database.with_name(f"journal-{who}-{thread}"))).start()
        threading.Event().wait()


def start(database: Path, who: int) -> subprocess.Popen[bytes]:
    """A worker process of its own."""
    return subprocess.Popen([sys.executable, __file__, "--worker", str(who), "--database", str(database)])


def faults(database: Path) -> tuple[list[str], int, int]:
    """What is wrong with the file; how many rows; how many were acknowledged."""
    found = []
    with sqlite3.connect(database, timeout=30) as look:
        said = look.execute("PRAGMA integrity_check").fetchall()
        if said != [("ok",)]:
            found.append(f"integrity_check: {said[:3]}")
        names = {row[0] for row in look.execute("SELECT id FROM acked")}
        total = look.execute("SELECT sum(n) FROM total").fetchone()[0]
    if total != len(names):
        found.append(f"sum {total}, rows {len(names)}")
    acked = set()
    for journal in database.parent.glob("journal-*"):
        acked |= {line[:-1] for line in journal.read_text().splitlines(True) if len(line) == 25}
    if acked - names:
        found.append(f"{len(acked - names)} acknowledged rows lost")
    return found, len(names), len(acked)


def stress(database: Path, seconds: float, rng: random.Random) -> dict[str, object]:
    """Run, kill and check until the time is over."""
    prepare(database)
    running = [start(database, who) for who in range(PROCESSES)]
    ends, kills, largest, found = time.monotonic() + seconds, 0, 0, []
    try:
        while time.monotonic() < ends and not found:
            time.sleep(min(rng.uniform(1, 4), max(0.1, ends - time.monotonic())))
            largest = max(largest, checkpoints.wal_size(str(database)))
            who = rng.randrange(PROCESSES)
            running[who].send_signal(signal.SIGKILL)
            running[who].wait()
            kills += 1
            if kills % 10 == 0:  # with nobody writing: everyone is killed, the next to open recovers
                for process in running:
                    process.kill()
                    process.wait()
                found = faults(database)[0]
                running = [start(database, i) for i in range(PROCESSES)]
            else:
                running[who] = start(database, who)
    finally:
        for process in running:
            process.kill()
            process.wait()
    last, rows, acked = faults(database)
    return {"seconds": seconds, "sqlite": sqlite3.sqlite_version, "processes": PROCESSES, "threads": THREADS,
            "kills": kills, "rows": rows, "acknowledged": acked, "largest_wal_mb": round(largest / 2**20, 1),
            "faults": found + last}  # fmt: skip


def main() -> int:
    """Parse, run, print; 3 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker is not None:
        worker(asked.database, asked.worker)
    with tempfile.TemporaryDirectory() as room:
        result = stress(Path(room) / "hall.db", asked.seconds, random.Random(asked.seed))
    print(json.dumps(result | {"load": os.getloadavg()[0]}))
    return 3 if result["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
