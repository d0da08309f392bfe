"""Django's SQLite backend, with commits that last and writers that queue.

A connection holds the write lock exactly while it is in a transaction or in a statement that writes. So every
`atomic()` is a writer (BEGIN IMMEDIATE): what only reads needs none.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

from tutelage.web.database import checkpoints
from tutelage.web.database.locking import Busy, lock_of

READS = re.compile(
    r"\s*(?:SELECT|PRAGMA|EXPLAIN|VALUES|SAVEPOINT|RELEASE)\b"
    r"|\s*WITH\b(?!.*\b(?:INSERT|UPDATE|DELETE|REPLACE)\b)",
    re.IGNORECASE | re.DOTALL,
)
RETRY_S = 1.0


class Cursor(base.SQLiteCursorWrapper):
    """Waits for the write lock before it writes outside a transaction, and before it begins one."""

    hall: DatabaseWrapper
    _rows: Iterator[Any] | None = None

    def execute(self, query: str, params: Any = None) -> Any:
        """As Django's; a statement that writes on its own is finished before the lock goes on."""
        self._rows = None
        if self.hall.writing or READS.match(query):
            result = super().execute(query, params)
            self.hall.settle()
            return result
        with self.hall.may_write():
            result = super().execute(query, params)
            if not self.connection.in_transaction:
                self._finish()
        return result

    def executemany(self, query: str, param_list: Any) -> Any:
        """As Django's, under the lock."""
        if self.hall.writing:
            return super().executemany(query, param_list)
        with self.hall.may_write():
            return super().executemany(query, param_list)

    def _finish(self) -> None:
        """Fetch what RETURNING gave: until its last row is read, a statement has not committed."""
        if self.description:
            self._rows = iter(super().fetchall())

    def fetchone(self) -> Any:
        """The next row, or None."""
        return super().fetchone() if self._rows is None else next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        wanted = self.arraysize if size is None else size
        if self._rows is None:
            return super().fetchmany(wanted)
        return [row for row, _ in zip(self._rows, range(wanted), strict=False)]

    def fetchall(self) -> list[Any]:
        """All rows left."""
        return super().fetchall() if self._rows is None else list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return super().__iter__() if self._rows is None else self._rows

    def __next__(self) -> Any:
        return super().__next__() if self._rows is None else next(self._rows)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection under the SQLite rule."""

    transaction_mode: str | None
    writing = False
    _tried = 0.0  # when the WAL was last found too large

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, with every transaction IMMEDIATE."""
        params: dict[str, Any] = super().get_connection_params()
        params.setdefault("timeout", checkpoints.WAIT_S)
        self.transaction_mode = self.transaction_mode or "IMMEDIATE"
        self._lock = lock_of(str(params["database"]), in_memory=self.is_in_memory_db())
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection as `checkpoints.configure` wants it, in WAL mode."""
        made = super().get_new_connection(conn_params)
        checkpoints.configure(made)
        if not self.is_in_memory_db() and made.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            with self.may_write():
                made.execute("PRAGMA journal_mode = WAL")
        return made

    def create_cursor(self, name: str | None = None) -> Cursor:
        """A cursor that knows whose it is."""
        cursor: Cursor = self.connection.cursor(factory=Cursor)
        cursor.hall = self
        return cursor

    @contextlib.contextmanager
    def may_write(self) -> Iterator[None]:
        """Hold the write lock; keep it where a transaction has begun meanwhile."""
        try:
            self._lock.acquire(checkpoints.WAIT_S)
        except Busy as error:
            raise OperationalError(f"database is locked: {error}") from error
        self.writing = True
        try:
            self._bound()
            yield
        finally:
            self.settle()

    def settle(self) -> None:
        """Give the write lock back once no transaction is open."""
        if self.writing and (self.connection is None or not self.connection.in_transaction):
            self.writing = False
            self._lock.release()

    def _bound(self) -> None:
        """Keep the WAL from growing without limit where no maintenance thread runs."""
        if self.is_in_memory_db() or checkpoints.fixed():
            return
        name = str(self.settings_dict["NAME"])
        if checkpoints.wal_size(name) > checkpoints.HARD and time.monotonic() - self._tried > RETRY_S:
            type(self)._tried = time.monotonic()
            with contextlib.suppress(sqlite3.Error):  # the next writer tries again
                checkpoints.checkpoint_locked(name, RETRY_S)

    def _commit(self) -> None:
        try:
            super()._commit()
        finally:
            self.settle()

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self.settle()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            if self.writing:
                self.writing = False
                self._lock.release()
