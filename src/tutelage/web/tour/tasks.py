"""The walk's work in the background."""

from __future__ import annotations

from django.utils import timezone
from django_tasks import task

from tutelage.web.tour import actions


@task()
def play(scene: int) -> None:
    """Do one step."""
    actions.play(scene, timezone.now())
