"""The walk of whoever asks. Reads only."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from tutelage.web.tour.models import Scene, Tour
from tutelage.web.work import queries as work


def tour_for(user: Any) -> Tour:
    """One's own walk. Raises Http404 where there is none: only the demo has walks."""
    found = Tour.objects.select_related("project", "user").filter(user=user).first()
    if found is None:
        raise Http404
    return found


def scenes(tour: Tour) -> dict[str, Scene]:
    """What was asked for so far, by name."""
    return {scene.name: scene for scene in tour.scenes.all()}


def judged(tour: Tour) -> int:
    """How many pairs the sceptic has judged."""
    return work.seat_for(tour.user, tour.project_id).done
