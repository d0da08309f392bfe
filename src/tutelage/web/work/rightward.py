"""The apps that stand to the right of work and import it: review, runs. They are called by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.utils.module_loading import import_string

from tutelage.records import Judge, Judgment, decode


def outside(project: Any) -> Iterator[tuple[Judgment, Judge]]:
    """Judgments that nobody gave at the workbench, as records with whoever judged."""
    record_of = import_string("tutelage.web.runs.outside.record_of")
    rows = apps.get_model("runs", "Outside")._default_manager.filter(project=project)
    for row in rows.select_related("item", "guideline").order_by("pk").iterator(1000):
        judge: Judge = decode(Judge, row.judge)
        yield record_of(row), judge


def redo_of(judgment: Any) -> str | None:
    """Why a reviewer asked for a judgment again; None where nobody did."""
    rows = apps.get_model("review", "Review")._default_manager.filter(judgment=judgment, verdict="redo")
    return rows.values_list("reason", flat=True).first()


def disagreement(judgment: Any, by: Any, why: str, now: datetime) -> None:
    """Lay a problem that its solvers do not agree with before an adjudicator, once."""
    import_string("tutelage.web.review.actions.lay_before")(judgment, by, why, now)
