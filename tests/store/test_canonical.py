"""Canonical bytes are those of `rfc8785`, to the byte, whichever way they are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

import numpy as np
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tutelage.records import encode
from tutelage.store import canonical

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False) | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    zebra: object
    apple: object


class Grade(IntEnum):
    GOOD = 1


@given(VALUES, VALUES)
def test_records_and_json_values_are_written_as_rfc_8785_asks(one: object, other: object) -> None:
    for value in (one, Pair(one, other), (Pair(one, one), other)):
        assert canonical(value) == rfc8785.dumps(encode(value))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_spelled_as_ecmascript_spells_them(x: float) -> None:
    assert canonical([x, float(round(x)) if abs(x) < 1e15 else x]) == rfc8785.dumps(
        [x, float(round(x)) if abs(x) < 1e15 else x]
    )


@pytest.mark.parametrize(("value", "written"), [
    (1.0, "1"), (-0.0, "0"), (1e-7, "1e-7"), (0.0001, "0.0001"), (1e21, "1e+21"), (2.0**53, "9007199254740992"),
    ({"b": 1, "a": {"ö": 2, "z": (True, None)}}, '{"a":{"z":[true,null],"ö":2},"b":1}'),
    ({"\U0001f600": 1, "\ufb33": 2}, '{"\U0001f600":1,"\ufb33":2}'),  # by UTF-16, where code points would turn them
    (datetime(2026, 1, 31, 9, 30, tzinfo=UTC), '"2026-01-31T09:30:00Z"'), ("\u2028\x7f\x1f", '"\u2028\x7f\\u001f"'),
])  # fmt: skip
def test_each_of_these_is_written_as(value: object, written: str) -> None:
    assert canonical(value) == written.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", {1, 2}, b"x", np.int64(1), Grade])
def test_what_has_no_one_spelling_is_refused_or_written_by_rfc8785(value: object) -> None:
    """Not a number, an integer beyond what a double holds, half a character, a set, bytes."""
    with pytest.raises(Exception) as ours:
        canonical({"v": value})
    with pytest.raises(type(ours.value)):
        rfc8785.dumps(encode({"v": value}))


def test_numbers_of_other_types_are_written_like_python_s_own() -> None:
    assert canonical([np.float64(1.0), Grade.GOOD]) == b"[1,1]"
