"""Ids are UUIDv7 of a given time and generator, so that a repeated stage makes the same ones."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tutelage.records import Ids, uuid7

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@given(st.integers(0, 2**32))
def test_an_id_is_a_uuid_of_version_7(seed):
    made = UUID(uuid7(NOW, np.random.default_rng(seed)))
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(NOW.timestamp() * 1000)


def test_the_same_time_and_seed_give_the_same_ids_and_no_two_are_equal():
    one, other = (Ids(NOW, np.random.default_rng(7)) for _ in range(2))
    made = [one.new() for _ in range(1000)]
    assert made == [other.new() for _ in range(1000)]
    assert len(set(made)) == 1000


def test_later_ids_sort_after_earlier_ones():
    rng = np.random.default_rng(7)
    assert uuid7(NOW, rng) < uuid7(NOW + timedelta(milliseconds=1), rng)
