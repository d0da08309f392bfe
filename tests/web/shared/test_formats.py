"""How dates are written in English."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import translation
from django.utils.formats import date_format


def test_a_date_is_nobodys_other_day_and_breaks_only_before_the_hour() -> None:
    """2/3/2026 would be two different days to two readers."""
    with translation.override("en"):
        at = datetime(2026, 3, 2, 15, 4, tzinfo=UTC)
        assert date_format(at, "SHORT_DATETIME_FORMAT") == "2\u00a0Mar\u00a02026, 15:04"
        assert date_format(at, "SHORT_DATE_FORMAT") == date_format(at, "DATE_FORMAT") == "2\u00a0Mar\u00a02026"
