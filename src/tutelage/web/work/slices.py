"""A slice of a project's items that people are asked first: for holding an AI judge against them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef

from tutelage.web.projects.models import Project
from tutelage.web.work.models import Item, Slot

CHUNK = 500


def unjudged(project: Project) -> dict[str, str]:
    """Domain by name of the items that nobody has judged and somebody may be asked about: the others are not drawn."""
    unasked = Item.objects.filter(project=project, given=0, gold=False)
    over = Slot.objects.filter(item=OuterRef("pk"), state=Slot.CLOSED)
    return dict(unasked.exclude(Exists(over)).values_list("name", "domain"))


@transaction.atomic
def queue(project: Project, names: Sequence[str], each: int, *, alone: bool) -> None:
    """Ask `each` people about each of these items; with `alone`, hand out nothing else until `reopen`."""
    if alone:
        Slot.objects.filter(project=project, state=Slot.FREE).update(state=Slot.HELD)
    for chunk in _chunks(names):
        items = Item.objects.filter(project=project, name__in=chunk)
        Slot.objects.filter(item__in=items, state=Slot.HELD).update(state=Slot.FREE)
        for item in items.filter(needed__lt=each):
            Slot.objects.bulk_create(
                Slot(project=project, item=item, rank=item.rank) for _ in range(each - item.needed)
            )
        items.filter(needed__lt=each).update(needed=each)


@transaction.atomic
def reopen(project: Project) -> int:
    """Hand out again what waited while a slice was asked, nothing that was closed; gives how many tasks."""
    return Slot.objects.filter(project=project, state=Slot.HELD).update(state=Slot.FREE)


def judged(project: Project, names: Sequence[str]) -> int:
    """How many of these items have a judgment."""
    return sum(Item.objects.filter(project=project, name__in=chunk, given__gt=0).count() for chunk in _chunks(names))


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))
