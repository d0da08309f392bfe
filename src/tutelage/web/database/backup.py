"""A copy of the whole database while it is in use, and putting one back. Keys are not in it: keep `keys/` apart."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from datetime import datetime
from pathlib import Path

from django.db import connection

from tutelage.errors import BadInput, Failed, MissingExtra, Where
from tutelage.store.files import sync_directory
from tutelage.web.database import checkpoints


def suffix() -> str:
    """How the name of a backup ends."""
    return ".dump" if connection.vendor == "postgresql" else ".db"


def save(target: Path) -> Path:
    """Write a backup, whole or not at all; writers go on meanwhile. Raises BadInput where the file is there already."""
    if target.exists():
        raise BadInput("There is a file of this name.", expected="a new file", remedy="Choose another name.",
                       where=Where(str(target)))  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        (_dump if connection.vendor == "postgresql" else _vacuum)(partial)
        partial.chmod(0o600)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    sync_directory(target.parent)
    return target


def restore(source: Path, now: datetime) -> Path | None:
    """Put a backup in the place of the database; gives where the database that was there is kept.

    The caller has made sure that nobody uses it. Raises Failed on a damaged backup: nothing was changed.
    """
    if connection.vendor != "postgresql":
        return _put_file(source, now)
    _put_dump(source)
    return None


def damage(file: Path) -> list[str]:
    """What SQLite's own check finds wrong with a database file; nothing where it is whole."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as look:
            said = [row[0] for row in look.execute("PRAGMA quick_check(5)")]
            return [] if said == ["ok"] else said
    except sqlite3.Error as error:
        return [str(error)]


def _name() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _vacuum(target: Path) -> None:
    with contextlib.closing(sqlite3.connect(_name(), timeout=checkpoints.WAIT_S)) as source:
        checkpoints.configure(source)
        source.execute("VACUUM INTO ?", [str(target)])


def _put_file(source: Path, now: datetime) -> Path | None:
    found = damage(source)
    if found:
        raise Failed(f"The backup is damaged: {found[0]}.", expected="what `tutelage db backup` wrote, unchanged",
                     remedy="Use another backup. Nothing was changed.", where=Where(str(source)))  # fmt: skip
    name, kept = _name(), None
    connection.close()
    fresh = name.with_name(f".{name.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, fresh)
        with fresh.open("rb") as written:
            os.fsync(written.fileno())
        if name.exists():
            checkpoints.checkpoint(str(name), wait_s=checkpoints.WAIT_S)
            kept = name.parent / "backups" / f"replaced-{now:%Y%m%dT%H%M%S}.db"
            kept.parent.mkdir(exist_ok=True, mode=0o700)
            name.replace(kept)
        for part in ("-wal", "-shm"):
            name.with_name(name.name + part).unlink(missing_ok=True)
        fresh.chmod(0o600)
        fresh.replace(name)
    finally:
        fresh.unlink(missing_ok=True)
    sync_directory(name.parent)
    return kept


def _dump(target: Path) -> None:
    _postgres("pg_dump", "--format=custom", f"--file={target}")


def _put_dump(source: Path) -> None:
    with connection.cursor() as sql:
        sql.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND pid <> pg_backend_pid()")  # fmt: skip
        others = sql.fetchone()[0]
    if others:
        raise BadInput(f"{others} other connections use the database.", expected="nobody else connected",
                       remedy="Stop every `tutelage serve` and `tutelage worker` first.")  # fmt: skip
    connection.close()
    # pg_restore alone would keep what the dump does not know
    _postgres("psql", "--quiet", "--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    _postgres("pg_restore", "--single-transaction", "--no-owner", f"--dbname={connection.settings_dict['NAME']}",
              str(source))  # fmt: skip


def _postgres(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise MissingExtra(f"`{program}` is not installed.", expected="PostgreSQL's client programs",
                           remedy="Install them (on Debian: apt install postgresql-client).")  # fmt: skip
    told = connection.settings_dict
    named = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGHOST": "HOST", "PGPORT": "PORT"}
    environment = {**os.environ, **{variable: told[key] for variable, key in named.items() if told.get(key)}}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason was given"])[0]
        raise Failed(f"`{program}` failed: {said}.", expected="exit status 0", remedy="See its message; try again.")
