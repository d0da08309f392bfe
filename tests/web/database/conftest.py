"""A PostgreSQL of a test file's own, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.hall_server import Hall, postgres


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A hall that nobody has used yet, on a cluster of its own."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin")) or shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL and its client programs are not installed")
    room = tmp_path_factory.mktemp("postgres")
    for above in (room, *room.parents[:2]):  # PostgreSQL runs as another user
        above.chmod(0o755)
    with postgres(room) as (url, pid):
        yield Hall(room, url, pid)
