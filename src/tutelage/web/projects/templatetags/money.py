"""Money and shares as pages show them: `{% load money %}`."""

from __future__ import annotations

from typing import Any

from django import template

from tutelage.web.projects import rules
from tutelage.web.projects.forms import SUMMARIES
from tutelage.web.projects.models import Role

register = template.Library()


@register.filter
def money(minor: int, currency: str) -> str:
    """`{{ minor|money:project.currency }}`: €0.50."""
    return rules.amount(int(minor), currency)


@register.filter
def warning(name: str) -> str:
    """A content class in words."""
    return str(rules.WARNINGS.get(name, name))


@register.filter
def role(name: str) -> str:
    """A part in a project, in words."""
    return str(dict(Role.Name.choices).get(name, name))


@register.filter
def kind(name: str) -> str:
    """A kind of question, in a word or two."""
    return str(SUMMARIES.get(name, name)).partition(":")[0]


@register.filter
def brief(minutes: float) -> str:
    """Minutes with as many digits as matter."""
    return f"{minutes:.0f}" if minutes >= 10 else f"{minutes:.1f}".removesuffix(".0")


@register.filter
def buyer_pays(project: Any) -> str:
    """What the buyer pays for a task of a project."""
    return rules.amount(rules.money(project.piece_minor, project.fee_bp, project.minutes).buyer_pays, project.currency)


@register.filter
def an_hour(project: Any) -> str:
    """What a project pays an hour at its estimated time."""
    return rules.amount(
        rules.money(project.piece_minor, project.fee_bp, project.minutes).you_get_hour, project.currency
    )
