"""What templates need everywhere: `{% load house %}`."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from tutelage.web.shared import dist, rendering
from tutelage.web.shared.icons import ICONS
from tutelage.web.shared.money import shown

register = template.Library()
THEMES = ("light", "dark")


def _address(file: str) -> str:
    return f"{settings.STATIC_URL}dist/{file}"


@register.simple_tag
def style(name: str) -> SafeString:
    """`{% style "site.css" %}`: the link to a style sheet of ours."""
    return format_html('<link rel="stylesheet" href="{}">', _address(dist.files_of(name)[0]))


@register.simple_tag
def script(name: str) -> SafeString:
    """`{% script "site.js" %}`: a module of ours, with all that it needs fetched at once."""
    file, *needs = dist.files_of(name)
    early = format_html_join("", '<link rel="modulepreload" href="{}">', ((_address(n),) for n in needs))
    return format_html('{}<script type="module" src="{}"></script>', early, _address(file))


@register.simple_tag
def kind_script(kind: str) -> SafeString:
    """`{% kind_script project.kind %}`: fetches the element of a kind early; nothing for a kind without one."""
    files = dist.manifest()["kinds"].get(kind, ())
    return format_html_join("", '<link rel="modulepreload" href="{}">', ((_address(f),) for f in files))


@register.simple_tag
def words() -> SafeString:
    """The texts of our scripts in the page's language, as `<script type="application/json" id="words">`."""
    said = {word: gettext(word) for word in dist.words()}
    table = json.dumps({k: v for k, v in said.items() if k != v}, ensure_ascii=False)
    for mark in "<>&":
        table = table.replace(mark, f"\\u{ord(mark):04x}")
    return format_html('<script type="application/json" id="words">{}</script>', SafeString(table))


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """What this browser chose, "light" or "dark"; "" follows the system."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


@register.simple_tag
def icon(name: str) -> SafeString:
    """A sign as text, hidden from those who listen: the word beside it says the same."""
    return format_html('<span class="icon" aria-hidden="true">{}</span>', ICONS[name])


@register.filter
def markdown(text: str | None) -> SafeString:
    """Text of people and models; put it inside `<div class="prose" dir="auto">`."""
    return rendering.safe_html(text or "")


@register.inclusion_tag("shared/empty.html")
def empty(title: str, said: str = "", href: str = "", action: str = "") -> dict[str, Any]:
    """`{% empty _("No open cases") _("…what happens next") %}`: an empty state says what happens next and when."""
    return {"title": title, "said": said, "href": href, "action": action}


@register.inclusion_tag("shared/field.html")
def field(bound: Any) -> dict[str, Any]:
    """`{% field form.name %}`: label, help, errors and control, tied together for those who listen."""
    return {"field": bound, "check": getattr(bound.field.widget, "input_type", "") == "checkbox"}


@register.inclusion_tag("shared/figure.html")
def figure(name: str, value: str, said: str = "", href: str = "", unit: str = "") -> dict[str, Any]:
    """A figure on a card: its name, its value, how sure it is; a link to the rows behind it."""
    return {"name": name, "value": value, "said": said, "href": href, "unit": unit}


@register.filter
def money(minor: float | None, currency: str) -> str:
    """`{{ line.minor|money:project.currency }}`: whole numbers of the smallest unit, as people read them."""
    return "" if minor is None else shown(minor, currency)


@register.filter
def share(value: float | None) -> str:
    """`{{ 0.4148|share }}`: 41.5 %, as the page's language writes it; "" where there is none."""
    return "" if value is None else gettext("{n} %").format(n=number_format(round(100 * value, 1), decimal_pos=1))
