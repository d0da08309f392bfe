"""The owner's work in the background."""

from __future__ import annotations

from django_tasks import task

from tutelage.web.runs import actions
from tutelage.web.working import Job

PERIODIC = [Job(30.0, "tutelage.web.runs.actions.measure_all", timed=True),
            Job(5.0, "tutelage.web.runs.hooks.send_due", timed=True),
            Job(2.0, "tutelage.web.runs.running.tend", timed=True)]  # fmt: skip


@task(queue_name="heavy")
def carry(number: int) -> None:
    """An import or export, to its end or to where it is stopped."""
    actions.carry(number)
