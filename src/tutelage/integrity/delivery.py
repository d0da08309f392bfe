"""A bought file as columns: which column plays which role, found by name and content, and said aloud."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tutelage.errors import BadInput, Where
from tutelage.formats.frames import Frame
from tutelage.measure.arrays import codes
from tutelage.measure.exact import Floats, Ints

# words that make a column's name play a role, in the order in which roles choose
ROLES: dict[str, tuple[str, ...]] = {
    "judge": ("judge", "worker", "annotator", "rater", "labeler", "labeller", "coder", "contributor", "assessor",
              "reviewer", "participant", "user", "person", "turker", "grader", "evaluator", "who", "workerid", "name",
              "author", "writer"),
    "seconds": ("seconds", "secs", "sec", "duration", "elapsed", "lead", "worktime", "spent", "ms", "millis", "rt",
                "latency", "time"),
    "at": ("timestamp", "submitted", "created", "submit", "date", "datetime", "when", "at", "time"),
    "reason": ("reason", "comment", "explanation", "rationale", "justification", "why", "note", "notes", "feedback",
               "reasoning", "remark", "critique"),
    "value": ("value", "label", "winner", "answer", "vote", "choice", "rating", "score", "judgment", "judgement",
              "verdict", "preference", "preferred", "grade", "severity", "annotation", "category", "class", "response",
              "selected", "decision", "stars", "is"),
    "item": ("item", "task", "example", "pair", "unit", "question", "instance", "sample", "doc", "document", "record",
             "image", "sentence", "comparison", "prompt", "id", "hit", "text", "url", "key", "idx", "index"),
}  # fmt: skip
MORE = ("gold",)
KNOWN = ("gold", "truth", "correct", "expected")  # an answer known beforehand is not a judge's
GROWN, FAR = ("judge", "item"), 50
_TOKENS = re.compile(r"[a-z]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
NUMERIC_LEVELS = 12
BINS = 5


@dataclass(frozen=True)
class Delivery:
    """The rows of a lot.

    item, judge, value  (R,) codes into their names; a numeric value of many levels is binned into fifths
    free_text           whether values are texts of their own (nearly every one differs), so that none can agree
    place               (R,) row of the file, from 0 (rows without item, judge or value are left out)
    """

    item: Ints
    judge: Ints
    value: Ints
    item_names: list[str]
    judge_names: list[str]
    value_names: list[str]
    reason: list[str | None] | None
    seconds: Floats | None
    at: Floats | None
    free_text: bool
    place: Ints
    cells: list[list[Any]]
    columns: dict[str, str]
    assumed: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.item)

    @property
    def order(self) -> Ints:
        """(R,) rows by time where there is a time for all, else as in the file."""
        if self.at is None or np.isnan(self.at).any():
            return np.arange(len(self))
        return np.argsort(self.at, kind="stable")


def tokens(column: str) -> list[str]:
    """The words of a column's name: `workTimeSec` is work, time, sec."""
    return _TOKENS.findall(_CAMEL.sub("_", column).lower())


def roles_of(frame: Frame, mapped: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Role → column (several joined by commas), and a sentence for every role that was guessed.

    mapped  what the user said; `role=-` says that no column plays it. Raises BadInput for unknown roles or columns,
    and where no item, judge or value can be found.
    """
    for role, named in mapped.items():
        if role not in ROLES and role not in MORE:
            raise _bad(f"There is no role {role!r}.", "one of " + ", ".join((*ROLES, *MORE)), frame)
        for column in named.split(",") if named != "-" else ():
            frame.names(column)  # refuses a column that is not there, by name
    found = {role: column for role, column in mapped.items() if column != "-"}
    said = []
    for role in ROLES:
        if role in mapped:
            continue
        taken = {c for named in found.values() for c in named.split(",")}
        guess = _named(frame, role, taken) or (_by_content(frame, taken) if role == "value" else None)
        if guess is not None:
            found[role] = guess
            said.append(f"`{guess}` is the {role}")
    missing = [role for role in ("item", "judge", "value") if role not in found]
    if missing:
        raise _bad(
            f"No column for {', '.join(missing)} among {', '.join(frame.columns)}.",
            "a column for item, judge and value", frame,
        )  # fmt: skip
    return found, said


def _named(frame: Frame, role: str, taken: set[str]) -> str | None:
    """The free column whose name fits the role best: an earlier word of the role, then a shorter name."""
    best: tuple[int, int, str] | None = None
    for column in frame.columns:
        if column in taken:
            continue
        words = tokens(column)
        ranks = [k for k, word in enumerate(ROLES[role]) if word in words or word + "s" in words]
        if not ranks and role in GROWN:
            ranks = [FAR + k for k, word in enumerate(ROLES[role]) if len(word) > 3 and _part_of(word, words)]
        if not ranks and role == "item" and words and words[-1].endswith("id"):
            ranks = [len(ROLES["item"])]
        if ranks and _FITS.get(role, _any)(frame, column):
            candidate = (ranks[0], len(words), column)
            best = min(best, candidate) if best else candidate
    return best[2] if best else None


def _part_of(word: str, words: list[str]) -> bool:
    """Whether a word begins or ends one of them: `crowdworker`, `taskid`."""
    return any(w.startswith(word) or w.endswith(word) for w in words)


def _any(frame: Frame, column: str) -> bool:
    return frame.table.get_column(column).drop_nulls().len() > 0


def _duration(frame: Frame, column: str) -> bool:
    """Numbers that can be durations: not below 0, and not a clock's seconds since 1970."""
    if not frame.is_numeric(column):
        return False
    x = frame.numbers(column)
    x = x[~np.isnan(x)]
    return bool(len(x) and x.min() >= 0 and np.median(x) < 1e8)


def _text(frame: Frame, column: str) -> bool:
    return _any(frame, column) and not frame.is_numeric(column)


def _clock(frame: Frame, column: str) -> bool:
    return _any(frame, column) and not np.isnan(_times(frame, column)).all()


def _answers(frame: Frame, column: str) -> bool:
    """At least two answers; an identifier (a name of its own in nearly every row) is none."""
    names = frame.names(column)
    kinds = len({n for n in names.tolist() if n is not None})
    return kinds >= 2 and ("id" not in tokens(column))


_FITS = {"seconds": _duration, "at": _clock, "reason": _text, "value": _answers}


def _by_content(frame: Frame, taken: set[str]) -> str | None:
    """The free column with the fewest different cells, from 2 to 20."""
    free = [c for c in frame.columns if c not in taken and _plain(frame, c) and _answers(frame, c)]
    kinds = {c: len(set(frame.names(c).tolist()) - {None}) for c in free}
    possible = [(k, c) for c, k in kinds.items() if 2 <= k <= 20]
    return min(possible)[1] if possible else None


def _times(frame: Frame, column: str) -> Floats:
    """(R,) seconds on a common clock from numbers or ISO times, NaN where neither."""
    import polars as pl

    series = frame.table.get_column(column)
    if series.dtype.is_numeric() or frame.is_numeric(column):
        return frame.numbers(column)
    try:
        if series.dtype == pl.String:
            series = series.str.to_datetime(strict=False, time_zone="UTC")
        return series.dt.epoch("us").cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64) / 1e6
    except pl.exceptions.PolarsError:
        return np.full(len(frame), np.nan)


def read(frame: Frame, mapped: Mapping[str, str]) -> Delivery:
    """A file's rows as a delivery. Rows without item, judge or value are left out, and that is said."""
    found, said = roles_of(frame, mapped)
    item, judge, value = (_joined(frame, found[role]) for role in ("item", "judge", "value"))
    item, extra = _one_unit(frame, found, mapped, item, judge)
    said += extra
    whole = np.array([None not in row for row in zip(item, judge, value, strict=True)])
    if not whole.any():
        raise _bad("No row has an item, a judge and a value.", "such rows", frame)
    if not whole.all():
        said.append(f"{int((~whole).sum())} rows without item, judge or value are left out")
    keep = np.flatnonzero(whole)
    value, note = _levels(frame, found["value"], value, keep)
    said += note
    i, j, v = (codes(x[keep], "column") for x in (item, judge, value))
    seconds = _seconds(frame, found.get("seconds"), said)
    at = _times(frame, found["at"]) if "at" in found else None
    reason = frame.names(found["reason"])[keep].tolist() if "reason" in found else None
    cells = [frame.names(c)[keep].tolist() for c in frame.columns if _plain(frame, c)]
    free = len(v[1]) > max(20, 0.2 * len(keep))
    if free:
        said.append(f"`{found['value']}` holds texts of their own: answers cannot be compared for equality")
    return Delivery(
        i[0], j[0], v[0], _texts(i[1]), _texts(j[1]), _texts(v[1]), reason,
        None if seconds is None else seconds[keep], None if at is None else at[keep], free, keep, cells, found, said,
    )  # fmt: skip


def _texts(names: Any) -> list[str]:
    return [str(name) for name in names]


def _plain(frame: Frame, column: str) -> bool:
    return not frame.table.get_column(column).dtype.is_nested()


def _joined(frame: Frame, named: str) -> Any:
    parts = [frame.names(c).tolist() for c in named.split(",")]
    if len(parts) == 1:
        return np.array(parts[0], dtype=object)
    return np.array([None if None in row else " · ".join(row) for row in zip(*parts, strict=True)], dtype=object)


def _one_unit(
    frame: Frame, found: dict[str, str], mapped: Mapping[str, str], item: Any, judge: Any
) -> tuple[Any, list[str]]:
    """The item column, with a second column added where judges repeat items so often that it names only a part."""
    if "item" in mapped or _repeated(item, judge) < 0.3:
        return item, []
    taken = set(found.values())
    for column in frame.columns:
        if column in taken or not _plain(frame, column):
            continue
        both = _joined(frame, f"{found['item']},{column}")
        if _repeated(both, judge) < 0.01:
            found["item"] += f",{column}"
            return both, [f"an item is `{found['item']}` together: `{column}` tells a judge's rows on it apart"]
    return item, []


def _repeated(item: Any, judge: Any) -> float:
    return 1 - len(set(zip(item.tolist(), judge.tolist(), strict=True))) / max(1, len(item))


def _levels(frame: Frame, column: str, value: Any, keep: Ints) -> tuple[Any, list[str]]:
    """Numbers of more than twelve levels as fifths of the lot, so that near answers agree."""
    if "," in column or not frame.is_numeric(column) or len(set(value[keep].tolist())) <= NUMERIC_LEVELS:
        return value, []
    x = frame.numbers(column)
    edges = np.unique(np.nanquantile(x[keep], np.linspace(0, 1, BINS + 1)[1:-1]))
    out = np.array([str(k) for k in np.searchsorted(edges, x, side="right")], dtype=object)
    return out, [f"`{column}` has many levels: compared in fifths"]


def _seconds(frame: Frame, column: str | None, said: list[str]) -> Floats | None:
    if column is None:
        return None
    x = frame.numbers(column)
    words = tokens(column)
    if "ms" in words or "millis" in words or "milliseconds" in words:
        said.append(f"`{column}` is in milliseconds")
        return np.asarray(x / 1000)
    return x


def _bad(seen: str, expected: str, frame: Frame) -> BadInput:
    return BadInput(seen, expected=expected, remedy="Say it with --map ROLE=COLUMN.",
                    where=Where(str(frame.path), field="--map"))  # fmt: skip
