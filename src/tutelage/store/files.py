"""Writing so that nothing is ever half there: temporary sibling, fsync, rename; and locks that die with us."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.records import encode

READ_ONLY = 0o444


def home() -> Path:
    """`$TUTELAGE_HOME`, or `~/.local/share/tutelage`: where artefacts, stage results and weights are kept."""
    given = os.environ.get("TUTELAGE_HOME")
    return Path(given).expanduser().absolute() if given else Path.home() / ".local" / "share" / "tutelage"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all, also to a reader and after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.{os.getpid()}.tmp")
    try:
        with partial.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_directory(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write one record or JSON value, indented for people, whole or not at all."""
    write_whole(path, (json.dumps(encode(value), ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode())


def tidy(directory: Path) -> None:
    """Remove the temporary siblings (`.name.….<pid>.tmp`) that killed processes left in a directory."""
    for path in directory.glob(".*.tmp"):
        pid = path.name.split(".")[-2]
        if pid.isdigit() and not _alive(int(pid)):
            remove(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable: after a rename the file's bytes alone are not enough."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def seal(root: Path) -> None:
    """Make every file of a file or directory durable and read-only. Directories stay writable, to be collected."""
    paths = [root] if root.is_file() else [p for p in root.rglob("*") if not p.is_symlink()]
    for path in paths:
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
            path.chmod(READ_ONLY)
        else:
            sync_directory(path)


def remove(path: Path) -> None:
    """Delete a file or a directory; nothing happens where there is neither."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size(path: Path) -> int:
    """Bytes in a file or in all files of a directory; files that vanish meanwhile count 0."""
    total = 0
    for found in [path] if path.is_file() else path.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += found.stat(follow_symlinks=False).st_size if found.is_file() else 0
    return total


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[bool]:
    """Hold an advisory lock on a file; gives False, without the lock, where it is taken and `wait` is False.

    The kernel drops the lock when the process dies, however it dies, so that no lock is ever stale.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(handle, how if wait else how | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


_FULL = (errno.ENOSPC, errno.EDQUOT)
_CLOSED = (errno.EACCES, errno.EROFS, errno.EPERM)


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn a full disk or a directory we may not write to into one clear BadInput; other errors pass."""
    try:
        yield
    except OSError as error:
        file = str(error.filename or place)
        if error.errno in _FULL:
            raise BadInput(
                f"The disk is full: {_free(place)} MB free.",
                expected=f"room to write under {place}",
                remedy="Free some (`tutelage store gc`), or set TUTELAGE_HOME or --out to another disk, and run again: "
                "finished stages are kept.",
                where=Where(file),
            ) from error
        if error.errno in _CLOSED:
            raise BadInput(
                f"Access is refused: {error.strerror}.",
                expected=f"a place that user {os.getuid()} may read and write",
                remedy="Change its permissions, or set TUTELAGE_HOME or --out to another directory.",
                where=Where(file),
            ) from error
        raise


def _free(place: Path) -> int:
    there = next(p for p in (place, *place.absolute().parents) if p.exists())
    return shutil.disk_usage(there).free // 1_000_000
