"""Words and figures of the owner's pages: `{% load runs %}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from tutelage.web.runs import rules

register = template.Library()
STATES = {
    "open": _("open"), "begun": _("begun"), "settled": _("settled"), "disputed": _("people differ"),
    "gold": _("known answer"),
}  # fmt: skip


@register.filter
def state_word(name: str) -> str:
    """A state of items in a word."""
    return str(STATES.get(name, name))


@register.filter
def at(found: Any, name: str) -> Any:
    """`{{ counts|at:state }}`: one value of a table, None where there is none."""
    return found.get(name) if isinstance(found, Mapping) else None


@register.filter
def answer(said: Any) -> str:
    """An answer in a line."""
    return rules.in_words(said, 200) if isinstance(said, Mapping) else ""


@register.filter
def minutes(seconds: float | None) -> str:
    """Seconds as whole minutes."""
    return f"{(seconds or 0) / 60:.0f}"
