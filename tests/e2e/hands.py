"""How a task of each kind is completed: by keys alone, and by pointer alone. A new kind adds one line to each table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutelage import kinds

Page = Any


def press(page: Page, *keys: str) -> None:
    """One key after another; `"…` is typed, `…` waits for an answer."""
    for key in keys:
        if key == "…":
            page.wait_for_timeout(400)
        elif key.startswith('"'):
            page.keyboard.type(key[1:])
        else:
            page.keyboard.press(key)


def click(page: Page, *names: str) -> None:
    """Buttons by their beginning names."""
    for name in names:
        page.get_by_role("button", name=name).first.click()


KEYS: dict[str, tuple[str, ...]] = {
    "comparison": ("1", "Control+Enter"),
    "ranking": ("Alt+ArrowDown", "j", "2", "Control+Enter"),
    "rating": ("4", "5", "Control+Enter"),
    "demonstration": ('"It is 12.', "Tab", '"10 % is 8, half of it 4.', "Control+Enter"),
    "classification": ("1", "Control+Enter"),
    "spans": (*["ArrowRight"] * 5, "1", "Control+Enter"),
    "trajectory": ("1", "3", "3", "Control+Enter"),
    "fact_check": ("e", '"handbook', "Escape", "q", '"water boils at 100 °C', "Escape", "1", "Control+Enter"),
    "dialogue": ("2", "n", "4", "Control+Enter"),
    "problem": ('"What is 3 + 4?', "Tab", '"7', "Tab", '"3 and 4 make 7.', "Escape", "2", "Control+k", "…",
                "Control+Enter"),
}  # fmt: skip
ANSWERS: dict[str, dict[str, Any]] = {
    "comparison": {"type": "prefer", "winner": "second", "strength": 3},  # what is shown as A is the item's second
    "ranking": {"type": "ranking", "ranks": [2, 1, 2]},  # B, then A and C level; shown backwards
    "rating": {"type": "rating", "scores": {"correct": 4, "clear": 5}},
    "demonstration": {"type": "demonstration", "response": [{"role": "assistant", "text": "It is 12."}],
                      "reasoning": "10 % is 8, half of it 4."},
    "classification": {"type": "classification", "labels": ["safe"]},
    "spans": dict(kinds.get("spans").exhibit().judgment.answer),
    "trajectory": {"type": "trajectory", "labels": ["good", "bad"], "first_error": 1, "outcome": "failure"},
    "fact_check": {"type": "fact_check", "claims": [
        {"start": 0, "end": 34, "text": "Water boils at 100 °C at sea level", "verdict": "supported",
         "source_state": "live", "source": "handbook", "quote": "water boils at 100 °C"}]},
    "dialogue": {"type": "turns", "turns": [2, None], "overall": 4},
    "problem": {"type": "problem", "prompt": [{"role": "user", "text": "What is 3 + 4?"}], "answer": "7",
                "solution": "3 and 4 make 7.", "grader": {"name": "number", "parameters": {}}, "use": "held_out",
                "check": {"type": "scored", "value": 1, "evidence": {"got": 7, "want": 7}}},
}  # fmt: skip


def _rank(page: Page) -> None:
    page.get_by_role("button", name="Move A down").click()
    grip = page.locator(".order > li").nth(2).locator(".grip").bounding_box()
    top = page.locator(".order > li").nth(0).bounding_box()
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(top["x"] + 50, top["y"] + 10, steps=8)
    page.mouse.up()


def _write(page: Page) -> None:
    page.get_by_label("The answer a model should give").fill("It is 12.")


def _drag(page: Page, place: str, start: int, end: int) -> None:
    """Select characters of a text as one does with the pointer."""
    box = page.evaluate("""([place, start, end]) => {
        const range = document.createRange();
        const text = [...document.querySelector(place).querySelector("span").childNodes].find(n => n.nodeType === 3);
        range.setStart(text, start); range.setEnd(text, end);
        const r = range.getBoundingClientRect();
        return [r.left, r.right, (r.top + r.bottom) / 2]; }""", [place, start, end])  # fmt: skip
    page.mouse.move(box[0] + 1, box[2])
    page.mouse.down()
    page.mouse.move(box[1] - 1, box[2], steps=6)
    page.mouse.up()


def _mark(page: Page) -> None:
    _drag(page, ".marking", 0, 6)
    click(page, "wrong")


def _walk(page: Page) -> None:
    for step in (0, 1):
        page.get_by_role("button", name="Good").nth(step).click()
    click(page, "Success")


def _rate_turns(page: Page) -> None:
    for group, rating in (("Turn 1", "3"), ("Turn 2", "Not on its own"), ("Overall", "5")):
        page.get_by_role("group", name=group).get_by_role("button", name=rating).click()


def _check(page: Page) -> None:
    page.get_by_text("select words to quote them").scroll_into_view_if_needed()
    _drag(page, ".document .marking", 0, 20)
    click(page, "Supported")


def _author(page: Page) -> None:
    for label, text in (("The problem", "What is 3 + 4?"), ("Its answer", "7"), ("The solution", "It is 7.")):
        page.get_by_label(label).fill(text)
    click(page, "For training", "Try it")
    page.get_by_text("✓ The grader passes your answer.").wait_for()


POINTER: dict[str, Callable[[Page], None]] = {
    "comparison": lambda page: click(page, "B slightly"),
    "ranking": _rank,
    "rating": lambda page: (
        page.locator("fieldset").nth(0).get_by_role("button", name="4").click()
        or page.locator("fieldset").nth(1).get_by_role("button", name="Does not apply").click()
    ),
    "demonstration": _write,
    "classification": lambda page: click(page, "unsafe"),
    "spans": _mark,
    "trajectory": _walk,
    "fact_check": _check,
    "dialogue": _rate_turns,
    "problem": _author,
}
