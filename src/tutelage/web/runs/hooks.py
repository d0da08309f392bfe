"""Events of a project, for whoever asked to be told."""

from __future__ import annotations

from typing import Any


def announce(project: Any, event: str, detail: dict[str, Any]) -> None:
    """To be sent by the worker."""
