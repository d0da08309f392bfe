"""A project's judgments as a lot, and what its inspection says. Values in, values out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tutelage.formats.corpus import Corpus
from tutelage.formats.frames import Frame
from tutelage.integrity.delivery import read
from tutelage.integrity.inspection import Inspection, inspect
from tutelage.integrity.lot import Risks
from tutelage.records import Json, encode, standing
from tutelage.web.work.rules import value_of

LEAST = 20  # judgments, of two people at least, before anything can be seen
SHOWN = 12
MAPPED = {"item": "item", "judge": "judge", "value": "value", "reason": "reason", "seconds": "seconds", "at": "at"}


def examined(corpus: Corpus, nyms: Mapping[str, str], rng: np.random.Generator) -> tuple[int, Json]:
    """(rows, what was seen): the inspection of the judgments that stand, by pseudonym, as `pages` show it."""
    import polars as pl

    items = {item.id: item for item in corpus.items}
    rows = standing(list(corpus.judgments))
    if len(rows) < LEAST or len({j.judge_id for j in rows}) < 2:
        return len(rows), {"too_few": {"rows": len(rows), "least": LEAST}}
    table = pl.DataFrame({
        "item": [j.item_id for j in rows], "judge": [nyms.get(j.judge_id, j.judge_id)[:8] for j in rows],
        "value": [value_of(items[j.item_id], j.answer) for j in rows], "reason": [j.reason or None for j in rows],
        "seconds": [j.active_s for j in rows], "at": [j.at.timestamp() if j.at else None for j in rows],
    }, schema_overrides={"reason": pl.String})  # fmt: skip
    present = {role: c for role, c in MAPPED.items() if table.get_column(c).null_count() < len(rows)}
    absent = {role: "-" for role in MAPPED if role not in present}
    lot = read(Frame(Path("judgments"), table), {**present, **absent})
    return len(rows), said(inspect(lot, risks=Risks(), rng=rng), [j.id for j in rows])


def said(found: Inspection, judgments: list[str]) -> Json:
    """An inspection as JSON: each finding names the first judgments behind it."""
    findings = [
        {"check": f.check, "evidence": f.evidence, "judges": list(f.judges), "p": f.p, "rows": f.row_count,
         "judgments": [judgments[r - 1] for r in f.rows[:SHOWN]]}
        for f in found.findings
    ]  # fmt: skip
    figure: Any = encode(found.contamination)
    risks = {"producer": found.risks.producer, "buyer": found.risks.buyer, "aql": found.risks.aql,
             "ltpd": found.risks.ltpd}  # fmt: skip
    unseen = [plain(line) for line in found.not_examined]
    return {"decision": found.decision, "why": plain(found.why), "contamination": figure, "risks": risks,
            "findings": findings, "judges": found.judges, "items": found.items, "not_examined": unseen}  # fmt: skip


def plain(text: str) -> str:
    """A sentence without what only the command line needs."""
    return re.sub(r" \(--[^)]*\)", "", text)


def percents(found: Json) -> dict[str, Any]:
    """The ends of the doubtful share and the risk of a wrong alarm, in whole per cent as pages say them."""
    share = found.get("contamination", {})
    ends = {end: round(100 * share[end]) for end in ("lo", "hi") if end in share}
    return {"contamination": ends, "producer": round(100 * found.get("risks", {}).get("producer", 0))}
