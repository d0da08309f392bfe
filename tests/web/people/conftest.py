"""Rate limits are counted in the cache: each test starts from nothing."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _no_memory_of_other_tests() -> None:
    cache.clear()
