"""One writer at a time, across threads and processes, first come first served; the lock dies with its holder.

SQLite admits one writer anyway, but lets the others poll, and its versions below 3.51.3 can corrupt a WAL file when
a checkpoint meets a writer. Here writers and checkpoints queue for the same lock, so they never meet.
"""

from __future__ import annotations

import collections
import fcntl
import os
import threading
from pathlib import Path


class Busy(Exception):
    """Somebody else has been writing for longer than we would wait."""


class WriteLock:
    """A lock on a database file; `path` is None for a database in memory, which only our own threads can reach.

    Threads queue in order and are handed the lock. Between processes a second file is the gate: whoever waits for the
    lock holds the gate, so a process that writes without pause still lets another one in.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._files: tuple[int, int] | None = None
        self._state = threading.Lock()
        self._waiting: collections.deque[threading.Lock] = collections.deque()
        self._taken = False

    def acquire(self, timeout: float) -> None:
        """Wait for the lock, at most `timeout` seconds for our own threads. Raises Busy."""
        turn = self._queue()
        if turn is not None and not turn.acquire(timeout=timeout):
            with self._state:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    raise Busy(f"other writers were busy for {timeout:g} s")
            # it was handed to us at the last moment
        try:
            self._take_files()
        except BaseException:
            self._hand_on()
            raise

    def release(self) -> None:
        """Let the next one in."""
        if self._files is not None:
            fcntl.flock(self._files[1], fcntl.LOCK_UN)
        self._hand_on()

    def _queue(self) -> threading.Lock | None:
        with self._state:
            if not self._taken:
                self._taken = True
                return None
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
            return turn

    def _hand_on(self) -> None:
        with self._state:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    def _take_files(self) -> None:
        if self._path is None:
            return
        if self._files is None:
            self._files = (_opened(self._path, ".gate"), _opened(self._path, ".lock"))
        gate, lock = self._files
        fcntl.flock(gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        finally:
            fcntl.flock(gate, fcntl.LOCK_UN)


def _opened(database: Path, suffix: str) -> int:
    return os.open(database.with_name(database.name + suffix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


_locks: dict[str, WriteLock] = {}
_making = threading.Lock()


def lock_of(name: str, *, in_memory: bool = False) -> WriteLock:
    """The one lock of a database in this process."""
    key = name if in_memory else str(Path(name).resolve())
    with _making:
        if key not in _locks:
            _locks[key] = WriteLock(None if in_memory else Path(key))
        return _locks[key]


def _forget() -> None:
    """In a forked child: a lock that came along would be the parent's own, held or not."""
    global _making  # the parent may have held it when it forked
    _making = threading.Lock()
    _locks.clear()


os.register_at_fork(after_in_child=_forget)
