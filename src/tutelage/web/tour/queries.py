"""The walk of whoever asks. Reads only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import Http404

from tutelage.web.proof import queries as proof
from tutelage.web.tour import rules
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


def signed(tour: Tour) -> int:
    """How many of their judgments carry the sceptic's own signature."""
    return sum(len(batch.receipts) for batch in proof.batches(tour.user, tour.project))


@dataclass(frozen=True, slots=True)
class Own:
    """One of the sceptic's own judgments. `number` counts from the first one made."""

    number: int
    id: str
    prompt: str
    answer: str
    receipt: str
    minor: int
    signed: bool


def own(tour: Tour) -> list[Own]:
    """The sceptic's judgments that stand, oldest first."""
    marks = {str(m.judgment.pk): m.signed for m in proof.receipts(tour.user, tour.project)}
    stand = [m for m in work.mine(work.seat_for(tour.user, tour.project_id))
             if not m.withdrawn and m.judgment.answer.get("type") != "withdrawn"]  # fmt: skip
    return [Own(n, str(m.judgment.pk), _prompt(m.judgment.item), m.answer, m.receipt,
                m.judgment.pay_minor, marks.get(str(m.judgment.pk), False))
            for n, m in enumerate(reversed(stand), 1)]  # fmt: skip


def offered(tour: Tour) -> set[str]:
    """The pairs that were put before the sceptic: no draw is made from them."""
    return set(tour.project.items.values_list("name", flat=True))


def handed(tour: Tour, name: str) -> tuple[Path, str]:
    """(file, content type) of what the walk hands out under a name. Raises Http404 where it is not there."""
    path, kind = rules.HANDED.get(name, ("", ""))
    file = rules.place(tour) / path
    if not path or not file.is_file():
        raise Http404
    return file, kind


def _prompt(item: Any) -> str:
    said = json.loads(item.body.record)["messages"]
    return str(said[-1]["text"]) if said else ""
