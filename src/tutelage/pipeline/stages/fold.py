"""Judgments become verdicts and rows; how far the judges agree is measured before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

from tutelage.formats import Corpus, folded
from tutelage.measure import agreement
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.shared import write_json
from tutelage.records import Figure, Settled, counts_as_person, encode, jsonl, standing


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:  # noqa: ARG001  # every stage is called alike
    """Writes `verdicts.jsonl`, `rows.jsonl` and `agreement.json`."""
    corpus = Corpus.read(inputs["gather"])
    made = folded(corpus)
    jsonl.write(out / "verdicts.jsonl", [verdict for _, verdict, _ in made])
    jsonl.write(out / "rows.jsonl", [row for _, _, rows in made for row in rows])
    judges = {j.id: j for j in corpus.judges}
    types = sorted({j.type for j in corpus.judges})
    write_json(
        out / "agreement.json",
        {
            "alpha": encode(alpha(corpus)),
            "items": len(corpus.items),
            "judgments": len(corpus.judgments),
            "judges": {t: sum(j.type == t for j in corpus.judges) for t in types},
            "people": sum(counts_as_person(j) for j in judges.values()),
            "settled": sum(isinstance(v, Settled) for _, v, _ in made),
            "open": sum(not isinstance(v, Settled) for _, v, _ in made),
        },
    )


def alpha(corpus: Corpus) -> Figure:
    """Krippendorff's alpha over what each judge's ranking says of each pair of answers: first, second, tie."""
    pairs, said = [], []
    for judgment in standing(list(corpus.judgments)):
        ranks = judgment.answer.get("ranks") or []
        for i, j in combinations(range(len(ranks)), 2):
            if ranks[i] is not None and ranks[j] is not None:
                pairs.append(f"{judgment.item_id}/{i}/{j}")
                said.append("tie" if ranks[i] == ranks[j] else "first" if ranks[i] < ranks[j] else "second")
    return agreement.alpha(pairs, said)


STAGE = Stage("fold", 1, run, ("numpy", "scipy"))
