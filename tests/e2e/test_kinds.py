"""Every kind is completed by keys alone and by pointer alone, and what is sent is what its kind takes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.hands import ANSWERS, KEYS, POINTER, click, press
from tests.e2e.preview import Preview

from tutelage.web.shared import dist

KINDS = sorted(KEYS)


def opened(page: Any, preview: Preview, kind: str, **terms: Any) -> Any:
    """A desk with a task of the kind, open in the browser."""
    desk = preview.lay(kind, **terms)
    page.goto(f"{preview.url}/work/")
    page.locator(f"t-kind-{kind}").wait_for()
    return desk


def submitted(page: Any, desk: Any) -> dict[str, Any]:
    """The one submission, once the next task is there."""
    page.get_by_text("13 of about 20").wait_for()
    [body] = desk.submitted
    return body


def test_every_kind_that_has_an_element_is_tested_here() -> None:
    assert sorted(dist.manifest()["kinds"]) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_is_completed_by_keys_alone(kind: str, page: Any, preview: Preview) -> None:
    desk = opened(page, preview, kind)
    press(page, *KEYS[kind])
    assert submitted(page, desk)["answer"] == ANSWERS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_is_completed_by_pointer_alone(kind: str, page: Any, preview: Preview) -> None:
    """`submit` refuses what `parse_answer` does not take, so that one stored body is a proof."""
    desk = opened(page, preview, kind)
    POINTER[kind](page)
    click(page, "Submit and next")
    assert submitted(page, desk)["answer"]["type"] == {"comparison": "prefer", "dialogue": "turns"}.get(kind, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_cannot_judge_is_one_key_and_an_answer_of_every_kind(kind: str, page: Any, preview: Preview) -> None:
    desk = opened(page, preview, kind)
    press(page, *(["Escape"] if kind in ("demonstration", "problem") else []), "c", "Enter")
    assert submitted(page, desk)["answer"] == {"type": "cannot_rate"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_incomplete_answer_is_not_sent(kind: str, page: Any, preview: Preview) -> None:
    desk = opened(page, preview, kind)
    press(page, "Control+Enter")
    page.get_by_text("The answer is not complete yet.").wait_for(state="attached")
    assert desk.submitted == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_comes_back_as_it_was_left(kind: str, page: Any, preview: Preview) -> None:
    """The keys that complete a task, without the last; then the page is loaded again with that draft."""
    desk = opened(page, preview, kind)
    press(page, *KEYS[kind][:-1])
    page.get_by_text("saved", exact=True).wait_for()
    page.wait_for_function("() => document.querySelector('t-workbench').saved === 'saved'")
    kept = desk.drafts[-1]
    assert kept["answer"] == ANSWERS[kind]
    desk.tasks.draft = {"answer": kept["answer"], "reason": kept["reason"], "version": 1}
    page.reload()
    page.locator(f"t-kind-{kind}").wait_for()
    press(page, "Control+Enter")
    assert submitted(page, desk)["answer"] == ANSWERS[kind]
