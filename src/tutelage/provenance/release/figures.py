"""What the rows of a release say when counted: agreement with intervals, and whose judgments they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from tutelage.formats.corpus import Corpus
from tutelage.measure import agreement
from tutelage.records import Figure, Judgment, Settled, Verdict, counts_as_person, standing
from tutelage.records.messages import Json

SORTS = ("person", "ai", "simulated", "anonymous")
_WRITTEN = json.JSONEncoder(sort_keys=True).encode  # made once: there are hundreds of thousands of answers
CAUTION = "Agreement is not correctness; read alpha beside the raw share, which is high wherever one answer is common."


def sorts(corpus: Corpus) -> tuple[dict[str, int], dict[str, int]]:
    """(judges, judgments) by sort: simulated and anonymous ones are never people."""
    sort_of: dict[str, str] = {j.id: j.type for j in corpus.judges}
    judges, given = Counter(sort_of.values()), Counter(sort_of[j.judge_id] for j in corpus.judgments)
    return {s: judges[s] for s in SORTS}, {s: given[s] for s in SORTS}


def quality(corpus: Corpus, verdicts: Sequence[Verdict]) -> Json:
    """`quality.json`: how far judges agree, all of them and people alone, and how many items are settled."""
    people = {j.id for j in corpus.judges if counts_as_person(j)}
    counted = standing(list(corpus.judgments))
    return {
        "schema": "quality/1",
        "caution": CAUTION,
        "all_judges": _agreement(counted),
        "people": _agreement([j for j in counted if j.judge_id in people]),
        "standing": len(counted),
        "superseded_or_withdrawn": len(corpus.judgments) - len(counted),
        "settled": sum(isinstance(v, Settled) for v in verdicts),
        "open": sum(not isinstance(v, Settled) for v in verdicts),
    }


def _agreement(judgments: Sequence[Judgment]) -> dict[str, Figure]:
    units, said = [], []
    for judgment in judgments:
        for unit, value in _said(judgment):
            units.append(unit)
            said.append(value)
    return {"alpha": agreement.alpha(units, said), "raw": agreement.raw(units, said)}


def _said(judgment: Judgment) -> list[tuple[str, str]]:
    """(unit, value): a ranking says something of each of its pairs, any other answer one thing of its item."""
    ranks: Any = judgment.answer.get("ranks")
    if not isinstance(ranks, list):
        return [(judgment.item_id, _WRITTEN(judgment.answer))]
    out = []
    for i, j in combinations(range(len(ranks)), 2):
        if ranks[i] is not None and ranks[j] is not None:
            value = "tie" if ranks[i] == ranks[j] else "first" if ranks[i] < ranks[j] else "second"
            out.append((f"{judgment.item_id}/{i}/{j}", value))
    return out


def characters(corpus: Corpus) -> int:
    """Characters of text in items and responses."""
    return sum(len(m.text) for part in (corpus.items, corpus.responses) for one in part for m in one.messages)


def sources(corpus: Corpus) -> tuple[str, ...]:
    """Where items and responses say that they are from."""
    return tuple(sorted({o.source.dataset for part in (corpus.items, corpus.responses) for o in part if o.source}))


def languages(corpus: Corpus) -> tuple[str, ...]:
    """BCP 47 tags that items and responses name."""
    return tuple(sorted({o.language for part in (corpus.items, corpus.responses) for o in part if o.language}))
