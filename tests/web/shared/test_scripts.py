"""The scripts' pure functions and their types, where Node is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[3] / "frontend"
NODE = shutil.which("node")


def run(*command: str) -> str:
    """A command's output; shown where it fails. Skips where its tools are not installed."""
    if NODE is None or not (FRONTEND / "node_modules" / "typescript").exists():
        pytest.skip("no Node on PATH, or its tools are not installed: `python frontend/build.py --dev`")
    done = subprocess.run([NODE, *command], cwd=FRONTEND, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_offsets_digests_differences_and_chords_are_right() -> None:
    assert "# fail 0" in run("test/run.mjs")


def test_every_script_is_typed_strictly() -> None:
    run("node_modules/typescript/bin/tsc", "--noEmit")
