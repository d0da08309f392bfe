"""How a task of each kind is completed: by keys alone, and by pointer alone. A new kind adds one line to each table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Page = Any


def press(page: Page, *keys: str) -> None:
    """One key after another; a text in quotes is typed."""
    for key in keys:
        if key.startswith('"'):
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
}
ANSWERS: dict[str, dict[str, Any]] = {
    "comparison": {"type": "prefer", "winner": "second", "strength": 3},  # what is shown as A is the item's second
    "ranking": {"type": "ranking", "ranks": [2, 1, 2]},  # B, then A and C level; shown backwards
    "rating": {"type": "rating", "scores": {"correct": 4, "clear": 5}},
    "demonstration": {"type": "demonstration", "response": [{"role": "assistant", "text": "It is 12."}],
                      "reasoning": "10 % is 8, half of it 4."},
    "classification": {"type": "classification", "labels": ["safe"]},
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


POINTER: dict[str, Callable[[Page], None]] = {
    "comparison": lambda page: click(page, "B slightly"),
    "ranking": _rank,
    "rating": lambda page: page.locator("fieldset").nth(0).get_by_role("button", name="4").click()
    or page.locator("fieldset").nth(1).get_by_role("button", name="Does not apply").click(),
    "demonstration": _write,
    "classification": lambda page: click(page, "unsafe"),
}
