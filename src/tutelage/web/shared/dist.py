"""The built front end: which hashed file is which. The wheel carries it; a working copy builds it when first asked."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from tutelage.errors import TutelageError

WEB = Path(__file__).parents[1]
DIST = WEB / "static" / "dist"
RECIPE = WEB.parents[2] / "frontend" / "build.py"


class FrontEndMissing(TutelageError):
    """The pages' scripts and styles are not here and cannot be made here."""

    exit_code = 6


@cache
def manifest() -> dict[str, Any]:
    """`files`: name → {file, needs}; `kinds`: kind → files. Raises FrontEndMissing, which says what to do."""
    if RECIPE.exists():
        _build()
    try:
        found: dict[str, Any] = json.loads((DIST / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _missing("it was never built") from None
    return found


@cache
def words() -> tuple[str, ...]:
    """Every text that the scripts show, in English: what the page translates for them."""
    manifest()
    return tuple(json.loads((DIST / "words.json").read_text(encoding="utf-8")))


def files_of(name: str) -> tuple[str, ...]:
    """The files of an entry, itself first. Raises KeyError for a name that no source has."""
    entry = manifest()["files"][name]
    return (entry["file"], *entry["needs"])


def _build() -> None:
    spec = importlib.util.spec_from_file_location("tutelage_frontend_build", RECIPE)
    if spec is None or spec.loader is None:
        raise _missing(f"{RECIPE} cannot be read")
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    try:
        recipe.build()
    except recipe.CannotBuild as why:
        if not (DIST / "manifest.json").exists():
            raise _missing(str(why)) from why


def _missing(why: str) -> FrontEndMissing:
    return FrontEndMissing(
        f"The front end is missing: {why}.",
        expected=f"its files in {DIST}",
        remedy="Install the wheel, or run `python frontend/build.py`.",
    )
