"""Nobody works for nothing: a task is handed out only while its project's escrow pays for it and all that are out.

A lease is worth what it can cost at most: a task's pay (a skip is paid less), the instructions where its holder has
answered nothing yet, and the platform's share of both.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from tutelage.web.pay import queries as money
from tutelage.web.pay import rules as pay_rules
from tutelage.web.projects.models import Project
from tutelage.web.shared.refusals import Refused
from tutelage.web.work import claiming
from tutelage.web.work.claiming import adapted
from tutelage.web.work.models import Seat

STANDS = """
SELECT COALESCE((SELECT a.balance FROM pay_account a WHERE a.kind = 'escrow' AND a.project_id = %s
                 AND a.currency = %s), 0), count(*), count(s.id)
FROM work_slot l LEFT JOIN work_seat s ON s.project_id = l.project_id AND s.user_id = l.user_id AND s.done = 0
WHERE l.project_id = %s AND l.state = 1 AND l.user_id <> %s
"""
NOBODY = UUID(int=0)
EMPTY = _("Nothing here: the project's purse is empty, its owner has been told.")


def covers(seat: Seat) -> bool:
    """Whether escrow pays for one more task of this person beside those that others hold.

    Their own do not count: they hold one at a time, and give it back for another.
    """
    project = seat.project
    task, reading = _prices(project)
    if not task + reading:
        return True
    there, leases, unread = _stands(project, seat.user_id)
    return there >= task * (leases + 1) + reading * (unread + (not seat.done))


def check(seat: Seat) -> None:
    """Raises Refused where the purse does not pay for one more task."""
    if not covers(seat):
        raise _refused()


def check_reading(seat: Seat, minor: int) -> None:
    """Raises Refused where the purse does not pay somebody for reading beside all tasks that others hold."""
    task, reading = _prices(seat.project)
    due = pay_rules.cost(minor, seat.project.fee_bp)
    there, leases, unread = _stands(seat.project, seat.user_id)
    if due and there < task * leases + reading * unread + due:
        raise _refused()


def short(project: Project) -> bool:
    """Whether the purse pays for no other task although one is wanted: its owner is told so."""
    if project.state != Project.State.OPEN or not claiming.free(project.pk, 1):
        return False
    task, reading = _prices(project)
    there, leases, unread = _stands(project, NOBODY, lock=False)
    return there < task * (leases + 1) + reading * unread


def _refused() -> Refused:
    return Refused(str(EMPTY), expected=str(_("a project with money for your work")),
                   remedy=str(_("Come back later: nobody is asked to work for nothing.")),
                   safe=str(_("What you did stays paid.")))  # fmt: skip


def _prices(project: Project) -> tuple[int, int]:
    fee = project.fee_bp
    return pay_rules.cost(project.piece_minor, fee), pay_rules.cost(project.instruction_minor, fee)


def _stands(project: Project, but: UUID, *, lock: bool = True) -> tuple[int, int, int]:
    """(what is in the purse, tasks that others hold, those of them whose holder is not paid for reading yet).

    lock: nobody else counts the same money until the transaction ends; on SQLite nobody else writes anyway.
    """
    if lock and connection.vendor == "postgresql":
        money.left(project)
    with connection.cursor() as sql:
        sql.execute(STANDS, [adapted(project.pk), project.currency, adapted(project.pk), adapted(but)])
        there, leases, unread = sql.fetchone()
        return there, leases, unread
