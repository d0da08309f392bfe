"""`card.html`: what a release is, for people, in one small page without script or network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from tutelage.provenance.levels import MEANING
from tutelage.provenance.release.manifest import Manifest
from tutelage.records import Estimate, Figure, Undefined

SORT_WORDS = {
    "person": "people", "ai": "AI judges", "simulated": "simulated contributors – not people",
    "anonymous": "anonymous sources – not counted as independent people",
}  # fmt: skip
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{name}</title><style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}}
table{{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}}
th,td{{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #ddd;vertical-align:top}}
td.n{{text-align:right;font-variant-numeric:tabular-nums}}code{{overflow-wrap:anywhere}}
@media(prefers-color-scheme:dark){{body{{color:#eee;background:#161616}}th,td{{border-color:#444}}}}
</style></head><body><main>
<h1>{name}</h1>
<p>{judgments:,} judgments on {items:,} items. Licence: <strong>{licence}</strong>, {exclusivity}. Sealed {sealed}.</p>
<h2>Whose judgments</h2>{sorts}
<h2>How far the judges are known</h2>{levels}
<p>A key is known, never a soul. What the page showed when it was signed, and whether a key was lent, is not shown.</p>
<h2>How far they agree</h2>{figures}<p>{caution}</p>
<h2>Rows decided on by a person</h2>{decided}
<h2>Identity</h2><p><code>{digest}</code><br>log {origin}, {size:,} leaves</p>
<p>Verify it: <code>python verify.py . --trust KEY</code>, or see VERIFY.md.</p>
</main></body></html>
"""


def card(manifest: Manifest, quality: Mapping[str, Any]) -> str:
    """The page."""
    total = manifest.judgments
    sorts = [
        (SORT_WORDS[s], f"{manifest.judges[s]:,}", f"{n:,}", f"{n / total:.1%}")
        for s, n in manifest.judgments_by.items()
    ]
    levels = [
        (level, MEANING[level], f"{manifest.levels[level]:,}", f"{manifest.levels[level] / total:.1%}")
        for level in MEANING
    ]
    figures = [
        (who.replace("_", " "), name, _figure(quality[who][name]))
        for who in ("all_judges", "people") for name in ("alpha", "raw")
    ]  # fmt: skip
    decided = [(d.judgment, "kept" if d.keep else "left out", d.by, d.reason) for d in manifest.decided]
    return _PAGE.format(
        name=escape(manifest.name), judgments=total, items=manifest.items, licence=escape(manifest.licence),
        exclusivity=escape(manifest.exclusivity), sealed=manifest.sealed_at, digest=manifest.digest,
        sorts=_table(("", "how many", "judgments", "share"), sorts),
        levels=_table(("level", "means", "judgments", "share"), levels),
        figures=_table(("among", "figure", "value and 95 % interval"), figures),
        caution=escape(str(quality["caution"])),
        decided=_table(("judgment", "", "by", "why"), decided) if decided else "<p>None.</p>",
        origin=escape(manifest.origin), size=int(manifest.log["size"]),
    )  # fmt: skip


def _figure(figure: Figure) -> str:
    if isinstance(figure, Undefined):
        return f"undefined: {figure.why}"
    if isinstance(figure, Estimate):
        return f"{figure.value:.3f} [{figure.lo:.3f}, {figure.hi:.3f}]"
    return str(figure)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th scope=col>{escape(h)}</th>" for h in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
