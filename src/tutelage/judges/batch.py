"""A batch of pairs for a judge: read from what people have, graded, written as rows that `certify` reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutelage import records
from tutelage.errors import BadInput, Where
from tutelage.formats import Corpus
from tutelage.formats.frames import read_frame
from tutelage.judges.protocol import Duel, Judge, Opinion, Preferred
from tutelage.measure import rate
from tutelage.records import Json, Message, Rate, Undefined, Unscored, user

ROLES: dict[str, tuple[str, ...]] = {
    "item": ("item", "item_id", "pair_id", "id"),
    "prompt": ("prompt", "question", "instruction", "context"),
    "first": ("first", "left", "response_a", "response_x", "answer_a", "response_1", "output_1", "chosen", "a"),
    "second": ("second", "right", "response_b", "response_y", "answer_b", "response_2", "output_2", "rejected", "b"),
}


def read(path: Path, columns: Mapping[str, str]) -> list[Duel]:
    """The pairs of a directory written by `tutelage import`, or of a table with prompt, first and second answer.

    columns  role -> column, for a table whose columns have other names; see `ROLES`
    Raises BadInput.
    """
    return _of_corpus(Corpus.read(path), path) if path.is_dir() else _of_table(path, columns)


def _of_corpus(corpus: Corpus, path: Path) -> list[Duel]:
    texts = {r.id: r.messages for r in corpus.responses}
    pairs = [i for i in corpus.items if i.kind == "comparison"]
    if not pairs:
        kinds = sorted({i.kind for i in corpus.items})
        raise BadInput(
            f"The items are of kind {', '.join(kinds)}.",
            expected="comparisons",
            remedy="A judge compares two answers; rank or rate by comparing.",
            where=Where(str(path)),
        )
    return [Duel(i.messages, texts[i.responses[0]], texts[i.responses[1]], i.id) for i in pairs]


def _of_table(path: Path, columns: Mapping[str, str]) -> list[Duel]:
    frame = read_frame(path)
    unknown = sorted(set(columns) - set(ROLES))
    if unknown:
        raise BadInput(f"The role is `{unknown[0]}`.", expected=" or ".join(ROLES), remedy="Write --map ROLE=COLUMN.")
    sides = [frame.texts(columns.get(role) or frame.one_of(ROLES[role])) for role in ("first", "second")]
    prompt = columns.get("prompt") or next((c for c in ROLES["prompt"] if c in frame.columns), None)
    asked = frame.texts(prompt) if prompt else [""] * len(frame)
    item = columns.get("item") or next((c for c in ROLES["item"] if c in frame.columns), None)
    ids = frame.every_name(item).tolist() if item else [str(n) for n in range(1, len(frame) + 1)]
    twice = next((name for name, n in Counter(ids).items() if n > 1), None)
    if twice is not None:
        raise BadInput(
            f"The id {twice!r} stands on several rows.",
            expected="a row per pair",
            remedy="Keep one row per pair, or name another column with --map item=COLUMN.",
            where=Where(str(path), None, item),
        )
    return [
        Duel(user(q), (Message("assistant", a),), (Message("assistant", b),), name)
        for q, a, b, name in zip(asked, *sides, ids, strict=True)
    ]


def row(duel: Duel, opinion: Opinion, judge: records.Judge) -> Json:
    """One line of the result. `ai` is empty where there is no opinion; `unscored` then says why."""
    scored = not isinstance(opinion, Unscored)
    because = None if isinstance(opinion, Unscored) else opinion.because
    return {
        "item": duel.item,
        "ai": opinion.side if isinstance(opinion, Preferred) else "tie" if scored else None,
        "confidence": opinion.confidence if isinstance(opinion, Preferred) else None,
        "unscored": None if scored else opinion.reason,  # type: ignore[union-attr]  # scored says it is not Unscored
        "why": because.reason if because else opinion.detail if isinstance(opinion, Unscored) else "",
        "quotes": json.dumps([{"side": q.side, "text": q.text} for q in because.quotes], ensure_ascii=False)
        if because and because.quotes else None,
        "judge": judge.id,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """What a judge made of a batch. `first` is the share of preferences for the side stated first: near half, unless
    the batch itself has an order."""

    judge: records.Judge
    items: int
    scored: Rate | Undefined
    first: Rate | Undefined
    unscored: dict[str, int]
    calls: int
    known: int


def summary(opinions: Sequence[Opinion], judge: Judge, *, calls: int, known: int) -> Summary:
    """Counts and shares of a batch; `calls` were made, `known` answers came from memory."""
    missed = Counter(o.reason for o in opinions if isinstance(o, Unscored))
    sides = Counter(o.side for o in opinions if isinstance(o, Preferred))
    n = len(opinions)
    return Summary(
        judge.record, n, rate(n - missed.total(), n), rate(sides["first"], sides.total()), dict(missed.most_common()),
        calls, known,
    )  # fmt: skip
