"""The run's structured log: `events.jsonl`, one event with fields a line. Never hashed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tutelage.records import encode


class Events:
    """Appends events to a file; a line is written whole, so that the file survives kill -9."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def __call__(self, event: str, **fields: Any) -> None:
        """Record an event; no contributor names, no response text."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"at": at, "event": event, **encode(fields)}
        self._file.write((json.dumps(line, ensure_ascii=False, default=str) + "\n").encode())

    def of(self, stage: str) -> Any:
        """The log of one stage: every event names it."""
        return lambda event, **fields: self(event, stage=stage, **fields)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
