"""Where a walk's files lie, and which of them are handed out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

HANDED: dict[str, tuple[str, str]] = {
    "verify": ("release/verify.py", "text/x-python"),
    "key": ("release/keys/operator.pub", "text/plain"),
    "how": ("release/VERIFY.md", "text/markdown"),
    "card": ("release/card.html", "application/octet-stream"),
    "checkpoint": ("release/proof/checkpoint", "text/plain"),
    "certificate": ("certificate/certificate.json", "application/json"),
    "rows": ("certificate/rows.jsonl.gz", "application/gzip"),
}  # fmt: skip

WORDS: dict[str, Any] = {
    "first": _("the first answer"), "second": _("the second answer"), "tie": _("a tie"), "both_bad": _("both are bad"),
    "cannot_rate": _("cannot be rated"), "harmful": _("harmful"),
}  # fmt: skip
STRENGTH: dict[Any, Any] = {1: _("slightly"), 3: _("much")}


def in_words(answer: dict[str, Any]) -> str:
    """What somebody said of a pair."""
    said = answer.get("winner", answer["type"])
    words, how = str(WORDS.get(said, said)), STRENGTH.get(answer.get("strength"))
    return f"{words}, {how}" if how else words


def place(tour: Any) -> Path:
    """Where a walk's files lie."""
    return Path(settings.HALL) / "tour" / str(tour.pk)
