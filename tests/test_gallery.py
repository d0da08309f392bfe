"""The gallery: every plot stands alone and is explained; what makes it runs on the real data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tools.gallery import OUT, PLOTS, svg

PAGE = OUT / "README.md"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def data() -> Path:
    found = Path(os.environ.get("TUTELAGE_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not found.is_dir():
        pytest.skip(f"no data under {found}: set TUTELAGE_DATA")
    return found


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_named_described_and_needs_nothing_else(name: str) -> None:
    text = (OUT / f"{name}.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)  # our own picture
    assert root.tag == f"{SVG}svg"
    assert len(root.findtext(f"{SVG}title") or "") > 10 and len(root.findtext(f"{SVG}desc") or "") > 10
    assert "<script" not in text and "href" not in text and "prefers-color-scheme:dark" in text
    assert len(text) < 60_000


def test_every_plot_has_its_question_how_to_read_it_and_when_not_to_use_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    sections = page.split("\n## ")[1:]
    assert sorted(re.findall(r"\((\w+)\.svg\)", page)) == sorted(PLOTS)
    for section in sections:
        assert all(word in section for word in ("**Question**", "**Read**", "**Not when**", "```python no-run"))


@pytest.mark.real_data
@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_drawn_again_from_the_data(name: str, data: Path) -> None:
    """Compared in its words, not its digits: a better estimator may move a figure."""
    drawn, kept = svg(PLOTS[name](data), name), (OUT / f"{name}.svg").read_text(encoding="utf-8")
    assert re.findall(r"<title.*?</title>", drawn) == re.findall(r"<title.*?</title>", kept)


@pytest.mark.real_data
def test_the_code_of_the_gallery_runs(data: Path) -> None:
    blocks = re.findall(r"^```python no-run\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)], env=os.environ | {"TUTELAGE_DATA": str(data)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
