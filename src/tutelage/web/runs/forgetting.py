"""What imports, exports and webhooks keep of a person who leaves for good: no file with their answers, no name."""

from __future__ import annotations

import shutil
from functools import partial
from typing import Any

from django.db import transaction

from tutelage.web.runs import queries
from tutelage.web.runs.models import Job, Webhook
from tutelage.web.work.models import Seat


def forget(user: Any) -> None:
    """Delete export files of projects in which they worked, once that is certain; who asked for what is nobody's."""
    exports = Job.objects.filter(project__in=Seat.objects.filter(user=user).values("project"), kind=Job.Kind.EXPORT)
    for job in exports:
        transaction.on_commit(partial(shutil.rmtree, queries.folder(job), ignore_errors=True))
    exports.delete()
    Job.objects.filter(asked_by=user).update(asked_by=None)
    Webhook.objects.filter(made_by=user).update(made_by=None)
