"""The apps that stand to the right of people and projects and import them; so they are called by name."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string


def audit(actor: Any, verb: str, what: str, which: Any, *, project: Any = None, **detail: Any) -> None:
    """Who did what to which object, in the caller's transaction. See `proof.actions.audit`."""
    write = import_string("tutelage.web.proof.actions.audit")
    write(actor, verb, what, which, at=timezone.now(), project=project, **detail)
