"""The apps that stand to the right of projects and import them: the ledger, the queue. They are called by name."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Exists, F, OuterRef
from django.utils.module_loading import import_string

from tutelage.web.people.rightward import audit

__all__ = [
    "any_for",
    "audit",
    "check_reading",
    "escrow",
    "give_back",
    "held",
    "pay_instructions",
    "rehearsals",
    "rehearsed",
    "seats_of",
    "set_aside",
    "short",
    "take_seat",
    "wanted",
]


def wanted(project: Any) -> int:
    """How many judgments are still wanted: slots of the queue that are free, held, or wait for another's answer."""
    return apps.get_model("work", "Slot")._default_manager.filter(project=project, state__in=(0, 1, 4)).count()


def escrow(project: Any, slots: int) -> tuple[int, int]:
    """(needed, there): what must be set aside for so many tasks, and what is."""
    needed = import_string("tutelage.web.pay.queries.escrow_needed")(project, slots)
    return needed, import_string("tutelage.web.pay.queries.escrow_balance")(project)


def set_aside(project: Any, minor: int, key: str, at: Any) -> None:
    """An owner's money for a project's people and the platform's share, once for a key."""
    if not apps.get_model("pay", "Transfer")._default_manager.filter(key=key).exists():
        import_string("tutelage.web.pay.actions.deposit")(project, minor, key, at=at)


def held(project: Any) -> int:
    """How many tasks somebody holds just now."""
    return apps.get_model("work", "Slot")._default_manager.filter(project=project, state=1).count()


def give_back(project: Any, at: Any) -> None:
    """What is left of the money set aside returns to the owner."""
    import_string("tutelage.web.pay.actions.give_back")(project, f"release:{project.pk}", at=at)


def rehearsed(user: Any, project: Any) -> Any:
    """What the five tasks that somebody did themselves say: `done`, `of`, `minutes`, `hourly_minor`."""
    return import_string("tutelage.web.work.rehearsing.found")(user, project)


def rehearsals(project: Any) -> int:
    """How many tasks anybody who runs the project did themselves."""
    done = apps.get_model("work", "Rehearsal")._default_manager
    return done.filter(project=project, ms__isnull=False).count()


def any_for(user: Any) -> Any:
    """For annotating projects: whether a task waits there that this person may take, or holds."""
    slots, skips = (apps.get_model("work", name)._default_manager for name in ("Slot", "Skip"))
    here, its = slots.filter(project=OuterRef("pk")), {"item": OuterRef("item"), "user": user}
    fresh = here.filter(~Exists(slots.filter(**its)), ~Exists(skips.filter(**its)), state=0)
    return Exists(fresh) | Exists(here.filter(user=user, state=1))


def seats_of(user: Any) -> dict[Any, Any]:
    """A contributor's seats by project."""
    return {seat.project_id: seat for seat in apps.get_model("work", "Seat")._default_manager.filter(user=user)}


def take_seat(project: Any, user: Any, nym: str) -> Any:
    """A contributor's place in the queue of a project, made once."""
    seats = apps.get_model("work", "Seat")._default_manager
    return seats.get_or_create(project=project, user=user, defaults={"nym": nym})[0]


def check_reading(project: Any, user: Any, minor: int) -> None:
    """Raises Refused where the purse does not pay somebody for reading beside the tasks that are out."""
    import_string("tutelage.web.work.purse.check_reading")(seats_of(user)[project.pk], minor)


def short(project: Any) -> bool:
    """Whether the purse pays for no other task although some are wanted."""
    return bool(import_string("tutelage.web.work.purse.short")(project))


def pay_instructions(project: Any, user: Any, key: str, minor: int, seconds: int, at: Any) -> bool:
    """A pay line for reading the instructions, once for a key; False where it was paid before."""
    transfers = apps.get_model("pay", "Transfer")
    if not minor or transfers._default_manager.filter(key=key).exists():
        return False
    pay = import_string("tutelage.web.pay.actions.pay")
    pay(transfers.Kind.INSTRUCTION, key, project, user, minor, seconds=seconds, at=at)
    seats = apps.get_model("work", "Seat")._default_manager
    seats.filter(project=project, user=user).update(earned_minor=F("earned_minor") + minor)
    return True
