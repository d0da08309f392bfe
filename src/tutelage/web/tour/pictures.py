"""The walk's pictures: SVG drawn on the server, without a style of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

WIDTH, HEIGHT, EDGE = 900, 220, 40


def again(found: Mapping[str, Any]) -> SafeString:
    """Two hundred claims as upright lines, the truth as one level line; a claim that missed stands out by shape."""
    claims = sorted(found["again"], key=lambda c: c[0] + c[1])
    low, high = min(c[0] for c in claims), max(c[1] for c in claims)
    step = (WIDTH - 2 * EDGE) / max(len(claims), 1)

    def y(value: float) -> float:
        return round(EDGE / 2 + (high - value) / (high - low) * (HEIGHT - EDGE), 1)

    marks = format_html_join("", '<path class="{}" d="M{} {}V{}"/>{}', (
        ("claim" if held else "claim missed", x := round(EDGE + step * (n + 0.5), 1), y(lo), y(hi),
         "" if held else format_html('<circle class="missed" cx="{}" cy="{}" r="4"/>', x, y((lo + hi) / 2)))
        for n, (lo, hi, held) in enumerate(claims)
    ))  # fmt: skip
    truth = y(found["truth"])
    return format_html(
        '<svg class="claims" viewBox="0 0 {} {}" role="img" aria-label="{}">{}<path class="truth" d="M{} {}H{}"/>'
        '<text x="{}" y="{}">{}</text></svg>',
        WIDTH, HEIGHT, _("Each line is the claim of one draw; the level line is the truth."), marks, EDGE, truth,
        WIDTH - EDGE, EDGE, truth - 6, _("truth {share}").format(share=f"{found['truth']:.1%}"),
    )  # fmt: skip


PICTURES: dict[str, Callable[[Mapping[str, Any]], SafeString]] = {"reveal": again}
