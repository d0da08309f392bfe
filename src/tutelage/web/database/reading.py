"""Reading much as of one moment, while others go on writing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import connection, transaction


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """Everything read within is as it was at the first look. Nobody waits for it. Not within a transaction."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as sql:
                sql.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    with connection.cursor() as sql:
        sql.execute("SAVEPOINT one_moment")  # unlike Django's own transactions, which take the lock for writing
        try:
            yield
        finally:
            sql.execute("RELEASE one_moment")
