"""Items into a project's queue, streamed: thousands a second, whole or not at all a batch."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from django.db import connection, transaction
from django.db.models import Count, Max

from tutelage import kinds
from tutelage.errors import BadInput, Where
from tutelage.records import Item as Record
from tutelage.records import Json, Response
from tutelage.store import canonical
from tutelage.web.care import rules as content
from tutelage.web.projects.models import Project
from tutelage.web.work import rules
from tutelage.web.work.claiming import adapted
from tutelage.web.work.models import Item, Slot

BATCH = 2_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Offered:
    """An item with its responses, and the known answer where it is a gold item."""

    item: Record
    responses: tuple[Response, ...]
    gold: Json | None = None
    gold_reason: str = ""


def load(project: Project, offered: Iterable[Offered], rng: np.random.Generator, *, needed: int | None = None) -> int:
    """Add items behind those that are there; gives how many. Raises BadInput on the first that the kind refuses.

    One that is there already, by its name, stays as it is: an import that was cut off can be given again.
    """
    kind, count = kinds.get(project.kind), 0
    stage = kind if isinstance(kind, kinds.Staged) else None
    for batch in _batches(offered, BATCH):
        for one in batch:
            kind.check_item(one.item, {r.id: r for r in one.responses})
            _check_content(one, project.warnings)
        follows = [stage.follows(one.item) if stage else 0 for one in batch]
        count += _add(project, batch, rng, 1 if stage else needed or project.overlap, follows)
    return count


def _check_content(one: Offered, warnings: list[str]) -> None:
    """Raises BadInput where an item may contain what its project does not warn of."""
    beyond = content.beyond(
        (*one.item.content_classes, *(c for r in one.responses for c in r.content_classes)), warnings
    )
    if beyond:
        raise BadInput(f"Item {one.item.id} may contain {', '.join(beyond)}.",
                       expected=f"only what the offer warns of: {', '.join(content.real(warnings)) or 'nothing'}",
                       remedy="Add the class to the project's content warnings first, or leave the item out.",
                       where=Where(field="content_classes"))  # fmt: skip


@transaction.atomic
def _add(project: Project, batch: list[Offered], rng: np.random.Generator, needed: int, follows: list[int]) -> int:
    """follows: how many more are asked about each one's answer; they wait until there is one."""
    later = dict(zip((o.item.id for o in batch), follows, strict=True))
    there = set(
        Item.objects.filter(project=project, name__in=[o.item.id for o in batch]).values_list("name", flat=True)
    )
    batch = [o for o in {o.item.id: o for o in batch}.values() if o.item.id not in there]
    Project.objects.select_for_update(no_key=True).get(
        pk=project.pk
    )  # one batch after another: items are told apart by number
    last = Item.objects.filter(project=project).aggregate(rank=Max("rank"), pk=Max("pk"))
    counts = Item.objects.filter(project=project).values_list("domain").annotate(Count("pk")).order_by()
    order = rules.ranks(
        project.strategy, [o.item.domain or "" for o in batch], [o.gold is not None for o in batch], rng,
        start=0 if last["rank"] is None else last["rank"] + 1,
        seen=dict(counts) if project.strategy == "stratified" else {},
    )  # fmt: skip
    where = adapted(project.pk)
    with connection.cursor() as sql:  # rows as they come: models would take ten times as long
        _insert(
            sql, "work_item (project_id, name, rank, domain, needed, given, gold)",
            [(where, o.item.id, r, o.item.domain or "", needed + later[o.item.id], 0, o.gold is not None)
             for o, r in zip(batch, order, strict=True)],
        )  # fmt: skip
        sql.execute("SELECT name, id FROM work_item WHERE project_id = %s AND id > %s", [where, last["pk"] or 0])
        ids = dict(sql.fetchall())
        _insert(
            sql, "work_itembody (item_id, record, responses, salt, gold_answer, gold_reason)",
            [(ids[o.item.id], canonical(o.item).decode(), canonical(o.responses).decode(), secrets.token_bytes(32),
              None if o.gold is None else json.dumps(o.gold), o.gold_reason) for o in batch],
        )  # fmt: skip
        for n in range(needed + max(follows, default=0)):
            sql.execute(
                "INSERT INTO work_slot (project_id, item_id, rank, state, epoch) SELECT project_id, id, rank, %s, 0 "
                "FROM work_item WHERE project_id = %s AND id > %s AND needed > %s ORDER BY rank",
                [Slot.FREE if n < needed else Slot.WAITING, where, last["pk"] or 0, n],
            )  # fmt: skip
    return len(batch)


def _insert(sql: Any, into: str, rows: list[tuple[Any, ...]]) -> None:
    """All rows in one statement: PostgreSQL would take several times as long over one after another."""
    if rows:
        one = f"({','.join(['%s'] * len(rows[0]))})"
        many = ",".join([one] * len(rows))
        sql.execute(f"INSERT INTO {into} VALUES {many}", [v for row in rows for v in row])  # noqa: S608  our own names


def _batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    it = iter(things)
    while batch := list(islice(it, size)):
        yield batch
