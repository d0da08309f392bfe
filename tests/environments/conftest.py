"""Tests that run code need a sandbox; where this machine has none they are skipped, and say why."""

from __future__ import annotations

import pytest

from tutelage.environments import sandbox


@pytest.fixture(scope="session")
def isolation() -> None:
    """A machine on which code can be run in isolation."""
    missing = sandbox.absent()
    if missing is not None:
        pytest.skip(f"no sandbox on this machine: {missing.detail}")
