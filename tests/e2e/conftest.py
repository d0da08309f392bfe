"""A browser, where there is one, and pages of the front end fed with specimens of every kind."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

django = pytest.importorskip("django", reason="the web extra is not installed")
os.environ.setdefault("TUTELAGE_HALL", tempfile.mkdtemp(prefix="tutelage-hall-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tutelage.web.settings")
django.setup()

from tests.e2e.preview import Preview  # noqa: E402  settings come first

from tutelage.web.shared import dist  # noqa: E402  settings come first

PLACES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


def chromium() -> str | None:
    """Where a Chromium is: $TUTELAGE_CHROMIUM, or on PATH."""
    named = os.environ.get("TUTELAGE_CHROMIUM")
    return named or next((found for name in PLACES if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests of a file; they skip, and say why, where there is none.

    Not one for the whole run: while it is open an event loop runs in this thread, and Django's ORM refuses to.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the dev extra has it")
    place = chromium()
    if place is None:
        pytest.skip("no Chromium on PATH and no $TUTELAGE_CHROMIUM: the browser tests need one")
    try:
        dist.manifest()
    except dist.FrontEndMissing as why:
        pytest.skip(f"the front end is not built: {why}")
    with playwright.sync_playwright() as p:
        opened = p.chromium.launch(executable_path=place, args=["--no-sandbox"] if sys.platform == "linux" else [])
        yield opened
        opened.close()


@pytest.fixture
def preview() -> Iterator[Preview]:
    """A server of one task after another, of any kind, that keeps what it is sent."""
    with Preview() as serving:
        yield serving


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page whose console and policy must stay silent."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    opened = context.new_page()
    opened.set_default_timeout(8000)
    noise: list[str] = []
    opened.on("pageerror", lambda e: noise.append(f"error: {e}"))
    opened.on("console", lambda m: noise.append(m.text) if "Content Security Policy" in m.text else None)
    yield opened
    context.close()
    assert noise == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, from the front end's development tools."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: `python frontend/build.py --dev`")
    return AXE.read_text(encoding="utf-8")
