"""The least that an hour may pay, by currency: dated figures, each with its source. Look again once a year.

An offer below its floor cannot be published. The floor is the highest general statutory minimum wage of the
jurisdiction named, since people of any of its places may take the offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

STALE = timedelta(days=548)  # 18 months


@dataclass(frozen=True, slots=True)
class Floor:
    """`hourly_minor`: the least for an hour, in the smallest unit.  since: when it came into force."""

    currency: str
    hourly_minor: int
    place: Any
    since: date
    source: str


FLOORS = {
    floor.currency: floor
    for floor in (
        Floor("EUR", 1390, _("Germany"), date(2026, 1, 1), "Fünfte Mindestlohnanpassungsverordnung, § 1 (13,90 €)"),
        Floor("GBP", 1271, _("United Kingdom"), date(2026, 4, 1), "National Living Wage, gov.uk (£12.71)"),
        Floor("USD", 1713, _("Washington State"), date(2026, 1, 1), "RCW 49.46.020, lni.wa.gov ($17.13)"),
    )
}


def floor_for(currency: str, *, today: date) -> Floor | None:
    """The floor of a currency; None where none is known or the known one is too old to rely on."""
    floor = FLOORS.get(currency)
    return floor if floor and today - floor.since <= STALE else None
