"""What a page promises: inert, whole, offline, readable by everyone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tutelage.errors import BadInput
from tutelage.gate.decision import CapabilityFinding, Decision, Dissent
from tutelage.gate.findings import Finding
from tutelage.records import Undefined, encode
from tutelage.report import Callout, GateTable, LineageTree, Node, Page, PairSample, Prose, Section, render, write
from tutelage.report.page import stylesheet

HOSTILE = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'"


class Tags(HTMLParser):
    """Collects what a browser would make elements of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id" and value]


def page_of(*blocks: object, title: str = "A page") -> str:
    return render(Page(title, "", "done", (Section(title, title, blocks),)))  # type: ignore[arg-type]  # any block


def test_a_script_in_anybodys_text_is_inert() -> None:
    """Model text, prompts, reasons, gate words and titles are all escaped; no handler, script or image results."""
    html = page_of(
        PairSample(HOSTILE, HOSTILE, HOSTILE, "left", HOSTILE, HOSTILE, heading=HOSTILE),
        Prose(HOSTILE),
        Callout("bad", HOSTILE, HOSTILE),
        GateTable({"outcome": HOSTILE, "findings": [{"criterion": HOSTILE, "outcome": HOSTILE}], "dissent": [HOSTILE]}),
        LineageTree(Node(HOSTILE, HOSTILE, HOSTILE)),
        title=HOSTILE,
    )
    seen = Tags(html)
    assert not {"script", "img", "iframe", "object", "link"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name == "style"]
    assert html.count("<style>") == 1


def test_hostile_labels_are_inert_in_charts_too(demo_page: Page) -> None:
    """The demo page holds a script in a prompt and an onerror in a response."""
    seen = Tags(render(demo_page))
    assert "script" not in seen.tags
    assert "img" not in seen.tags


def test_the_policy_allows_our_style_by_hash_and_nothing_else(demo_page: Page) -> None:
    html = render(demo_page)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy and policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert "script-src" not in policy[1]


def test_nothing_on_the_page_is_fetched_from_anywhere(demo_page: Page) -> None:
    seen = Tags(render(demo_page))
    assert not [value for name, value in seen.attributes if name in ("src", "srcset", "data", "action")]
    assert all(value and value.startswith("#") for name, value in seen.attributes if name == "href")
    assert "url(" not in stylesheet()
    assert "@import" not in stylesheet()


def test_every_picture_is_named_described_and_has_its_numbers_in_a_table(demo_page: Page) -> None:
    html = render(demo_page)
    pictures = re.findall(r'<svg [^>]*role="img".*?</svg>', html, re.DOTALL)
    assert len(pictures) == 9  # 4 charts in two sizes and one square
    for picture in pictures:
        parsed = ElementTree.fromstring(picture)
        title, description = parsed.find("title"), parsed.find("desc")
        assert title is not None and title.text
        assert description is not None and len(description.text or "") > 20
        assert parsed.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert html.count("<summary>The numbers</summary>") == 5


def test_ids_are_unique_headings_descend_and_landmarks_are_there(demo_page: Page) -> None:
    html = render(demo_page)
    seen = Tags(html)
    assert len(seen.ids) == len(set(seen.ids))
    levels = [int(tag[1]) for tag in seen.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert {"header", "main", "nav", "footer"} <= set(seen.tags)
    assert '<html lang="en">' in html
    assert 'href="#main"' in html


def test_an_undefined_figure_is_words_never_a_zero(demo_page: Page) -> None:
    html = render(demo_page)
    assert "raise overlap to 2 to estimate it." in html
    assert "nan" not in html.lower().replace("finance", "")


def test_equal_pages_render_to_equal_bytes(demo_page: Page) -> None:
    assert render(demo_page) == render(demo_page)


def test_a_page_is_written_whole_and_a_directory_is_refused(demo_page: Page, tmp_path: Path) -> None:
    path = write(demo_page, tmp_path / "deep" / "report.html")
    assert path.read_text(encoding="utf-8") == render(demo_page)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    with pytest.raises(BadInput, match="is a directory"):
        write(demo_page, tmp_path)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """WCAG 2.2: (lighter + 0.05) / (darker + 0.05)."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_holds_4_5_to_1_and_marks_3_to_1_in_both_themes(theme: int) -> None:
    tokens = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{6})", stylesheet().split(":root{")[1 + theme]))
    for ink in ("ink", "ink-2", "accent", "good", "warn", "bad", "info", "plum"):
        for ground in ("bg", "surface"):
            assert contrast(tokens[ink], tokens[ground]) >= 4.5, (ink, ground)
    for ink in ("accent", "good", "warn", "bad"):
        assert contrast(tokens[ink], tokens[f"{ink}-soft"]) >= 4.5, ink
    assert contrast(tokens["mark"], tokens["surface"]) >= 3


def test_a_decision_of_the_gate_is_shown_whole() -> None:
    """Bound, outcome, figure, capability, matter and dissent of a real Decision all reach the reader."""
    finding = Finding("empty_rate", "at_most", 0.05, True, "insufficient", Undefined("no answers."), "none", "ask 20")
    decision = Decision(
        outcome="insufficient",
        model="sha256:ab",
        criteria="release",
        at=datetime(2026, 11, 21, tzinfo=UTC),
        expires=None,
        findings=(finding,),
        capabilities=(CapabilityFinding("biology", None, "insufficient", "no result"),),
        matters=("the evidence is of another model",),
        dissent=(Dissent("R. Ito", "safety lead", "too few prompts"),),
    )
    html = page_of(GateTable(encode(decision)))
    for words in ("≤ 0.05, blocking", "ask 20", "no answers.", "biology", "another model", "R. Ito", "too few prompts"):
        assert words in html
