"""What the rows of a release say when counted: agreement with intervals, and whose judgments they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tutelage import kinds
from tutelage.formats.corpus import Corpus
from tutelage.measure import agreement
from tutelage.records import Figure, Judgment, Settled, Verdict, counts_as_person, standing
from tutelage.records.messages import Json

SORTS = ("person", "ai", "simulated", "anonymous")
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
    kind_of = {item.id: item.kind for item in corpus.items}
    return {
        "schema": "quality/1",
        "caution": CAUTION,
        "all_judges": _agreement(counted, kind_of),
        "people": _agreement([j for j in counted if j.judge_id in people], kind_of),
        "standing": len(counted),
        "superseded_or_withdrawn": len(corpus.judgments) - len(counted),
        "settled": sum(isinstance(v, Settled) for v in verdicts),
        "open": sum(not isinstance(v, Settled) for v in verdicts),
    }


def _agreement(judgments: Sequence[Judgment], kind_of: Mapping[str, str]) -> dict[str, Figure]:
    units, said = [], []
    for judgment in judgments:
        for part, value in kinds.says(kind_of[judgment.item_id], judgment.answer):
            if value is not None:
                units.append(f"{judgment.item_id}/{part}" if part else judgment.item_id)
                said.append(value)
    return {"alpha": agreement.alpha(units, said), "raw": agreement.raw(units, said)}


def characters(corpus: Corpus) -> int:
    """Characters of text in items and responses."""
    return sum(len(m.text) for part in (corpus.items, corpus.responses) for one in part for m in one.messages)


def sources(corpus: Corpus) -> tuple[str, ...]:
    """Where items and responses say that they are from."""
    return tuple(sorted({o.source.dataset for part in (corpus.items, corpus.responses) for o in part if o.source}))


def languages(corpus: Corpus) -> tuple[str, ...]:
    """BCP 47 tags that items and responses name."""
    return tuple(sorted({o.language for part in (corpus.items, corpus.responses) for o in part if o.language}))
