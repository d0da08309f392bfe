"""The queue stands to the right of proof and imports it: what proof asks of it is called by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet
from django.utils.module_loading import import_string

FORGOTTEN: dict[str, Any] = {
    "user": None, "answer": {}, "reason": "", "receipt": "", "telemetry": {}, "key": "", "body_digest": "",
}  # fmt: skip

_hooks: list[Callable[[Any], None]] = []


def at_erasure(hook: Callable[[Any], None]) -> None:
    """What an app further right forgets of a person, within the transaction that erases them. Asked for in `ready`."""
    if hook not in _hooks:
        _hooks.append(hook)


def seat_for(user: Any, project: Any) -> Any:
    """A contributor's place in a project. Raises Http404."""
    return import_string("tutelage.web.work.queries.seat_for")(user, project)


def judgments(user: Any, project: Any) -> QuerySet[Any]:
    """A person's own judgments in a project, with their items."""
    rows = apps.get_model("work", "Judgment")._default_manager
    return rows.filter(user=user, project=project).select_related("item")


def judgment_in(project: Any, pk: UUID) -> bool:
    """Whether a judgment is of that project."""
    return apps.get_model("work", "Judgment")._default_manager.filter(project=project, pk=pk).exists()


def said(judgment: Any) -> str:
    """What somebody answered, in a line."""
    return str(import_string("tutelage.web.work.queries.said")(judgment))


def corpus_of(project: Any) -> Any:
    """Everything that people did in a project, as records."""
    return import_string("tutelage.web.work.queries.corpus_of")(project)


def forget(user: Any) -> None:
    """All of a person in the queue; tasks they hold are free again. That a task was done stays."""
    for hook in _hooks:  # first: they find the person's rows by what is emptied below
        hook(user)
    model = apps.get_model
    model("work", "Judgment")._default_manager.filter(user=user).update(**FORGOTTEN)
    for name in ("Draft", "Skip", "Seat", "Trial", "Rehearsal", "Keys"):
        model("work", name)._default_manager.filter(user=user).delete()
    slots = model("work", "Slot")._default_manager.filter(user=user)
    slots.filter(state=1).update(**import_string("tutelage.web.work.claiming.FREED"))
    slots.update(user=None)
    for other in apps.get_app_config("care").get_models():  # what they agreed to see, and what they saw
        if any(field.name == "user" for field in other._meta.get_fields()):
            other._default_manager.filter(user=user).delete()


def unjudged(project: Any) -> dict[str, str]:
    """Domain by name of the items that nobody has judged."""
    return dict(import_string("tutelage.web.work.slices.unjudged")(project))


def queue_slice(project: Any, names: Any, each: int, *, alone: bool) -> None:
    """Ask people about these items."""
    import_string("tutelage.web.work.slices.queue")(project, names, each, alone=alone)


def reopen(project: Any) -> int:
    """Hand out again what waited for a slice."""
    return int(import_string("tutelage.web.work.slices.reopen")(project))


def judged(project: Any, names: Any) -> int:
    """How many of these items somebody has judged."""
    return int(import_string("tutelage.web.work.slices.judged")(project, names))
