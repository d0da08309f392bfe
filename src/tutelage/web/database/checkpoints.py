"""Moving what was written from SQLite's WAL file into the database, while nobody writes."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from tutelage.web.database.locking import Busy, lock_of

FIXED = (3, 51, 3)  # sqlite.org: the WAL-reset bug, 3.7.0 to 3.51.2
SOFT, HARD = 8 << 20, 64 << 20  # bytes of WAL: from SOFT the maintenance thread works, from HARD the next writer
WAIT_S = 30.0
log = logging.getLogger(__name__)


def fixed() -> bool:
    """Whether this SQLite may checkpoint by itself, and several server processes may share a file."""
    return sqlite3.sqlite_version_info >= FIXED


def wal_size(database: str) -> int:
    """Bytes in the WAL. By name only: opening and closing SQLite's files would drop the locks of this process."""
    try:
        return Path(database + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


def configure(connection: sqlite3.Connection) -> None:
    """What every connection to a hall has: durable commits, foreign keys, no memory map, no checkpoint of its own."""
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "mmap_size = 0", "cache_size = -16000"):
        connection.execute(f"PRAGMA {pragma}")
    if not fixed():
        connection.execute("PRAGMA wal_autocheckpoint = 0")


def checkpoint_locked(database: str, wait_s: float) -> bool:
    """Empty the WAL. The caller holds the write lock. False where a reader of an old state was in the way."""
    with contextlib.closing(sqlite3.connect(database, timeout=wait_s, isolation_level=None)) as connection:
        configure(connection)
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def checkpoint(database: str, *, wait_s: float = 0.25) -> bool:
    """Take the write lock and empty the WAL; readers of an old state are waited for, `wait_s` at most."""
    lock = lock_of(database)
    lock.acquire(WAIT_S)
    try:
        return checkpoint_locked(database, wait_s)
    finally:
        lock.release()


@contextlib.contextmanager
def maintained(database: str, *, every_s: float = 0.5, soft: int = SOFT) -> Iterator[None]:
    """A thread that empties the WAL whenever it has grown past `soft` bytes."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(every_s):
            if wal_size(database) >= soft:
                try:
                    checkpoint(database)
                except (sqlite3.Error, Busy, OSError) as error:
                    log.warning("The WAL was not emptied: %s. It is tried again in %g s.", error, every_s)

    thread = threading.Thread(target=work, name="checkpoints", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
