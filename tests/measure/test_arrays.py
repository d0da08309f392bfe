"""Names become codes the same way whatever their type, and a missing one is named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutelage.errors import BadInput
from tutelage.measure.arrays import codes, finite, same_length


@given(st.lists(st.integers(0, 30), max_size=40), st.sampled_from([np.int64, np.uint8, np.float64, str, object]))
def test_codes_and_names_give_the_input_back_and_names_are_sorted(ids, kind):
    column = np.array(ids, dtype=kind)
    code, names = codes(column, "items")
    assert names[code].tolist() == column.tolist()
    assert names.tolist() == sorted(set(column.tolist()))


@pytest.mark.parametrize(
    "column", [np.array(["a", None], object), np.array([1.0, np.nan]), np.array(["a", np.nan], object)]
)
def test_a_missing_name_names_its_row(column):
    with pytest.raises(BadInput, match="`judges` row 1 is missing"):
        codes(column, "judges")


@pytest.mark.parametrize("column", [np.array(["a", 1], object), np.array([["a"]], object)[:, 0:1]])
def test_names_of_several_types_or_shapes_are_refused(column):
    with pytest.raises(BadInput):
        codes(column, "judges")


def test_columns_of_two_lengths_are_refused_by_name():
    with pytest.raises(BadInput, match="`a` has 1 rows and `b` has 2"):
        same_length(a=np.zeros(1), b=np.zeros(2))


def test_rounding_just_outside_the_bounds_is_forgiven_and_more_is_not():
    assert finite([1 + 1e-12], "p", bounds=(0, 1)).tolist() == [1.0]
    with pytest.raises(BadInput, match=r"row 0 is 1\.1"):
        finite([1.1], "p", bounds=(0, 1))
