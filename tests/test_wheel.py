"""What `pip install tutelage` gives: the built wheel in an empty environment, without torch, Django or Ray."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
ABSENT = ("torch", "transformers", "django", "ray")


def run(*command: str | Path, cwd: Path) -> str:
    """A command's stdout; its stderr is shown where it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The python of an empty environment into which only our wheel and its declared needs were installed."""
    place = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", place, PROJECT)
    run(*build, cwd=place)
    [wheel] = place.glob("tutelage-*.whl")
    venv.create(place / "env", with_pip=False)
    python = place / "env" / "bin" / "python"
    install = (
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-q",
        "--no-compile",
        "-c",
        PROJECT / "constraints.txt",
        wheel,
    )
    run(sys.executable, *install, cwd=place)
    return python


def ask(python: Path, code: str) -> object:
    """What `code` prints as JSON, away from the source tree and with nothing inherited from it."""
    return json.loads(run(python, "-I", "-c", code, cwd=python.parent))


def test_the_wheel_brings_neither_the_training_stack_nor_the_web(bare: Path) -> None:
    found = ask(bare, f"import importlib.util as u, json; print(json.dumps([m for m in {ABSENT} if u.find_spec(m)]))")
    assert found == []


def test_the_verifier_that_releases_carry_is_in_the_wheel_and_needs_no_package(bare: Path, tmp_path: Path) -> None:
    """Written by the bare wheel, read by a Python that sees no package at all."""
    code = "import json; from tutelage.provenance.verifier import script; print(json.dumps(script().decode()))"
    (tmp_path / "verify.py").write_text(str(ask(bare, code)))
    assert "--trust KEY" in run(sys.executable, "-I", "-S", tmp_path / "verify.py", "--help", cwd=tmp_path)


def test_import_tutelage_costs_less_than_300_ms_of_cpu_and_no_heavy_module(bare: Path) -> None:
    """The best of three, so that byte-compiling the first time is not counted."""
    code = "import time, json; a = time.process_time(); import tutelage; print(json.dumps(time.process_time() - a))"
    seconds = [ask(bare, code) for _ in range(3)]
    assert min(s for s in seconds if isinstance(s, float)) < 0.3


def test_every_library_room_imports_from_the_bare_wheel(bare: Path) -> None:
    """Rooms are found in the installed package, so that a new one is tested the day it is made."""
    code = f"""
import importlib, json, pkgutil, sys, tutelage
rooms = sorted(m.name for m in pkgutil.iter_modules(tutelage.__path__) if m.name not in ("web", "__main__"))
for room in rooms:
    importlib.import_module("tutelage." + room)
print(json.dumps([rooms, [m for m in {ABSENT} if m in sys.modules]]))
"""
    rooms, heavy = ask(bare, code)  # type: ignore[misc]  # JSON: two lists
    assert {"records", "measure", "kinds", "models", "training", "report", "pipeline", "cli"} <= set(rooms)
    assert heavy == []


def test_a_torch_room_says_which_extra_is_missing_only_when_it_is_used(bare: Path) -> None:
    code = """
import json
from pathlib import Path
from tutelage import training
from tutelage.errors import MissingExtra
try:
    training.sft([], "local:smollm2", Path("out"))
except MissingExtra as error:
    print(json.dumps([str(error), error.exit_code]))
"""
    said, exit_code = ask(bare, code)  # type: ignore[misc]  # JSON: a text and a number
    assert "pip install" in said
    assert exit_code == 6


def test_the_page_template_and_style_travel_in_the_wheel(bare: Path) -> None:
    code = """
import json
from tutelage.report import Page, render
print(json.dumps(render(Page("A", "b", "done", ())).count("--accent:")))
"""
    assert ask(bare, code) == 3  # light, dark, print


def test_the_command_line_answers_without_the_training_stack(bare: Path) -> None:
    assert "Usage: tutelage" in run(bare.parent / "tutelage", "--help", cwd=bare.parent)
