"""What a page on judgments is made from: columns of whatever a caller holds, as codes; what was left out is noted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tutelage.errors import BadInput
from tutelage.measure.arrays import Codes, Floats, codes
from tutelage.report.effort import effort
from tutelage.report.wide import tall

if TYPE_CHECKING:
    import polars as pl

    from tutelage.formats.corpus import Corpus
    from tutelage.formats.frames import Frame

Names = np.ndarray[Any, np.dtype[np.object_]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
# what people call these columns, the likeliest first; a caller may name any other
USUAL: dict[str, tuple[str, ...]] = {
    "left": ("left", "model_a", "model_x", "a", "first"),
    "right": ("right", "model_b", "model_y", "b", "second"),
    "winner": ("winner", "preference", "preferred", "outcome", "choice"),
    "prompt": ("prompt_id", "prompt"),
    "item": ("item", "item_id", "task", "task_id", "pair_id", "example", "id"),
    "judge": ("judge", "judge_id", "rater", "worker", "annotator", "voter", "contributor", "user"),
    "value": ("value", "label", "rating", "vote", "answer", "score"),
    "gold": ("gold", "gold_label", "truth", "expert_gold"),
    "ai": ("ai", "ai_label", "llm", "model_label"),
    "human": ("human", "human_label", "person", "people"),
    "confidence": ("confidence", "ai_confidence"),
    "pi": ("pi", "inclusion_probability"),
    "seconds": ("seconds", "active_s", "active_seconds", "duration_s", "duration_seconds"),
    "reason": ("reason", "reasons", "rationale"),
}
LEFT = ("left", "l", "a", "x", "first", "model_a", "model_x", "response_a", "1")
RIGHT = ("right", "r", "b", "y", "second", "model_b", "model_y", "response_b", "2", "-1")
TIES = ("tie", "tied", "draw", "equal", "same", "both", "neither", "none", "both_bad", "bothbad", "tie (bothbad)", "0",
        "0.5")  # fmt: skip
MANY_VALUES = 20  # more different numbers than this are a scale, not classes


@dataclass(frozen=True, slots=True)
class Duels:
    """Comparisons (n,): the two shown, outcome 1 left, 0 right, ½ tie, who judged and about what (None: not said)."""

    left: Names
    right: Names
    outcome: Floats
    judge: Names | None = None
    prompt: Names | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """An AI judge's answers (N,) and people's, None outside the human slice; chances and confidences if known."""

    ai: Names
    human: Names
    confidence: Floats | None = None
    pi: Floats | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """Judgments as codes, complete rows only, each judge once an item.

    item, judge, value     (n,) codes into `items`, `judges`, `values`
    numbers                (V,) the values as numbers in increasing order, or None where they are names
    gold                   (I,) code of the known answer, −1 where none is known; None where there is no gold at all
    effort                 times and reasons, as counts; see `tutelage.report.effort`
    """

    item: Codes
    judge: Codes
    value: Codes
    items: Names
    judges: Names
    values: Names
    numbers: Floats | None = None
    gold: Codes | None = None
    judges_named: bool = True
    duels: Duels | None = None
    beside: Beside | None = None
    source: str = "judgments"
    notes: tuple[str, ...] = ()
    effort: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Judgments counted."""
        return int(self.item.size)

    @property
    def is_scale(self) -> bool:
        """Whether the values are measurements and not classes."""
        if self.numbers is None or self.numbers.size < 3:
            return False
        return self.numbers.size > MANY_VALUES or bool((self.numbers != np.floor(self.numbers)).any())


@dataclass
class Columns:
    """Columns by meaning, as arrays of equal length: texts or numbers, None or NaN where nothing was said."""

    found: dict[str, Names] = field(default_factory=dict)
    source: str = "judgments"
    notes: list[str] = field(default_factory=list)

    def get(self, what: str) -> Any:
        """(n,) the column, or None."""
        return self.found.get(what)


def take(data: Any = None, **asked: Any) -> Taken:
    """Anything a caller holds as a `Taken`; see `tutelage.report.judgments` for what may be given."""
    columns = _columns(data, {what: given for what, given in asked.items() if given is not None})
    beside = _beside(columns) if "ai" in columns.found and "human" in columns.found else None
    duels, kept = None, None
    if all(what in columns.found for what in ("left", "right", "winner")):
        duels, kept = _duels(columns)
    if duels is not None and ("item" not in columns.found or "value" not in columns.found):
        columns = _votes_of(duels, columns, kept)
    if beside is not None and ("value" not in columns.found or "item" not in columns.found):
        return _votes(_two_judges(beside, columns), duels=duels, beside=beside)
    missing = [what for what in ("item", "value") if what not in columns.found]
    if missing:
        raise BadInput(
            f"There is no {missing[0]}.", expected="item, judge and value; or left, right and winner; or ai and human",
            remedy=f"Name the column: {missing[0]}=…",
        )  # fmt: skip
    return _votes(columns, duels=duels, beside=beside)


def _columns(data: Any, asked: Mapping[str, Any]) -> Columns:
    """Columns of a path, a directory written by import, a corpus, a frame, a mapping, or of arrays alone."""
    if isinstance(data, str | Path):
        path = Path(data)
        if path.is_dir():
            return _of_corpus(_read_corpus(path), str(path.name))
        from tutelage.formats.frames import read_frame

        return _of_frame(read_frame(path), asked)
    if data is None:
        return Columns({what: _objects(given) for what, given in asked.items()})
    if hasattr(data, "judgments") and hasattr(data, "judges"):
        return _of_corpus(data, "corpus")
    import polars as pl

    from tutelage.formats.frames import Frame

    table = data if isinstance(data, pl.DataFrame) else pl.DataFrame(data, strict=False)
    return _of_frame(Frame(Path("judgments"), table), asked)


def _read_corpus(path: Path) -> Corpus:
    from tutelage.formats.corpus import Corpus

    return Corpus.read(path)


def _of_frame(frame: Frame, asked: Mapping[str, Any]) -> Columns:
    """The columns asked for by name (or given as arrays), and the usual ones that nobody asked for."""
    from tutelage.formats.frames import Frame

    table, notes = _one_judgment_a_row(_legible(frame.table), asked)
    frame = Frame(frame.path, table)
    out = Columns(source=frame.path.name, notes=notes)
    used: set[str] = set()
    for what, given in asked.items():
        if isinstance(given, str):
            used.add(given)
            out.found[what] = frame.names(given)
        else:
            out.found[what] = _objects(given)
    by_lower = {name.lower(): name for name in reversed(frame.columns)}
    for what, usual in USUAL.items():
        name = next((by_lower[u] for u in usual if u in by_lower and by_lower[u] not in used), None)
        if what in out.found or name is None:
            continue
        if what == "item" and "winner" in out.found and table[name].n_unique() == table.height:
            continue  # a number for each comparison does not say what was compared
        used.add(name)
        out.found[what] = frame.names(name)
        out.notes.append(f"column `{name}` was taken for the {what}; {what}= names another")
    return out


def _one_judgment_a_row(table: pl.DataFrame, asked: Mapping[str, Any]) -> tuple[pl.DataFrame, list[str]]:
    """The table, unpivoted where it has one column a judge and nobody named columns, and a note of it."""
    lower = {name.lower() for name in table.columns}
    spoken_for = any(lower.intersection(USUAL[what]) for what in ("judge", "value", "ai", "winner"))
    if spoken_for or set(asked) - {"gold"}:
        return table, []
    found = tall(table, item=USUAL["item"], gold=USUAL["gold"])
    return (table, []) if found is None else (found[0], [found[1]])


def _legible(table: pl.DataFrame) -> pl.DataFrame:
    """Columns of categories, of decimals and of nothing in a form that reads."""
    import polars as pl

    kinds = dict(table.schema)
    texts = [name for name, kind in kinds.items() if kind in (pl.Null, pl.Categorical, pl.Enum)]
    decimals = [name for name, kind in kinds.items() if kind.is_decimal()]
    return table.with_columns(pl.col(texts).cast(pl.String), pl.col(decimals).cast(pl.Float64))


def _of_corpus(corpus: Corpus, source: str) -> Columns:
    """A corpus's standing judgments as votes; where answers name their authors, as comparisons."""
    from tutelage import kinds
    from tutelage.records import standing

    kind_of = {item.id: item.kind for item in corpus.items}
    rows = [(j, f" / {part}" if part else "", said) for j in standing(list(corpus.judgments))
            for part, said in kinds.says(kind_of[j.item_id], j.answer)]  # fmt: skip
    columns = Columns({
        "item": _objects([j.item_id + part for j, part, _ in rows]),
        "judge": _objects([j.judge_id for j, _, _ in rows]), "value": _objects([said for *_, said in rows]),
        "seconds": _objects([j.active_s for j, _, _ in rows]), "reason": _objects([j.reason for j, _, _ in rows]),
    }, source)  # fmt: skip
    author = {response.id: response.author for response in corpus.responses}
    sides = {item.id: [author.get(r) for r in item.responses] for item in corpus.items if len(item.responses) == 2}
    if rows and all(all(sides.get(j.item_id, (None,))) for j, *_ in rows):
        group = {item.id: item.group or item.id for item in corpus.items}
        for k, what in enumerate(("left", "right")):
            columns.found[what] = _objects([sides[j.item_id][k] for j, *_ in rows])
        columns.found |= {"winner": columns.found["value"], "prompt": _objects([group[j.item_id] for j, *_ in rows])}
    anonymous = sum(judge.type == "anonymous" for judge in corpus.judges)
    if anonymous:
        columns.notes.append(f"{anonymous:,} judges are anonymous: one name may stand for several people")
    return columns


def _objects(given: Any) -> Names:
    """(n,) a column as texts; None where empty. Numbers are spelled one way: 1 and 1.0 are "1"."""
    column = given.to_list() if hasattr(given, "to_list") else np.asarray(given, dtype=object).ravel().tolist()
    out = np.empty(len(column), dtype=object)
    spelled: dict[Any, str | None] = {}
    for k, cell in enumerate(column):
        if cell not in spelled:
            spelled[cell] = _spelled(cell)
        out[k] = spelled[cell]
    return out


def _spelled(cell: Any) -> str | None:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return None
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell)).lower()
    if isinstance(cell, float | np.floating):
        return str(int(cell)) if float(cell).is_integer() else repr(float(cell))
    return str(cell).strip() or None


def _numbers(column: Names, what: str) -> Floats:
    """(n,) numbers, NaN where empty; BadInput where a cell is none."""
    try:
        return np.array([np.nan if cell is None else float(cell) for cell in column.tolist()], dtype=np.float64)
    except ValueError as error:
        raise BadInput(f"The {what} is no number: {error}.", expected="numbers", remedy="Correct it.") from None


def there(column: Names) -> Mask:
    """(n,) whether the cell holds anything."""
    return np.fromiter((cell is not None for cell in column.tolist()), np.bool_, column.size)


def _beside(columns: Columns) -> Beside:
    more = {what: _numbers(columns.found[what], what) for what in ("confidence", "pi") if what in columns.found}
    kept = there(columns.found["ai"])
    if not kept.all():
        columns.notes.append(f"{int((~kept).sum()):,} rows have no AI answer and were left out of the certificate")
    return Beside(columns.found["ai"][kept], columns.found["human"][kept], **{k: v[kept] for k, v in more.items()})


def _two_judges(beside: Beside, columns: Columns) -> Columns:
    """AI and human columns as the votes of two judges, so that their shape and agreement can be shown too."""
    rows = np.arange(beside.ai.size).astype(str).astype(object)
    names = np.array(["AI", "human"], dtype=object).repeat(rows.size)
    votes = {"item": np.concatenate([rows, rows]), "judge": names, "value": np.concatenate([beside.ai, beside.human])}
    kept = there(votes["value"])  # outside the slice people said nothing, by design
    return Columns({what: column[kept] for what, column in votes.items()}, columns.source, columns.notes)


def _duels(columns: Columns) -> tuple[Duels, Mask]:
    """The comparisons, complete rows only, and which rows those are."""
    left, right, winner = (columns.found[what] for what in ("left", "right", "winner"))
    judge, prompt = columns.get("judge"), columns.get("prompt")
    kept = np.logical_and.reduce([there(c) for c in (left, right, winner, judge) if c is not None])
    kept &= left != right
    said = np.array([str(cell).lower() for cell in winner.tolist()], dtype=object)
    is_left, is_right = winner == left, winner == right
    if not (is_left | is_right)[kept].any():  # a thing called "a" may stand on the right: its name comes first
        is_left, is_right = np.isin(said, LEFT), np.isin(said, RIGHT)
    if set(said[kept].tolist()) <= {"0", "1", "0.5"} and not np.isin(said[kept], ["2"]).any():
        is_left, is_right = said == "1", said == "0"
    tie = np.isin(said, TIES) & ~is_left & ~is_right
    strange = kept & ~is_left & ~is_right & ~tie
    if strange.any():
        first = said[np.argmax(strange)]
        columns.notes.append(
            f"{int(strange.sum()):,} comparisons say {first!r} or the like, no winner, and were left out"
        )
    kept &= ~strange
    outcome = np.where(is_left, 1.0, np.where(is_right, 0.0, 0.5))
    more = (None if c is None else c[kept] for c in (judge, prompt))
    return Duels(left[kept], right[kept], outcome[kept], *more), kept


def _votes_of(duels: Duels, columns: Columns, kept: Mask | None) -> Columns:
    """Comparisons as votes: what was compared, about which prompt, is the item; who won is the value."""
    given = columns.get("item")
    about = duels.prompt if given is None else given[kept]
    left, right, outcome = _one_way_round(duels, about, columns.notes)
    parts = [part for part in (about, left, right) if part is not None]
    item = np.array([" / ".join(map(str, row)) for row in zip(*parts, strict=True)] + [None], dtype=object)[:-1]
    value = np.where(outcome == 1, "left", np.where(outcome == 0, "right", "tie")).astype(object)
    found = {"item": item, "value": value} | ({"judge": duels.judge} if duels.judge is not None else {})
    found |= {what: columns.found[what] for what in ("seconds", "reason") if what in columns.found}
    return Columns(found, columns.source, columns.notes)


def _one_way_round(duels: Duels, about: Names | None, notes: list[str]) -> tuple[Names, Names, Floats]:
    """Left, right and outcome; where a pair was shown both ways round, the first by name stands left throughout.

    Two judges who saw the same pair from opposite sides judged the same thing, and agree if both prefer the same one.
    """
    back = np.fromiter((str(a) > str(b) for a, b in zip(duels.left, duels.right, strict=True)), bool, duels.left.size)
    left, right = np.where(back, duels.right, duels.left), np.where(back, duels.left, duels.right)
    names = left if about is None else about
    pairs = [set(zip(*(part[rows].tolist() for part in (names, left, right)), strict=True)) for rows in (back, ~back)]
    if not pairs[0] & pairs[1]:
        return duels.left, duels.right, duels.outcome
    notes.append("pairs were shown both ways round: for agreement, the first of the two by name is the left one")
    return left, right, np.where(back, 1.0 - duels.outcome, duels.outcome)


def _votes(columns: Columns, *, duels: Duels | None, beside: Beside | None) -> Taken:
    item, value, judge = columns.found["item"], columns.found["value"], columns.get("judge")
    sizes = {what: column.size for what, column in columns.found.items()}
    if len({sizes[what] for what in ("item", "value", "judge", "gold") if what in sizes}) > 1:
        raise BadInput(
            f"The columns have {sizes} rows.", expected="columns of one length", remedy="Give whole columns."
        )
    whole = there(item) & there(value) & (True if judge is None else there(judge))
    notes = list(columns.notes)
    if not whole.all():
        notes.append(f"{int((~whole).sum()):,} of {whole.size:,} rows have an empty cell and were left out")
    rows = np.flatnonzero(whole)
    i, items = codes(item[rows], "item")
    j, judges = codes(judge[rows], "judge") if judge is not None else (np.arange(rows.size), _blank(rows.size))
    v, values, numbers = _value_codes(value[rows])
    if judge is not None:
        i, j, v = _once(i, j, v, notes)
    gold = None
    if columns.get("gold") is not None:
        gold, values, numbers = _gold(i_all=codes_of(item, items), given=columns.found["gold"], values=values,
                                      numbers=numbers, items=items.size)  # fmt: skip
    seconds, reasons = columns.get("seconds"), columns.get("reason")
    spent = effort(None if seconds is None else _numbers(seconds, "seconds"), reasons)
    return Taken(i, j, v, _named(items), _named(judges), values, numbers, gold, judge is not None, duels, beside,
                 columns.source, tuple(notes), spent)  # fmt: skip


def _blank(n: int) -> Names:
    return np.array([f"row {k + 1}" for k in range(n)] + [None], dtype=object)[:-1]


def _named(names: Sequence[Any] | np.ndarray[Any, Any]) -> Names:
    return np.array([*(str(name) for name in names), None], dtype=object)[:-1]


def codes_of(column: Names, names: Any) -> Codes:
    """(n,) the place of each cell in `names`, −1 where it has none."""
    place = {name: k for k, name in enumerate(names.tolist())}
    return np.array([place.get(cell, -1) for cell in column.tolist()], dtype=np.int64)


def _value_codes(value: Names) -> tuple[Codes, Names, Floats | None]:
    """Codes in the order of the numbers where every value is one, else of the spelling."""
    code, names = codes(value, "value")
    try:
        numbers = np.array([float(name) for name in names.tolist()], dtype=np.float64)
    except ValueError:
        return code, _named(names), None
    if not np.isfinite(numbers).all():
        return code, _named(names), None
    order = np.argsort(numbers, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    return (rank[code] if rank.size else code), _named(names[order]), numbers[order]


def _once(i: Codes, j: Codes, v: Codes, notes: list[str]) -> tuple[Codes, Codes, Codes]:
    from tutelage.measure.ratings import once

    keep = once(i, j, "last")
    if keep.size < i.size:
        notes.append(f"{i.size - keep.size:,} rows repeat a judge on an item: the last counts")
    return i[keep], j[keep], v[keep]


def _gold(
    *, i_all: Codes, given: Names, values: Names, numbers: Floats | None, items: int
) -> tuple[Codes | None, Names, Floats | None]:
    """Known answers by item; an answer that no judge gave is a value too."""
    rows = np.flatnonzero((i_all >= 0) & there(given))
    strange = sorted(set(given[rows].tolist()) - set(values.tolist()))
    if strange:
        values, numbers = np.array([*values.tolist(), *strange, None], dtype=object)[:-1], None
    gold = np.full(items, -1, dtype=np.int64)
    gold[i_all[rows]] = codes_of(given[rows], values)
    return (gold if rows.size else None), values, numbers
