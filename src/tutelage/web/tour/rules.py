"""Where a walk's files lie, and which of them are handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

HANDED: dict[str, tuple[str, str]] = {
    "verify": ("release/verify.py", "text/x-python"),
    "key": ("release/keys/operator.pub", "text/plain"),
    "how": ("release/VERIFY.md", "text/markdown"),
    "card": ("release/card.html", "application/octet-stream"),
    "checkpoint": ("release/proof/checkpoint", "text/plain"),
    "certificate": ("certificate/certificate.json", "application/json"),
    "rows": ("certificate/rows.jsonl.gz", "application/gzip"),
}  # fmt: skip


def place(tour: Any) -> Path:
    """Where a walk's files lie."""
    return Path(settings.HALL) / "tour" / str(tour.pk)
