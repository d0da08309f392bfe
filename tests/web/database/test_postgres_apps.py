"""What the apps' tests say on SQLite they say on PostgreSQL: run again there, on a cluster of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.hall_server import Hall

ROOT = Path(__file__).parents[3]
SHORT = (
    "tests/web/work/test_submitting.py", "tests/web/pay/test_ledger.py", "tests/web/proof/test_sequencing.py",
    "tests/web/runs/test_files.py", "tests/web/runs/test_names.py", "tests/web/test_api.py",
)  # fmt: skip
LONG = ("care", "integrity", "pay", "people", "projects", "proof", "review", "runs", "work", "test_query_counts.py",
        "test_tenants.py", "test_api.py")  # fmt: skip
pytestmark = pytest.mark.slow


def run(cluster: Hall, *tests: str) -> None:
    """These tests on that database; all must pass."""
    env = {**os.environ, "TUTELAGE_DATABASE_URL": cluster.environment["TUTELAGE_DATABASE_URL"]}
    asked = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "--reuse-db", *tests]  # the cluster goes anyway
    done = subprocess.run(asked, cwd=ROOT, env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_queue_pay_log_import_and_limits_hold_on_postgresql(cluster: Hall) -> None:
    run(cluster, *SHORT)


def test_all_apps_hold_on_postgresql(cluster: Hall) -> None:
    run(cluster, *(f"tests/web/{name}" for name in LONG))
