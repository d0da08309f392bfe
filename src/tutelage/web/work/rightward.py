"""The apps that stand to the right of work and import it: review. They are called by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.module_loading import import_string


def disagreement(judgment: Any, by: Any, why: str, now: datetime) -> None:
    """Lay a problem that its solvers do not agree with before an adjudicator, once."""
    import_string("tutelage.web.review.actions.lay_before")(judgment, by, why, now)
