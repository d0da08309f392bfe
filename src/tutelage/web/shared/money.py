"""Amounts as people read them. The only place where minor units become a text; nothing is ever computed from it."""

from __future__ import annotations

from django.utils.formats import number_format

EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}


def shown(minor: float, currency: str) -> str:
    """An amount of the currency's smallest unit (fractions are rounded), such as €0.25 or 3.20 CHF."""
    exponent = EXPONENTS.get(currency, 2)
    amount = number_format(round(abs(minor)) / 10**exponent, decimal_pos=exponent, force_grouping=True)
    said = f"{SIGNS[currency]}{amount}" if currency in SIGNS else f"{amount} {currency}"
    return f"−{said}" if minor < 0 else said
