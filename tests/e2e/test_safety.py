"""Text of people and models runs nothing, and every page weighs little."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from tests.e2e.hands import press
from tests.e2e.preview import Preview

from tutelage import records
from tutelage.web.shared import dist
from tutelage.web.shared.rendering import safe_html

PAYLOADS = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg onload=window.hit=1>",
    "<svg><script>window.hit=1</script></svg>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "[a](javascript:window.hit=1)",
    "[a](JaVaScRiPt&#58;window.hit=1)",
    "[a](data:text/html,<script>window.hit=1</script>)",
    '![a](x" onerror="window.hit=1)',
    '<a href="javascript:window.hit=1">a</a>',
    "`<img src=x onerror=window.hit=1>`",
    '```"><script>window.hit=1</script>\na\n```',
    "<details open ontoggle=window.hit=1>",
    "<input autofocus onfocus=window.hit=1>",
    "$\\text{<img src=x onerror=window.hit=1>}$",
    "$\\href{javascript:window.hit=1}{a}$",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.hit=1>",
    "</script><script>window.hit=1</script>",
    "<style>@import 'http://127.0.0.1:9/x';</style>",
    "<base href='http://127.0.0.1:9/'><form action='http://127.0.0.1:9/'><button>a</button></form>",
    "{{constructor.constructor('window.hit=1')()}}${window.hit=1}",
    "<!--><img src=x onerror=window.hit=1>-->",
)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_a_hostile_text_is_inert_wherever_it_is_shown(payload: str, page: Any, preview: Preview) -> None:
    """In the prompt, both responses, the project's name, the guideline, the question and a draft."""
    desk = preview.lay("comparison")
    tasks = desk.tasks
    shown = tasks.exhibit
    item = records.Item("item-1", "comparison", records.user(payload), responses=shown.item.responses,
                        payload={"question": payload})  # fmt: skip
    said = tuple(records.Response(r.id, records.assistant(payload)) for r in shown.responses)
    tasks.exhibit = type(shown)(item, said, shown.judge, shown.judgment)
    task = tasks.next(draft={"answer": {"type": "tie"}, "reason": payload, "version": 1})
    task["project"]["name"] = payload
    task["project"]["guideline"] = {"version": payload, "html": safe_html(payload)}
    tasks.again = task
    page.goto(f"{preview.url}/work/")
    page.locator("t-kind-comparison").wait_for()
    press(page, "g", "d", "d")
    for link in page.locator(".prose a").all():
        assert link.get_attribute("href").startswith(("http:", "https:", "mailto:"))
    page.wait_for_timeout(100)
    assert page.evaluate("window.hit") is None
    assert page.locator("t-kind-comparison :is(script, iframe, img, svg, style, form, base, input)").count() == 0


def weight(*names: str) -> int:
    """Bytes after gzip -9."""
    return sum(len(gzip.compress((dist.DIST / name).read_bytes(), 9)) for name in dict.fromkeys(names))


def test_a_plain_page_weighs_at_most_25_kb_with_htmx() -> None:
    from pathlib import Path

    import django_htmx

    htmx = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-4.min.js"
    ours = weight(*dist.files_of("site.js"), *dist.files_of("site.css"))
    assert ours + len(gzip.compress(htmx.read_bytes(), 9)) <= 25 * 1024


@pytest.mark.parametrize("kind", sorted(dist.manifest()["kinds"]))
def test_any_task_weighs_at_most_120_kb(kind: str) -> None:
    names = [f for n in ("site.js", "site.css", "workbench.js", "workbench.css") for f in dist.files_of(n)]
    assert weight(*names, *dist.manifest()["kinds"][kind]) <= 120 * 1024


def test_every_bundled_package_comes_with_its_licence() -> None:
    said = (dist.DIST / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    assert "lit-html" in said
    assert said.count("Redistribution and use in source and binary forms") == said.count("(BSD-3-Clause)")


def test_the_words_of_the_scripts_are_all_known_to_the_page() -> None:
    """As many as there are calls: what is shown through `t` is in the list that the page translates."""
    words = dist.words()
    assert {"Submit and next", "{n} words", "{n} word", "Your time is paid and nothing counts against you."} <= set(
        words
    )
