"""The scripts' pure functions and their types, where Node is."""

from __future__ import annotations

import json
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


def test_a_new_kind_is_one_folder(tmp_path: Path) -> None:
    """A copy of the sources with `workbench/sample/element.ts` added builds; nothing else was changed."""
    web = tmp_path / "src" / "tutelage" / "web"
    shutil.copytree(FRONTEND / "src", tmp_path / "frontend" / "src")
    for name in ("build.mjs", "package.json", "tsconfig.json"):
        shutil.copy(FRONTEND / name, tmp_path / "frontend")
    for folder in ("workbench", "shared/styles"):
        shutil.copytree(FRONTEND.parent / "src" / "tutelage" / "web" / folder, web / folder)
    (web / "static").mkdir()
    (tmp_path / "frontend" / "node_modules").symlink_to(FRONTEND / "node_modules")
    (web / "workbench" / "sample").mkdir()
    lines = (
        'import { KindElement } from "@tutelage/kind";',
        'customElements.define("t-kind-sample", class extends KindElement {});',
    )
    element = "\n".join(lines)
    (web / "workbench" / "sample" / "element.ts").write_text(element, encoding="utf-8")
    run(str(tmp_path / "frontend" / "build.mjs"))
    manifest = json.loads((web / "static" / "dist" / "manifest.json").read_text(encoding="utf-8"))
    assert "t-kind-sample" in (web / "static" / "dist" / manifest["kinds"]["sample"][0]).read_text(encoding="utf-8")
