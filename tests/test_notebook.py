"""The newcomer's notebook runs, cell after cell, in less than a minute, with or without the real data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
NOTEBOOK = PROJECT / "docs" / "start" / "judgment.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


def run(where: Path, data: str) -> str:
    """What all code cells print, run in order in one namespace; warnings are errors."""
    code = "\n".join("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=where, env=os.environ | {"TUTELAGE_DATA": data},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert time.monotonic() - began < 60
    return done.stdout


def test_the_notebook_runs_without_data_and_ends_with_the_page_and_a_certificate(tmp_path: Path) -> None:
    """What it prints is what is stored in it: a reader without Python sees the same figures."""
    said = run(tmp_path, "")
    assert "supported: " in said and "of this batch" in said and "TUTELAGE_DATA is not set" in said
    shown = "".join("".join(out["text"]) for cell in CELLS for out in cell.get("outputs", ()))
    for line in said.splitlines()[:-1]:
        assert line in shown


def test_every_simulated_figure_is_called_simulated() -> None:
    text = "".join("".join(cell["source"]) for cell in CELLS)
    assert text.upper().count("SIMULATED") >= 6


@pytest.mark.real_data
def test_the_notebook_shows_real_judgments_where_they_are(tmp_path: Path) -> None:
    data = Path(os.environ.get("TUTELAGE_DATA") or PROJECT.parent / "shared" / "data")
    if not (data / "bluebirds").is_dir():
        pytest.skip(f"no data under {data}: set TUTELAGE_DATA")
    assert "108 gold items" in run(tmp_path, str(data))
