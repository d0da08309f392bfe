"""Words and figures of the owner's pages: `{% load runs %}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from tutelage.pipeline.progress import duration
from tutelage.web.runs import rules

register = template.Library()
STATES = {
    "open": _("open"), "begun": _("begun"), "settled": _("settled"), "disputed": _("people differ"),
    "gold": _("known answer"),
}  # fmt: skip


OUTCOMES = {"pass": _("pass"), "fail": _("fail"), "insufficient": _("not enough evidence")}
VERDICTS = {
    "pass": _("This model may ship."), "fail": _("This model may not ship."),
    "insufficient": _("Nobody can tell yet whether this model may ship."),
}  # fmt: skip


@register.filter
def outcome_word(name: str) -> str:
    """What a gate said, in a word."""
    return str(OUTCOMES.get(name, name))


@register.filter
def verdict_word(name: str) -> str:
    """What a gate said, as a sentence."""
    return str(VERDICTS.get(name, name))


@register.filter
def lasts(seconds: float) -> str:
    """Seconds as people say them: `12 s`, `3 min 05 s`."""
    return duration(seconds).replace(" ", "\u00a0")


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
def minutes(seconds: float) -> str:
    """Seconds as whole minutes."""
    return f"{seconds / 60:.0f}"
