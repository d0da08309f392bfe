"""The frame around every kind: saving, sending, undoing, leaving, its keys, and what it does when something breaks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.hands import click, press
from tests.e2e.preview import Preview


def opened(page: Any, preview: Preview, kind: str = "comparison", **terms: Any) -> Any:
    """A desk with a task of the kind, open in the browser."""
    desk = preview.lay(kind, **terms)
    page.goto(f"{preview.url}/work/")
    page.locator(f"t-kind-{kind}, .cover").first.wait_for(state="attached")
    return desk


def at_task(page: Any, n: int) -> None:
    """Waits for the n-th task."""
    page.get_by_text(f"{n} of about 20").wait_for()


def test_a_comparison_is_two_keys(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    press(page, "a", "Enter")
    at_task(page, 13)
    assert desk.submitted[0]["answer"] == {"type": "prefer", "winner": "second", "strength": 2}


def test_harmful_asks_which_and_names_places_in_the_item(page: Any, preview: Preview) -> None:
    """What is shown as B is the item's first."""
    desk = opened(page, preview)
    press(page, "h", "b", "Control+Enter")
    at_task(page, 13)
    press(page, "h", "h", "Control+Enter")
    at_task(page, 14)
    assert [s["answer"]["which"] for s in desk.submitted] == [["first"], ["second", "first"]]


def test_single_keys_do_nothing_while_somebody_writes(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    press(page, "w", '"a bad tie, such 1', "Escape", "7", "Control+Enter")
    at_task(page, 13)
    assert desk.submitted[0]["reason"] == "a bad tie, such 1"
    assert desk.submitted[0]["answer"]["strength"] == 3
    assert desk.submitted[0]["telemetry"]["typed"] == 17


def test_undo_brings_the_answer_back_and_only_for_ten_seconds(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    press(page, "1", "w", '"clear', "Control+Enter")
    at_task(page, 13)
    press(page, "u")
    at_task(page, 12)
    assert page.locator("#reason").input_value() == "clear"
    assert page.get_by_role("button", name="A much").get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="Undo").is_disabled()
    assert len(desk.undone) == 1


def test_the_last_answer_can_be_taken_back_too(page: Any, preview: Preview) -> None:
    """Nothing is left afterwards; the button is there all the same, and brings the task back."""
    desk = opened(page, preview)
    desk.tasks.left = 12
    press(page, "1", "Control+Enter")
    page.get_by_role("heading", name="Nothing to do here now").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("12 of about 12").wait_for()
    assert page.get_by_role("button", name="A much").get_attribute("aria-pressed") == "true"


def test_skipping_is_paid_and_asks_why_in_two_keys(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    press(page, "s", "2")
    page.wait_for_function("() => document.querySelector('t-workbench').spoken.startsWith('Skipped. You get €0.12')")
    assert desk.skipped[0]["reason"] == "unclear"


def test_a_draft_that_the_server_never_saw_survives_a_crash(page: Any, preview: Preview) -> None:
    """The first page's drafts are refused by a broken connection; the second finds them on the device."""
    desk = opened(page, preview)
    desk.trouble += [("draft", 0)] * 50
    press(page, "6", "w", '"kept')
    page.get_by_text("on this device").wait_for()
    task = page.evaluate("JSON.parse(document.getElementById('task').textContent)")
    desk.trouble.clear()
    desk.tasks.again = task
    page.goto("about:blank")
    page.goto(f"{preview.url}/work/")
    page.locator("t-kind-comparison").wait_for()
    assert page.locator("#reason").input_value() == "kept"
    assert page.locator(".scale [aria-pressed=true]").inner_text().startswith("B")
    page.get_by_text("saved", exact=True).wait_for()
    assert desk.drafts[-1]["reason"] == "kept"


def test_a_draft_whose_answer_was_lost_is_not_mistaken_for_another_tab(page: Any, preview: Preview) -> None:
    """The server has it, the page does not know: the second attempt is refused, looked into, and goes on."""
    desk = opened(page, preview)
    desk.mute = 1
    press(page, "w", '"first')
    page.get_by_text("saved", exact=True).wait_for()
    press(page, '" and second')
    page.wait_for_function("() => document.querySelector('t-workbench').saved === 'saved'")
    assert [d["reason"] for d in desk.drafts][-1] == "first and second"
    assert page.get_by_role("alert").count() == 0


def test_two_tabs_do_not_overwrite_one_another(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    press(page, "w", '"mine')
    page.wait_for_function("() => document.querySelector('t-workbench').saved === 'saved'")
    desk.version += 1
    desk.drafts.append({"answer": None, "reason": "of the other tab"})
    press(page, '" again')
    page.get_by_role("alert").get_by_text("Another tab has saved since.").wait_for()
    assert page.locator("#reason").input_value() == "mine again"


def test_a_submission_is_sent_again_with_the_same_key_until_there_is_a_receipt(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    desk.trouble += [("submit", 503), ("submit", 0)]
    press(page, "1", "Control+Enter")
    page.get_by_text("Your work and pay are safe").wait_for()
    at_task(page, 13)
    assert len(desk.submitted) == 1
    assert page.evaluate("localStorage.getItem('tutelage.pending')") is None


def test_a_receipt_lost_with_the_page_is_fetched_by_the_next_page(page: Any, preview: Preview) -> None:
    """The server stored it and the page died before the answer: the same key gives the same judgment, once."""
    desk = opened(page, preview)
    desk.deaf = True
    press(page, "1", "Control+Enter")
    page.get_by_text("Trying again").wait_for()
    desk.deaf = False
    page.reload()
    at_task(page, 13)
    assert len(desk.submitted) == 1


def test_a_lost_lease_says_that_work_is_safe_and_offers_the_next(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    desk.trouble.append(("submit", 409))
    press(page, "1", "Control+Enter")
    page.get_by_role("alert").get_by_text("Your work and pay are safe").wait_for()
    click(page, "Next task")
    page.get_by_role("alert").wait_for(state="detached")
    assert desk.submitted == []


def test_a_refused_answer_names_what_was_expected(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    desk.trouble.append(("submit", 422))
    press(page, "1", "Control+Enter")
    page.get_by_role("alert").get_by_text("Expected: something else.").wait_for()
    press(page, "Control+Enter")
    at_task(page, 13)
    assert len(desk.submitted) == 1


def test_whoever_was_signed_out_is_led_back_with_the_answer_kept(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    press(page, "w", '"kept', "Escape", "1")
    page.get_by_text("saved", exact=True).wait_for()
    desk.trouble.append(("submit", 401))
    press(page, "Control+Enter")
    assert page.get_by_role("link", name="Sign in again").get_attribute("href") == page.url
    assert page.locator("#reason").input_value() == "kept"


def test_an_empty_queue_says_what_happens_next(page: Any, preview: Preview) -> None:
    preview.lay("comparison", left=12)
    page.goto(f"{preview.url}/work/")
    page.locator("t-kind-comparison").wait_for()
    press(page, "t", "Enter")
    page.get_by_role("heading", name="Nothing to do here now").wait_for()
    assert page.get_by_text("More is expected").is_visible()
    assert page.get_by_role("link", name="Other work").is_visible()


def test_time_that_runs_out_can_be_extended(page: Any, preview: Preview) -> None:
    desk = opened(page, preview, lease_s=100)
    page.get_by_text("Time for this task ends in 1:").wait_for()
    click(page, "I need more time")
    page.get_by_text("Time for this task ends").wait_for(state="detached")
    assert len(desk.drafts) == 1


def test_guideline_stands_beside_and_gives_the_focus_back(page: Any, preview: Preview) -> None:
    opened(page, preview)
    press(page, "g")
    page.get_by_role("complementary", name="Guideline").get_by_text("safety first").wait_for()
    press(page, "g")
    page.get_by_role("complementary").wait_for(state="detached")
    assert page.evaluate("document.activeElement.localName") == "main"


def test_differences_of_two_responses_are_marked(page: Any, preview: Preview) -> None:
    opened(page, preview)
    press(page, "d")
    marked = page.locator(".resp").nth(0).locator("mark").all_inner_texts()
    assert any("anti-inflammatory" in m for m in marked)
    assert "Ibuprofen" not in marked


def test_keys_are_shown_changed_and_switched_off(page: Any, preview: Preview) -> None:
    desk = opened(page, preview)
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.get_by_role("button", name="Change the key of Tie").last.click()
    press(page, "z", "Escape")
    press(page, "z")
    assert page.get_by_role("button", name="Tie").get_attribute("aria-pressed") == "true"
    press(page, "?")
    dialog.get_by_label("Single keys work").uncheck()
    press(page, "Escape", "1")
    assert page.get_by_role("button", name="Tie").get_attribute("aria-pressed") == "true"
    press(page, "Control+Enter")
    at_task(page, 13)
    assert desk.submitted[0]["answer"] == {"type": "tie"}


CARE = {"classes": ["violence"], "dose_left_s": 600}


def test_hidden_content_is_shown_while_a_key_is_held(page: Any, preview: Preview) -> None:
    desk = opened(page, preview, care=dict(CARE))
    assert page.get_by_role("heading", name="Hidden until you choose to see it").is_visible()
    assert not page.locator(".prompt").is_visible()
    assert "warfarin" not in page.content() and page.locator("t-kind-comparison").count() == 0
    page.keyboard.down("r")
    page.locator("t-kind-comparison").wait_for()
    page.keyboard.press("1")
    page.keyboard.up("r")
    page.locator(".prompt").wait_for(state="hidden")
    press(page, "Control+Enter")
    at_task(page, 13)
    assert desk.submitted[0]["answer"]["strength"] == 3 and desk.revealed == [True, False]


def test_leaving_is_two_presses_paid_and_without_penalty(page: Any, preview: Preview) -> None:
    desk = opened(page, preview, care=dict(CARE))
    click(page, "Show it")
    press(page, "Escape", "Escape")
    page.get_by_text("Your time is paid and nothing counts against you.").wait_for()
    assert desk.skipped[0]["reason"] == "distressing"


def test_when_the_days_share_is_used_up_it_cannot_be_shown(page: Any, preview: Preview) -> None:
    opened(page, preview, care={"classes": ["violence"], "dose_left_s": 1})
    click(page, "Show it")
    page.get_by_text("Today’s share is used up").wait_for()
    assert page.get_by_role("button", name="Show it").is_disabled()
    assert not page.locator(".prompt").is_visible()


def test_the_next_task_is_seen_within_100_ms_of_submitting(page: Any, preview: Preview) -> None:
    """From the key to the frame in which the next one stands, at the 95th percentile of 20.

    The best of five rounds: whatever else this machine does can only add to it.
    """
    opened(page, preview, left=120)
    for _ in range(5):
        took = sorted(_ms_to_next(page) for _ in range(20))
        if took[18] <= 100:
            return
    pytest.fail(f"the last round took {took} ms")


def _ms_to_next(page: Any) -> float:
    return float(page.evaluate("""async () => {
        const bench = document.querySelector("t-workbench"), before = bench.next.lease.token;
        const press = (key, ctrlKey) => dispatchEvent(new KeyboardEvent("keydown", {key, ctrlKey, bubbles: true}));
        press("1", false);
        await bench.updateComplete;
        const began = performance.now();
        press("Enter", true);
        while (bench.next.lease.token === before && performance.now() < began + 5000)
            await new Promise(requestAnimationFrame);
        await bench.updateComplete;
        return performance.now() - began; }"""))  # fmt: skip


def test_nothing_moves_when_an_answer_is_chosen_or_saved(page: Any, preview: Preview) -> None:
    opened(page, preview)
    page.evaluate("""() => {
        window.moved = 0;
        const seen = (list) => list.getEntries().forEach((entry) => window.moved += entry.value);
        new PerformanceObserver(seen).observe({type: "layout-shift"}); }""")
    press(page, "1", "7", "x", "c", "d", "d")
    page.get_by_text("saved", exact=True).wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("window.moved") < 0.02


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_reader_of_the_screen_hears_what_happens(language: str, page: Any, preview: Preview) -> None:
    opened(page, preview)
    heard = page.locator("p.sr[role=status]")
    press(page, "2")
    assert heard.inner_text() == "A. Ready to submit."
    press(page, "Control+Enter")
    at_task(page, 13)
    assert "Submitted. You get €0.42. Task 13." in heard.inner_text()


def test_keys_are_kept_on_the_account_by_kind_and_on_the_device_where_that_fails(page: Any, preview: Preview) -> None:
    """Changed here, they are there in a browser that never saw them; a refused save is made up for by the next page."""
    desk = opened(page, preview)
    press(page, "?")
    dialog = page.get_by_role("dialog", name="Keys")
    change = dialog.get_by_role("button", name="Change the key of Tie").last
    with page.expect_response("**/keys"):
        change.click()
        press(page, "z")
    assert desk.keys is not None and list(desk.keys["mapped"].values()) == ["z"] and not desk.keys["off"]
    assert next(iter(desk.keys["mapped"])).startswith("comparison/")
    page.evaluate("localStorage.clear()")
    page.reload()
    page.locator("t-kind-comparison").wait_for()
    press(page, "z")
    assert page.get_by_role("button", name="Tie").get_attribute("aria-pressed") == "true"
    desk.trouble.append(("keys", 500))
    press(page, "?")
    with page.expect_response("**/keys"):
        change.click()
        press(page, "y")
    assert list(desk.keys["mapped"].values()) == ["z"]
    with page.expect_response(lambda r: r.url.endswith("/keys") and r.status == 200):
        page.reload()
    assert list(desk.keys["mapped"].values()) == ["y"]


def test_light_or_dark_is_chosen_by_keyboard_and_stays(page: Any, preview: Preview) -> None:
    """The system's, until somebody turns it; then theirs, on the workbench and on every other page."""
    page.emulate_media(color_scheme="dark")
    opened(page, preview)
    button = page.get_by_role("button", name="Dark")
    scheme = "() => getComputedStyle(document.documentElement).colorScheme"
    assert button.get_attribute("aria-pressed") == "true", "the system says dark"
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("b => b === document.activeElement"):
            break
    else:
        raise AssertionError("no number of tabs leads to it")
    page.keyboard.press("Enter")
    assert page.evaluate(scheme) == "light" and button.get_attribute("aria-pressed") == "false"
    assert [c["value"] for c in page.context.cookies() if c["name"] == "theme"] == ["light"]
    page.keyboard.press("Enter")
    assert page.evaluate(scheme) == "dark"


def test_what_a_reviewer_asks_for_covers_nothing_of_the_task(page: Any, preview: Preview) -> None:
    """The notice stays for the whole task, so the prompt begins below it, also on a phone."""
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, preview)
    asked = "{ why: 'A names the dose; look again.', letters: [['A', 'B'], ['B', 'A']] }"
    page.evaluate(f"const w = document.querySelector('t-workbench'); w.task.redo = {asked}; w.requestUpdate()")
    page.locator(".notice").get_by_text("In these words, A is your B, B is your A.").wait_for()
    notice, prompt = page.locator(".notice").bounding_box(), page.locator(".prompt").bounding_box()
    assert notice["y"] + notice["height"] <= prompt["y"]
