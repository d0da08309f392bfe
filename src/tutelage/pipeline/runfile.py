"""`run.json`: what is true of one run and of no result – times, hosts, paths. Never hashed."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tutelage import __version__
from tutelage.store import write_json


def now_text() -> str:
    """The time, for a file that is never hashed."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def host() -> dict[str, Any]:
    """What the machine is."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "tutelage": __version__,
    }


@dataclass
class RunFile:
    """The state of a run, written anew after every stage.

    status  running, done, waiting, paused, failed or interrupted; a run that was killed stays `running`
    stages  {label: facts about it}
    """

    path: Path
    home: Path
    seed: int
    status: str = "running"
    started_at: str = field(default_factory=now_text)
    stages: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None

    def write(self, status: str | None = None) -> None:
        """Write the file, whole."""
        self.status = status or self.status
        write_json(
            self.path,
            {
                "schema": "run/1",
                "status": self.status,
                "started_at": self.started_at,
                "updated_at": now_text(),
                "pid": os.getpid(),
                "seed": self.seed,
                "home": str(self.home),
                "host": host(),
                "stages": self.stages,
                "waiting": self.waiting,
                "error": self.error,
            },
        )
