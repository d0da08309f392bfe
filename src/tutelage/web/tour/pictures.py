"""The walk's pictures: SVG drawn on the server without a style of its own.

Across in per cent and down in pixels, so that words keep their size on a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tutelage.web.shared.templatetags.house import share

Found = Mapping[str, Any]
Mark = tuple[str, float, str]  # (class, where, what it says)
LINE, STRIP, GAP = 62, 180, 6


def _across(low: float, high: float) -> Callable[[float], str]:
    return lambda value: f"{min(100.0, max(0.0, 100 * (value - low) / (high - low))):.2f}%"


def _anchor(at: str) -> str:
    """Words at an edge stay inside."""
    place = float(at[:-1])
    return "start" if place < 18 else "end" if place > 82 else "middle"


def interval(
    said: str, lo: float, value: float, hi: float, ends: tuple[float, float], ticks: Iterable[float],
    marks: Iterable[Mark], written: Callable[[float], str] = share,
) -> SafeString:  # fmt: skip
    """An estimate on its scale: the interval as a bar, the value as a dot, other values as upright lines with words."""
    x = _across(*ends)
    grid = format_html_join("", '<line class="tick" x1="{0}" x2="{0}" y1="20" y2="44"/><text x="{0}" y="60" '
                            'text-anchor="{1}">{2}</text>',
                            ((x(t), _anchor(x(t)), written(t)) for t in ticks))  # fmt: skip
    upright = format_html_join("", '<line class="{0}" x1="{1}" x2="{1}" y1="15" y2="48"/><text class="{0}" x="{1}" '
                               'y="11" text-anchor="{2}">{3}</text>',
                               ((name, x(at), _anchor(x(at)), words) for name, at, words in marks))  # fmt: skip
    width = max(float(x(hi)[:-1]) - float(x(lo)[:-1]), 0.4)
    return format_html(
        '<svg class="line" role="img" aria-label="{}">{}<line class="axis" x1="0" x2="100%" y1="32" y2="32"/>'
        '<rect class="band" x="{}" width="{:s}%" y="26" height="12" rx="6"/>{}<circle class="value" cx="{}" cy="32" '
        'r="7"/></svg>', said, grid, x(lo), f"{width:.2f}", upright, x(value),
    )  # fmt: skip


def claim(found: Found) -> dict[str, SafeString]:
    """What may be said from the slice, on the whole scale, beside what would be enough."""
    one = found["estimate"]
    if one["type"] != "estimate":
        return {}
    said = _("The judge agrees with people on {lo} to {hi}.").format(lo=share(one["lo"]), hi=share(one["hi"]))
    marks = [("asked", found["enough"], _("enough for you"))]
    return {"claim": interval(said, one["lo"], one["value"], one["hi"], (0, 1), (0, 0.25, 0.5, 0.75, 1), marks)}


def reveal(found: Found) -> dict[str, SafeString]:
    """The truth against the claim, close up; and against the claims of two hundred other draws."""
    claims = found["again"]
    low = min(found["truth"], *(c[0] for c in claims))
    high = max(found["truth"], *(c[1] for c in claims))
    edge = 0.06 * (high - low)
    said = _("Claimed {lo} to {hi}; the truth is {truth}.").format(
        lo=share(found["lo"]), hi=share(found["hi"]), truth=share(found["truth"]))  # fmt: skip
    marks = [("truth", found["truth"], _("truth {share}").format(share=share(found["truth"])))]
    ends = (low - edge, high + edge)
    return {"claim": interval(said, found["lo"], found["value"], found["hi"], ends, ends, marks),
            "again": _again(claims, found["truth"], low, high)}  # fmt: skip


def _again(claims: list[Any], truth: float, low: float, high: float) -> SafeString:
    """Each claim an upright line in the order of its draw, the truth a level one; a miss stands out by shape too."""

    def y(value: float) -> float:
        return round(GAP + (high - value) / (high - low) * (STRIP - 2 * GAP), 1)

    marks = format_html_join("", '<line class="{0}" x1="{1}" x2="{1}" y1="{2}" y2="{3}"/>{4}', (
        ("held" if held else "missed", at := f"{100 * (n + 0.5) / len(claims):.2f}%", y(hi), y(lo),
         "" if held else format_html('<circle class="missed" cx="{}" cy="{}" r="4"/>', at, y((lo + hi) / 2)))
        for n, (lo, hi, held) in enumerate(claims)
    ))  # fmt: skip
    level, told = y(truth), _("Each line is the claim of one draw; the level line is the truth.")
    return format_html('<svg class="strip" role="img" aria-label="{}">{}<line class="truth" x1="0" x2="100%" y1="{}" '
                       'y2="{}"/></svg>',
                       told, marks, level, level)  # fmt: skip


def models(found: Found) -> dict[str, SafeString]:
    """Both models on one scale, with the bound that the gate asks for."""
    both = [found[name]["bits"] for name in ("votes", "shuffled")]
    if any(one["type"] != "estimate" for one in both):
        return {}
    low = min(-0.1, *(one["lo"] for one in both)) - 0.03
    high = max(0.4, *(one["hi"] for one in both)) + 0.03
    marks = [("asked", 0.05, _("the gate asks for 0.05"))]
    drawn = (interval(_("{value} bits a pair").format(value=f"{one['value']:.2f}"), one["lo"], one["value"], one["hi"],
                      (low, high), (0,), marks, lambda _value: _("a coin")) for one in both)  # fmt: skip
    return dict(zip(("votes", "shuffled"), drawn, strict=True))


PICTURES: dict[str, Callable[[Found], dict[str, SafeString]]] = {
    "claim": claim, "reveal": reveal, "models": models,
}  # fmt: skip
