"""What examinations keep of a person who leaves for good: nothing."""

from __future__ import annotations

from typing import Any

from tutelage.web.integrity.models import Look
from tutelage.web.work.models import Seat


def forget(user: Any) -> None:
    """Delete what was found where they worked, for it speaks of pseudonyms; an examination can be made anew."""
    Look.objects.filter(project__in=Seat.objects.filter(user=user).values("project")).delete()
    Look.objects.filter(asked_by=user).update(asked_by=None)
