"""The log's storage: a protocol, and its file. A leaf and its contribution are one entry, stored in one transaction."""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tutelage.errors import StoreDamaged, Where
from tutelage.store import write_whole, writing
from tutelage.store.files import sync_directory

MAGIC = b"TUTLOG1\n"
HEAD = struct.Struct(">II")
FIXED = 64  # leaf 32, tag 16, owner 16
LONGEST = 1 << 26
NOBODY = bytes(16)
_EVERY_BIT = (1 << 128) - 1


def opposite(owner: bytes) -> bytes:
    """The owner of payloads (batches) that are about a contributor and erased with them: every bit turned."""
    return (int.from_bytes(owner) ^ _EVERY_BIT).to_bytes(len(NOBODY))


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf and what stands behind it. Tag, owner and body are empty after erasure.

    tag    16 bytes naming the contribution; no two entries share one
    owner  16 bytes naming the key of the body; `opposite` for a payload; zero for the operator's own, in the clear
    """

    leaf: bytes
    tag: bytes
    owner: bytes
    body: bytes


class Storage(Protocol):
    """What a log needs: files here, a database elsewhere (one row, so one transaction, an entry)."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Store all of them, durably, in this order; a crash leaves each one whole or absent, and no gap."""

    def read(self, index: int) -> Entry:
        """The entry at an index."""

    def __iter__(self) -> Iterator[Entry]:
        """All of them, in order."""

    def erase(self, owner: bytes) -> int:
        """Blank tag, owner and body of all entries of an owner, for good; gives how many. Leaves stay."""


class Frames:
    """The entries in one file. One process writes at a time; `Log` holds the lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offsets = array("Q")
        if not path.exists():
            write_whole(path, MAGIC)
        self._file = os.open(path, os.O_RDWR)
        self._end = self._scan()

    def __len__(self) -> int:
        return len(self._offsets)

    def append(self, entries: Sequence[Entry]) -> None:
        """See `Storage`. A failed write (a full disk) is undone."""
        frames = [_pack(e) for e in entries]
        data = memoryview(b"".join(frames))
        try:
            with writing(self._path):
                done = 0
                while done < len(data):
                    done += os.pwrite(self._file, data[done:], self._end + done)
                os.fsync(self._file)
        except BaseException:
            os.ftruncate(self._file, self._end)
            raise
        for frame in frames:
            self._offsets.append(self._end)
            self._end += len(frame)

    def read(self, index: int) -> Entry:
        """See `Storage`. Raises StoreDamaged where the bytes are not those written."""
        found = self._at(self._offsets[index])
        if found is None:
            raise self._damaged(self._offsets[index])
        return found[0]

    def __iter__(self) -> Iterator[Entry]:
        return (self.read(i) for i in range(len(self)))

    def erase(self, owner: bytes) -> int:
        """See `Storage`. The file is written anew and replaced, so that no erased byte is left in it."""
        return self._rewrite(lambda e: Entry(e.leaf, NOBODY, NOBODY, b"") if e.owner == owner else e)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)

    def _rewrite(self, change: Callable[[Entry], Entry]) -> int:
        fresh = self._path.with_name(f".{self._path.name}.rewrite")
        offsets, end, changed = array("Q"), len(MAGIC), 0
        with writing(self._path), fresh.open("wb") as out:
            out.write(MAGIC)
            for entry in self:
                after = change(entry)
                changed += after is not entry
                offsets.append(end)
                end += out.write(_pack(after))
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self._path)
        sync_directory(self._path.parent)
        os.close(self._file)
        self._file, self._offsets, self._end = os.open(self._path, os.O_RDWR), offsets, end
        return changed

    def _scan(self) -> int:
        """Find every frame; gives where the next goes. What a killed append left at the end is cut off."""
        size = os.fstat(self._file).st_size
        if os.pread(self._file, len(MAGIC), 0) != MAGIC:
            raise self._damaged(0)
        end = len(MAGIC)
        while end < size:
            found = self._at(end)
            if found is None:
                self._refuse_unless_torn(end, size)
                os.ftruncate(self._file, end)
                os.fsync(self._file)
                break
            self._offsets.append(end)
            end += found[1]
        return end

    def _refuse_unless_torn(self, at: int, size: int) -> None:
        """A torn append is at the very end; a bad frame with others after it is damage, which must not be cut off."""
        head = os.pread(self._file, HEAD.size, at)
        length = HEAD.unpack(head)[0] if len(head) == HEAD.size else 0
        if length > LONGEST or (length >= FIXED and at + HEAD.size + length < size):
            raise self._damaged(at)

    def _at(self, offset: int) -> tuple[Entry, int] | None:
        head = os.pread(self._file, HEAD.size, offset)
        if len(head) < HEAD.size:
            return None
        length, check = HEAD.unpack(head)
        if not FIXED <= length <= LONGEST:
            return None
        rest = os.pread(self._file, length, offset + HEAD.size)
        if len(rest) < length or zlib.crc32(rest) != check:
            return None
        return Entry(rest[:32], rest[32:48], rest[48:64], rest[64:]), HEAD.size + length

    def _damaged(self, at: int) -> StoreDamaged:
        return StoreDamaged(f"The log does not read at byte {at}.", expected="the frames that were written",
                            remedy="Restore the log from a backup; keep this file.",
                            where=Where(str(self._path)))  # fmt: skip


def _pack(entry: Entry) -> bytes:
    rest = entry.leaf + entry.tag + entry.owner + entry.body
    return HEAD.pack(len(rest), zlib.crc32(rest)) + rest
