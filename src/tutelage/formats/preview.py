"""Both ends of a scale, as they were read: a person sees at once whether "yes" was taken for "good"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tutelage.formats.corpus import Corpus, folded
from tutelage.records import DemonstrationRow, LabelledRow, Message, RankedRow, Row, text_of

SAMPLE = 5000  # judgments looked at: enough for both ends, quick on a large file
SHOWN = 200  # characters of a text


@dataclass(frozen=True, slots=True)
class Example:
    """One row as it was read: what it is taken to say, and its texts by name, cut short."""

    reading: str
    texts: dict[str, str]


def ends(corpus: Corpus) -> list[Example]:
    """The lowest and the highest row of a corpus, or one where each side wins: at most one example an end."""
    some = Corpus(corpus.items, corpus.responses, corpus.judgments[:SAMPLE], corpus.judges)
    made = [row for _, _, rows in folded(some, each=True) for row in rows]
    for kind, find in FINDERS:
        fitting = [row for row in made if isinstance(row, kind)]
        if fitting:
            return find(fitting)
    return _answers(some)


def _short(messages: tuple[Message, ...]) -> str:
    line = " ".join(text_of(messages).split())
    return (line if len(line) <= SHOWN else line[: SHOWN - 1] + "…") or "(empty)"


def _ranked(rows: Sequence[RankedRow]) -> list[Example]:
    found: dict[str, RankedRow] = {}
    for row in rows:
        found.setdefault(_outcome(row), row)
    return [_sides(reading, row) for reading, row in sorted(found.items())]


def _outcome(row: RankedRow) -> str:
    if len(row.responses) > 2:
        return f"{len(row.responses)} responses in order"
    if not row.pairs():
        return "the responses tie"
    return "the first response wins" if row.pairs()[0] == (0, 1) else "the second response wins"


def _sides(reading: str, row: RankedRow) -> Example:
    """A pair in the order of the file; of a longer ranking its best and its worst."""
    if len(row.responses) == 2:
        names = dict(zip(("first", "second"), row.responses, strict=True))
    else:
        ranked = [(rank, i) for i, rank in enumerate(row.ranks) if rank is not None]
        names = {"best": row.responses[min(ranked)[1]], "worst": row.responses[max(ranked)[1]]}
    return Example(reading, {"prompt": _short(row.prompt)} | {name: _short(said) for name, said in names.items()})


def _labelled(rows: Sequence[LabelledRow]) -> list[Example]:
    by_score = sorted((r for r in rows if r.criterion is None), key=lambda r: r.score) or list(rows)
    lowest, highest = by_score[0], by_score[-1]
    found = [("worst", lowest), ("best", highest)] if lowest.score != highest.score else [("all alike", lowest)]
    return [_one(f"{end}: {row.score:.2f} of 1", row) for end, row in found]


def _demonstrations(rows: Sequence[DemonstrationRow]) -> list[Example]:
    by_length = sorted(rows, key=lambda r: len(text_of(r.response)))
    return [_one("shortest answer", by_length[0]), _one("longest answer", by_length[-1])]


def _one(reading: str, row: LabelledRow | DemonstrationRow) -> Example:
    return Example(reading, {"prompt": _short(row.prompt), "answer": _short(row.response)})


def _answers(corpus: Corpus) -> list[Example]:
    """Where nothing says which end is good: an example of each answer, the first few."""
    items = {i.id: i for i in corpus.items}
    said = {r.id: _short(r.messages) for r in corpus.responses}
    seen: dict[str, Example] = {}
    for judgment in corpus.judgments:
        item = items[judgment.item_id]
        words = ", ".join(str(v) for k, v in judgment.answer.items() if k != "type") or str(judgment.answer["type"])
        texts = {f"answer {n}": said[name] for n, name in enumerate(item.responses, 1)}
        seen.setdefault(words, Example(words, {"prompt": _short(item.messages)} | texts))
    return list(seen.values())[:4]


FINDERS: list[tuple[type[Row], Callable[..., list[Example]]]] = [
    (RankedRow, _ranked),
    (LabelledRow, _labelled),
    (DemonstrationRow, _demonstrations),
]
