"""Examinations, in the background."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from tutelage.web.integrity import actions


@task(queue_name="heavy")
def examine(pk: int) -> None:
    """Carry an examination out."""
    actions.examine(pk, timezone.now())
