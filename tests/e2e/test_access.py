"""Everybody can use it: axe finds nothing, nothing is cut off, whatever the theme, direction, size and zoom."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.e2e.hands import KEYS, press
from tests.e2e.preview import Preview

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {"desktop": (1280, 860), "phone": (390, 844), "zoom": (640, 430)}  # 200 % of the first
WHOLE = list(itertools.product(sorted(KEYS), ("light", "dark"), ("en", "ar"), SIZES))
# Every pair of (kind, theme), (kind, language), (kind, size), (theme, language), (theme, size), (language, size).
PAIRS = [
    (kind, ("light", "dark")[(i + j) % 2], ("en", "ar")[(i + j // 2) % 2], size)
    for i, kind in enumerate(sorted(KEYS))
    for j, size in enumerate(SIZES)
]


def found(page: Any, axe: str) -> list[str]:
    """What axe finds, as text. It is run by the debugger: the page's own policy lets no script in."""
    page.evaluate(axe)
    rules = {"runOnly": {"type": "tag", "values": RULES}}
    result = page.evaluate("rules => axe.run(document, rules)", rules)
    return [f"{v['id']}: {n['html'][:160]} {n['failureSummary']}" for v in result["violations"] for n in v["nodes"]]


def overflowing(page: Any) -> list[str]:
    """Elements that reach beyond the window sideways, and are not in something that scrolls."""
    return list(page.evaluate("""() => [...document.querySelectorAll("body *")].filter((e) => {
        const r = e.getBoundingClientRect(), scrolls = e.closest(".scroll, pre, .rows, .sr, .skip-link");
        return r.width && !scrolls && (r.right > innerWidth + 1 || r.left < -1);
    }).map((e) => e.outerHTML.slice(0, 120))"""))  # fmt: skip


def look(page: Any, preview: Preview, axe: str, case: tuple[str, str, str, str]) -> None:
    """Open the kind, half-way through its keys, in all of a case's conditions."""
    kind, theme, language, size = case
    preview.lay(kind)
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.goto(f"{preview.url}/work/?theme={theme}&language={language}")
    page.locator(f"t-kind-{kind}").wait_for()
    press(page, *KEYS[kind][:-1])
    assert page.evaluate("getComputedStyle(document.body).direction") == {"en": "ltr", "ar": "rtl"}[language]
    assert overflowing(page) == []
    assert found(page, axe) == []


@pytest.mark.parametrize("case", PAIRS, ids="-".join)
def test_a_kind_can_be_used_by_everybody(
    case: tuple[str, str, str, str], page: Any, preview: Preview, axe: str
) -> None:
    look(page, preview, axe, case)


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in WHOLE if c not in PAIRS], ids="-".join)
def test_a_kind_can_be_used_in_every_condition(
    case: tuple[str, str, str, str], page: Any, preview: Preview, axe: str
) -> None:  # fmt: skip
    look(page, preview, axe, case)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", ["keys", "skip", "guideline", "hidden", "refused", "empty"])
def test_what_comes_and_goes_can_be_used_by_everybody(
    state: str, theme: str, page: Any, preview: Preview, axe: str
) -> None:  # fmt: skip
    care = {"classes": ["violence"], "dose_left_s": 600} if state == "hidden" else None
    desk = preview.lay("comparison", left=12 if state == "empty" else 20, care=care)
    page.goto(f"{preview.url}/work/?theme={theme}")
    page.locator("t-kind-comparison, .cover").first.wait_for(state="attached")
    if state == "refused":
        desk.trouble.append(("submit", 422))
    does = {"keys": ("?",), "skip": ("s",), "guideline": ("g",), "hidden": (), "refused": ("1", "Enter", "…"),
            "empty": ("1", "Enter", "…")}  # fmt: skip
    press(page, *does[state])
    assert found(page, axe) == []


@pytest.mark.parametrize(
    "case", [("light", "en", "desktop"), ("dark", "ar", "phone"), ("dark", "en", "zoom"), ("light", "ar", "desktop")]
)
def test_pages_of_forms_and_tables_can_be_used_by_everybody(
    case: tuple[str, str, str], page: Any, preview: Preview, axe: str
) -> None:  # fmt: skip
    theme, language, size = case
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.goto(f"{preview.url}/page/shapes?theme={theme}&language={language}")
    page.locator("summary").first.click()
    assert overflowing(page) == []
    assert found(page, axe) == []


def test_the_theme_follows_the_system_until_somebody_chooses(page: Any, preview: Preview) -> None:
    page.goto(f"{preview.url}/page/shapes")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(ground)
    assert light != dark
    page.locator("summary").first.click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(ground) == light
    assert "theme=light" in page.evaluate("document.cookie")
