"""The blind slice: draw rows to judge again, and read them back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tutelage.errors import BadInput, Where
from tutelage.formats.frames import Frame
from tutelage.integrity.delivery import Delivery
from tutelage.measure.exact import Ints

ROW, VALUE, BAD = "row", "value", "bad"
HIDDEN = ("judge", "value", "reason", "seconds", "at")


def draw(rows: int, size: int, *, rng: np.random.Generator) -> Ints:
    """(size,) rows drawn uniformly without replacement, in random order; from 0. BadInput beyond the lot."""
    if not 0 < size <= rows:
        raise BadInput(f"{size} rows of {rows} cannot be drawn.", expected=f"1 to {rows}", remedy="Change --draw.")
    return rng.permutation(rows)[:size].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What came back.

    row   (n,) rows of the delivery, from 0
    said  (n,) the second answer as a value code, -1 where empty or unknown to the lot
    bad   (n,) 1 a person found the delivered row bad, 0 not, -1 not said; a second answer equal to the first is not bad
    """

    row: Ints
    said: Ints
    bad: Ints


def read(frame: Frame, lot: Delivery) -> Rechecked:
    """Read a drawn slice back: columns `row`, and `value` (the second answer) or `bad` (yes / no) or both."""
    where = Where(str(frame.path), field=ROW)
    if ROW not in frame.columns or not {VALUE, BAD} & set(frame.columns):
        raise BadInput(f"Columns {', '.join(frame.columns)}.", expected="`row`, and `value` or `bad`",
                       remedy="Fill in the file that --draw wrote.", where=where)  # fmt: skip
    file_row = frame.every_number(ROW).astype(np.int64) - 1
    row = np.searchsorted(lot.place, file_row)
    there = (row < len(lot)) & (lot.place[np.minimum(row, len(lot) - 1)] == file_row)
    if not there.all() or len(set(row.tolist())) < len(row):
        raise BadInput("A row is named twice or is not in the delivery.", expected="rows of the delivery, each once",
                       remedy="Give the delivery the slice was drawn from.", where=where)  # fmt: skip
    code = {name: k for k, name in enumerate(lot.value_names)}
    said = np.full(len(row), -1)
    if VALUE in frame.columns:
        said = np.array([-1 if name is None else code.get(name, -2) for name in frame.names(VALUE).tolist()])
    bad = np.full(len(row), -1)
    if BAD in frame.columns:
        spoken = np.array([name is not None for name in frame.names(BAD).tolist()])
        bad = np.where(spoken, frame.truths(BAD).astype(np.int64), -1)
    bad = np.where((bad < 0) & (said >= 0) & (said == lot.value[row]), 0, bad)
    return Rechecked(row, np.maximum(said, -1), bad)
