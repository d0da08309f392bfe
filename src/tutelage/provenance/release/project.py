"""A project on this machine: its log, its operator's key and its secrets, under `$TUTELAGE_HOME/projects/NAME`."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tutelage.errors import BadInput, StoreDamaged, Where
from tutelage.provenance.keys import SigningKey
from tutelage.provenance.log import FileLog, opened
from tutelage.store import home, write_whole

SECRET_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Project:
    """Where a project is kept. Secrets are made on first use and never leave `secrets/`."""

    name: str
    root: Path

    @classmethod
    def named(cls, name: str) -> Project:
        """The project of that name in `$TUTELAGE_HOME`; need not exist yet."""
        if not _NAME.fullmatch(name):
            raise BadInput(f"{name!r} cannot name a project.", expected="letters, digits, `.`, `_`, `-`",
                           remedy="Give a name with --project.")  # fmt: skip
        return cls(name, home() / "projects" / name)

    @property
    def origin(self) -> str:
        """The log's name on its checkpoints."""
        return f"tutelage/{self.name}"

    def operator(self) -> SigningKey:
        """The key that signs checkpoints and releases."""
        return SigningKey(self.origin, self.secret("operator"))

    def secret(self, name: str) -> bytes:
        """32 secret bytes, made and durable on first use, readable by their owner alone."""
        path = self.root / "secrets" / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.parent.chmod(0o700)
            write_whole(path, secrets.token_bytes(SECRET_BYTES))
            path.chmod(0o600)
        found = path.read_bytes()
        if len(found) != SECRET_BYTES:
            raise StoreDamaged(f"The secret has {len(found)} bytes.", expected="32 bytes as they were made",
                               remedy="Restore it from a backup.", where=Where(str(path)))  # fmt: skip
        return found

    @contextmanager
    def log(self) -> Iterator[FileLog]:
        """The project's log, for one writer at a time."""
        os.makedirs(self.root, mode=0o700, exist_ok=True)  # noqa: PTH103  the mode of the leaf alone
        with opened(self.root / "log", self.origin, self.secret("kek"), self.root / "people") as log:
            yield log
