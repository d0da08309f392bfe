"""The one claim function: hands out each wanted judgment to one person, in one statement.

On SQLite the caller's transaction is IMMEDIATE, so nobody else writes; on PostgreSQL rows that others are taking are
passed over. Two unique indexes make a double hand-out impossible whatever this statement does.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from tutelage.web.work.models import Slot

FREE = """
SELECT s.id FROM work_slot s
WHERE s.project_id = %s AND s.state = 0 AND s.rank {side} %s
  AND NOT EXISTS (SELECT 1 FROM work_slot o WHERE o.item_id = s.item_id AND o.user_id = %s)
  AND NOT EXISTS (SELECT 1 FROM work_skip k WHERE k.item_id = s.item_id AND k.user_id = %s)
ORDER BY s.rank, s.id LIMIT 1 {lock}
"""
TAKE = """
UPDATE work_slot SET state = 1, user_id = %s, token = %s, leased_at = %s, expires_at = %s,
  guideline_id = (SELECT g.id FROM projects_guideline g WHERE g.project_id = %s ORDER BY g.version DESC LIMIT 1)
WHERE id = ({free}) RETURNING id, item_id, guideline_id, rank, epoch, about_id
"""
LEFT = """
SELECT CASE WHEN (SELECT count(*) FROM (SELECT 1 FROM work_slot WHERE project_id = %s AND state = 0 LIMIT %s) f) < %s
THEN (SELECT count(DISTINCT s.item_id) FROM work_slot s WHERE s.project_id = %s AND s.state = 0
  AND NOT EXISTS (SELECT 1 FROM work_slot o WHERE o.item_id = s.item_id AND o.user_id = %s)
  AND NOT EXISTS (SELECT 1 FROM work_skip k WHERE k.item_id = s.item_id AND k.user_id = %s)) END
"""
FREED = {"state": Slot.FREE, "user": None, "token": None, "leased_at": None, "expires_at": None}


class Lease(NamedTuple):
    """A slot that somebody holds."""

    slot: int
    item: int
    guideline: int
    rank: int
    epoch: int
    token: str
    expires_at: datetime
    about: UUID | None


def claim(project: UUID, user: UUID, cursor: int, *, seconds: int, now: datetime) -> Lease | None:
    """The next free slot after `cursor`, else from the start; None where nothing is left for this person."""
    token, expires = secrets.token_hex(16), now + timedelta(seconds=seconds)
    lock = "FOR UPDATE OF s SKIP LOCKED" if connection.vendor == "postgresql" else ""
    adapt = adapted
    who, where = adapt(user), adapt(project)
    with connection.cursor() as sql:
        for side in (">", "<="):
            free = FREE.format(side=side, lock=lock)
            given = [who, token, adapt(now), adapt(expires), where, where, cursor, who, who]
            sql.execute(TAKE.format(free=free), given)
            row = sql.fetchone()
            if row is not None:
                slot, item, guideline, rank, epoch, about = row
                about = UUID(about) if isinstance(about, str) else about
                return Lease(slot, item, guideline, rank, epoch, token, expires, about)
            if cursor < 0:
                break
    return None


def free(project: UUID, most: int) -> int:
    """How many slots of a project wait for somebody, counted up to `most`."""
    with connection.cursor() as sql:
        sql.execute("SELECT count(*) FROM (SELECT 1 FROM work_slot WHERE project_id = %s AND state = 0 LIMIT %s) s",
                    [adapted(project), most])  # fmt: skip
        return int(sql.fetchone()[0])


def left(project: UUID, user: UUID, most: int) -> int | None:
    """How many tasks wait that somebody may take, each item once; None where `most` or more wait for anybody."""
    where, who = adapted(project), adapted(user)
    with connection.cursor() as sql:
        sql.execute(LEFT, [where, most, most, where, who, who])
        found = sql.fetchone()[0]
    return None if found is None else int(found)


def adapted(value: UUID | datetime) -> object:
    """A value as this database stores it: SQLite knows neither UUIDs nor time zones."""
    if connection.vendor == "postgresql":
        return value
    return value.hex if isinstance(value, UUID) else connection.ops.adapt_datetimefield_value(value)


def release(slots: list[int]) -> int:
    """Free leased slots; gives how many. What was drafted stays."""
    return Slot.objects.filter(pk__in=slots, state=Slot.LEASED).update(**FREED)


def reclaim(now: datetime, project: UUID | None = None, most: int = 500) -> int:
    """Free slots whose lease has run out; gives how many."""
    late = Slot.objects.filter(state=Slot.LEASED, expires_at__lt=now)
    if project is not None:
        late = late.filter(project_id=project)
    chosen = list(late.order_by("expires_at").values_list("pk", flat=True)[:most])
    return late.filter(pk__in=chosen).update(**FREED)  # asked again: a lease may have been renewed meanwhile
