"""Where a page of a list goes on: `?after=` and `?before=` of addresses."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404


def place(text: str | None) -> UUID | None:
    """The row that an address goes on from; None for the start. Raises Http404 for what names no row."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None


def number(text: str | None) -> int | None:
    """The same for rows with numbers."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Http404
    return int(text)
