"""A table with one column a judge (`annotator1`, `annotator2`, …), turned into one judgment a row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_JUDGE = re.compile(
    r"(annotator|annotation|rater|rating|judge|judgment|worker|coder|labell?er|label|vote|voter|human|expert)s?"
    r"(?:[ _.-]?\d{1,3}|[ _.-][a-z])",
    re.IGNORECASE,
)


def judge_columns(names: Sequence[str]) -> list[str]:
    """The columns that are one judge each: a judge's word and a number or letter, two or more of one word."""
    by_word: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if found := _JUDGE.fullmatch(name):
            by_word[found[1].lower()].append(name)
    most = max(by_word.values(), key=len, default=[])
    return most if len(most) > 1 else []


def tall(table: pl.DataFrame, *, item: Collection[str], gold: Collection[str]) -> tuple[pl.DataFrame, str] | None:
    """(table of item, judge, value and gold, a note of what was assumed), or None where no columns are judges.

    item, gold  what such a column is called, in lower case; an item column that repeats is not one: rows are the items
    """
    import polars as pl

    judges = judge_columns(table.columns)
    if not judges:
        return None
    rest = [name for name in table.columns if name not in judges]
    unique = (name for name in rest if name.lower() in item and table[name].n_unique() == table.height)
    named = next(unique, None)
    known = next((name for name in rest if name.lower() in gold), None)
    kept = [pl.col(named).alias("item") if named else pl.format("row {}", pl.int_range(1, pl.len() + 1)).alias("item")]
    kept += [pl.col(known).alias("gold")] if known else []
    if len({table.schema[name] for name in judges}) > 1:
        table = table.with_columns(pl.col(judges).cast(pl.String))
    rows = table.select(*kept, *judges).unpivot(
        on=judges, index=["item", "gold"] if known else ["item"], variable_name="judge", value_name="value"
    )
    shown = ", ".join(f"`{name}`" for name in judges[:4]) + (", …" if len(judges) > 4 else "")
    what = f"`{named}` names the item" if named else "a row is an item"
    return rows.drop_nulls("value"), f"{shown} were taken for {len(judges)} judges, one column each; {what}"
