"""`card.html`: what a release is, for people, in one small page without script or network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from tutelage.provenance.certificate import Sheet
from tutelage.provenance.levels import MEANING
from tutelage.provenance.release.manifest import Manifest
from tutelage.records import Estimate, Figure, Undefined

SORT_WORDS = {
    "person": "people", "ai": "AI judges", "simulated": "simulated contributors – not people",
    "anonymous": "anonymous sources – not counted as independent people",
}  # fmt: skip
NO_CURRENCY = "XXX"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{name}: data card</title><style>
:root{{color-scheme:light dark;--ink:#1d2327;--quiet:#55606a;--line:#dde1e5;--page:#fff;--warn:#8a4b00;--soft:#fff6e8;
--person:#17745a;--ai:#3565b0;--simulated:#b0763a;--anonymous:#9aa3ab}}
@media(prefers-color-scheme:dark){{:root{{--ink:#e9ecee;--quiet:#a3adb6;--line:#363c42;--page:#15181b;--warn:#f3bf7b;
--soft:#2b2418;--person:#4fc39f;--ai:#7fa8e8;--simulated:#d59a5c;--anonymous:#727c85}}}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:var(--ink);
background:var(--page)}}
h1{{margin:0 0 .25rem;line-height:1.2;overflow-wrap:anywhere}}h2{{font-size:1.15rem;margin:2rem 0 .5rem}}
p{{margin:.5rem 0}}.quiet{{color:var(--quiet);font-size:.9rem}}.w{{white-space:nowrap}}
.warn{{background:var(--soft);color:var(--warn);border-left:4px solid;padding:.6rem .8rem;font-weight:600}}
table{{border-collapse:collapse;width:100%;margin:.5rem 0}}
th,td{{text-align:left;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}}
th{{color:var(--quiet);font-size:.85rem;font-weight:600}}
.n{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:0;padding-left:.75rem}}
.bar{{display:flex;height:.7rem;border-radius:.35rem;overflow:hidden;background:var(--line);margin:.75rem 0}}
.dot{{display:inline-block;width:.65rem;height:.65rem;border-radius:50%;margin-right:.5rem}}
code{{overflow-wrap:anywhere;font-size:.9rem}}
</style></head><body><main>
<h1>{name}</h1>
<p>{judgments:,} judgments on {items:,} items · licence <strong>{licence}</strong>, {exclusivity} ·
sealed <span class=w>{sealed}</span></p>
{warning}<h2>Whose judgments</h2>{bar}{sorts}
<h2>How far the judges are known</h2>{levels}
<p class=quiet>{no_levels}A key is known, never a soul. What the page showed when it was signed, and whether a key was
lent, is not shown.</p>
<h2>How far they agree</h2>{figures}<p class=quiet>{caution}</p>
<h2>What was paid</h2>{pay}
{certificate}<h2>Rows decided on by a person</h2>{decided}
<h2>Identity</h2><p><code>{digest}</code></p><p class=quiet>Log {origin}, {size:,} leaves.
Check it offline: <code>python3 -I verify.py . --trust operator.pub</code>, with the operator's key got by another way;
VERIFY.md says more.</p>
</main></body></html>
"""


def card(
    manifest: Manifest, quality: Mapping[str, Any], pay: Mapping[str, Any], sheet: Sheet | None = None
) -> str:  # fmt: skip
    """The page. `quality` and `pay` are what `quality.json` and `pay.json` hold; `sheet` a certificate."""
    total = manifest.judgments
    sorts = [
        (f"<span class=dot style='background:var(--{s})'></span>{SORT_WORDS[s]}", manifest.judges[s], n, n / total)
        for s, n in manifest.judgments_by.items()
    ]
    by_level = [(level, manifest.levels[level]) for level in MEANING]
    levels = [(f"{level} – {escape(MEANING[level])}", n, n / total) for level, n in by_level if n]
    absent = [level for level, n in by_level if not n]
    figures = [
        (f"{who.replace('_', ' ')}, {name}", _figure(quality[who][name]))
        for who in ("all_judges", "people") for name in ("alpha", "raw")
    ]  # fmt: skip
    decided = [
        (f"<code>{escape(d.judgment)}</code>", "kept" if d.keep else "left out", escape(d.by), escape(d.reason))
        for d in manifest.decided
    ]
    return _PAGE.format(
        name=escape(manifest.name), judgments=total, items=manifest.items, licence=escape(manifest.licence),
        exclusivity=escape(manifest.exclusivity), digest=manifest.digest, warning=_warning(manifest),
        sealed=f"{datetime.fromisoformat(manifest.sealed_at):%d %B %Y, %H:%M} UTC", bar=_bar(manifest),
        sorts=_table(("by", "how many", "judgments", "share"), sorts),
        levels=_table(("level", "judgments", "share"), levels),
        no_levels=f"None at {', '.join(absent)}. " if absent else "",
        figures=_table(("among", "value and 95 % interval"), figures), caution=escape(str(quality["caution"])),
        pay=_pay(pay), decided=_table(("judgment", "", "by", "why"), decided) if decided else "<p>None.</p>",
        certificate="" if sheet is None else _certified(sheet),
        origin=escape(manifest.origin), size=int(manifest.log["size"]),
    )  # fmt: skip


def _warning(manifest: Manifest) -> str:
    """What nobody should miss: judgments that no person gave as a person."""
    by, share = manifest.judgments_by, manifest.simulated_share
    said = f"{share:.1%} of the judgments are simulated. They are not people's and are never counted as such."
    if not by["person"]:
        said = f"No judgment here is known to be a person's: {share:.1%} are simulated."
    return f"<p class=warn>{said}</p>" if share or not by["person"] else ""


def _bar(manifest: Manifest) -> str:
    by = manifest.judgments_by.items()
    parts = "".join(f"<i style='flex:{n};background:var(--{s})'></i>" for s, n in by if n)
    said = ", ".join(f"{SORT_WORDS[s]} {n / manifest.judgments:.1%}" for s, n in by)
    return f'<div class=bar role=img aria-label="{said}">{parts}</div>'


def _pay(pay: Mapping[str, Any]) -> str:
    """Sums of the receipts; the least and the most that one person got."""
    rows = []
    for currency, sums in pay["totals"].items():
        if currency != NO_CURRENCY:
            each = [got[currency] for got in pay["people"].values() if currency in got]
            rows.append((escape(currency), sums["count"], sums["minor"], f"{min(each):,} – {max(each):,}"))
    unstated = pay["totals"].get(NO_CURRENCY, {"count": 0})["count"]
    note = f"<p class=quiet>For {unstated:,} judgments nobody stated the pay.</p>" if unstated else ""
    head = ("in the smallest unit of", "judgments", "sum", "a person, least – most")
    return (_table(head, rows) if rows else "") + note


def _certified(sheet: Sheet) -> str:
    """Each claim in words, its figure with interval, labels and method, and how it is recomputed."""
    rows = []
    for target, claim in sheet.claims.items():
        figure = claim["figures"][target]
        numbers = f"undefined: {figure['why']}" if figure.get("value") is None else (
            f"{figure['value']:.3f} [{figure['lo']:.3f}, {figure['hi']:.3f}] at {figure['level']:.0%}, "
            f"{figure['n']:,} labels of {claim['batch']:,} items, {figure['method']}"
        )  # fmt: skip
        rows.append((target, claim["claim"], numbers))
    return (
        f"<h2>What is certified of {escape(sheet.judge)}</h2>{_table(('', 'claim', 'figure'), rows)}"
        f"<p>The draw (seed {sheet.draw.seed}) is leaf {sheet.leaf} of the log, before the labels. Compute it again: "
        "<code>tutelage release certificate .</code></p>\n"
    )


def _figure(figure: Figure) -> str:
    if isinstance(figure, Undefined):
        return f"undefined: {escape(figure.why)}"
    if isinstance(figure, Estimate):
        return f"{figure.value:.3f} [{figure.lo:.3f}, {figure.hi:.3f}] <span class=quiet>{escape(figure.method)}</span>"
    return escape(str(figure))


def _table(head: Iterable[str], rows: Sequence[Sequence[str | int | float]]) -> str:
    """Cells of text are HTML; a whole number is a count and a fraction a share."""
    sides = [" class=n" if all(isinstance(row[i], int | float) for row in rows) else "" for i in range(len(rows[0]))]
    top = "".join(f"<th scope=col{side}>{escape(h)}</th>" for h, side in zip(head, sides, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{side}>{_cell(c)}</td>" for c, side in zip(row, sides, strict=True)) + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _cell(content: str | int | float) -> str:
    if isinstance(content, float):
        return f"{content:.1%}"
    return f"{content:,}" if isinstance(content, int) else content
