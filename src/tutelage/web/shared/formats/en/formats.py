"""Dates that nobody reads for another day: 2/3/2026 is in February to some and in March to others."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j\u00a0M\u00a0Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j\u00a0M\u00a0Y, H:i"
