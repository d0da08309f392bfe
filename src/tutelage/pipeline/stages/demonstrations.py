"""Demonstrations as a corpus of their own: every imitated answer is a judgment by somebody named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tutelage.formats import Corpus, rows
from tutelage.pipeline import starter
from tutelage.pipeline.stage import Stage, StageContext
from tutelage.pipeline.stages.shared import ids
from tutelage.records import Anonymous, Item, Judgment, Source, encode, jsonl

AUTHORS = Anonymous("anonymous:tutelage-starter", "the authors of Tutelage's starter set")


def run(inputs: Mapping[str, Path], config: Any, out: Path, ctx: StageContext) -> None:
    """Writes a corpus and its `rows.jsonl`."""
    corpus = Corpus.read(inputs["corpus"]) if "corpus" in inputs else _starter(config["topics"], ctx.seed)
    corpus.write(out)
    jsonl.write(out / "rows.jsonl", rows(corpus))


def _starter(topics: int | None, seed: int) -> Corpus:
    new = ids(seed, "demonstrations").new
    items, judgments = [], []
    for prompt, answer, group in starter.demonstrations(topics):
        source = Source("tutelage starter set")
        item = Item(new(), "demonstration", prompt, group=group, language="en", licence="Apache-2.0", source=source)
        items.append(item)
        shown = {"type": "demonstration", "response": encode(answer)}
        judgments.append(Judgment(new(), item.id, AUTHORS.id, shown, guideline_version="starter/1", source=source))
    return Corpus(tuple(items), (), tuple(judgments), (AUTHORS,))


STAGE = Stage("demonstrations", 1, run)
