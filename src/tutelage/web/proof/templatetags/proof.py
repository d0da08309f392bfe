"""Words for what a release or a certificate names in short: `{% load proof %}`."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext, gettext_lazy

register = template.Library()
STEPS = {
    "waiting": gettext_lazy("waiting for the worker"), "rows": gettext_lazy("gathering the rows"),
    "certificate": gettext_lazy("computing the certificate"), "sealing": gettext_lazy("sealing"),
    "checking": gettext_lazy("its verifier is at work"), "comparing": gettext_lazy("comparing with the last one"),
}  # fmt: skip
LEVELS = {
    "H0": gettext_lazy("said so by the operator"), "H1": gettext_lazy("in the operator's signed log"),
    "H2": gettext_lazy("signed by the person's own passkey"),
    "H3": gettext_lazy("and attested by somebody outside the operator"), "H4": gettext_lazy("and met not long before"),
}  # fmt: skip
SORTS = {"person": gettext_lazy("by people"), "ai": gettext_lazy("by AI judges"),
         "simulated": gettext_lazy("simulated"), "anonymous": gettext_lazy("anonymous")}  # fmt: skip
PARTS = {"items": gettext_lazy("items"), "responses": gettext_lazy("responses"), "judgments": gettext_lazy("judgments"),
         "judges": gettext_lazy("judges"), "verdicts": gettext_lazy("verdicts")}  # fmt: skip
TARGETS = {"agreement": gettext_lazy("Agreement with people"), "mean": gettext_lazy("Share of each verdict"),
           "residual": gettext_lazy("What may go out unseen")}  # fmt: skip


@register.filter
def step(name: str, steps: Sequence[str]) -> int:
    """How many steps are behind a release that is at this one."""
    return list(steps).index(name) if name in steps else 0


@register.filter
def step_words(name: str) -> str:
    """A step of building, in words."""
    return str(STEPS.get(name, name))


@register.filter
def level_words(name: str) -> str:
    """A level of knowing a person, in words."""
    return str(LEVELS.get(name, name))


@register.filter
def sort_words(name: str) -> str:
    """Who judged, in words."""
    return str(SORTS.get(name, name))


@register.filter
def part_words(name: str) -> str:
    """A part of a release."""
    return str(PARTS.get(name, name))


@register.filter
def target_words(name: str) -> str:
    """What a certificate claims."""
    return str(TARGETS.get(name, gettext("Claim")))
