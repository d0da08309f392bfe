"""What reviews and cases keep of a person who leaves for good: that something was decided, in nobody's words."""

from __future__ import annotations

from typing import Any

from tutelage.web.review.models import Case, Reply, Review, Ruling


def forget(user: Any) -> None:
    """Empty what they wrote, and what was written about their work. Verdicts stay: others were paid by them."""
    Reply.objects.filter(judgment__user=user).delete()
    for rows in (
        Review.objects.filter(reviewer=user), Review.objects.filter(judgment__user=user),
        Case.objects.filter(opened_by=user), Case.objects.filter(judgment__user=user),
        Ruling.objects.filter(adjudicator=user),
    ):  # fmt: skip
        rows.update(reason="")
