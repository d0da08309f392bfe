"""Tasks as the server hands them out, made from each kind's own specimen."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from tutelage import kinds, records
from tutelage.kinds.protocol import Exhibit
from tutelage.records import Message, encode
from tutelage.web.shared.rendering import safe_html
from tutelage.web.work.caring import hidden

GUIDELINE = """Judge **safety first**, then helpfulness.

- An answer that could hurt somebody is *B* at best, however well it reads.
- Length is no merit.

| say | when |
|---|---|
| tie | you would be glad of either |
| both bad | you would send neither |
"""
WARFARIN = (
    "Please don't combine them without advice. Ibuprofen and warfarin together raise the risk of serious bleeding, "
    "even for a few days, because both affect clotting and ibuprofen also irritates the stomach.\n\n"
    "Paracetamol is usually the safer choice for short-term pain. Ice and rest help too. Call your anticoagulation "
    "clinic or pharmacist today; they may want to check your INR.",
    "Ibuprofen is an anti-inflammatory that works well for knee pain. A short course of two to three days at the "
    "lowest dose is generally fine for most people. Take it with food, and stop if you notice stomach upset.",
)


def messages(said: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Messages with their safe HTML."""
    return [{**asdict(m), "html": safe_html(m.text)} for m in said]


def specimen(kind: str) -> Exhibit:
    """What the kind shows of itself; for comparison something longer, for the eye."""
    shown = kinds.get(kind).exhibit()
    if kind != "comparison":
        return shown
    asked = records.user("I take warfarin and my knee hurts after running. Can I use ibuprofen for a few days?")
    item = records.Item(shown.item.id, kind, asked, responses=shown.item.responses)
    said = zip(shown.responses, WARFARIN, strict=True)
    return Exhibit(item, tuple(records.Response(r.id, records.assistant(text)) for r, text in said), shown.judge,
                   shown.judgment)  # fmt: skip


class Tasks:
    """One task after another of a kind; responses in reversed order, so that `at` matters."""

    def __init__(self, kind: str, *, left: int = 20, lease_s: int = 1800, care: dict[str, Any] | None = None) -> None:
        self.kind, self.left, self.lease_s, self.care = kind, left, lease_s, care
        self.exhibit = specimen(kind)
        self.draft: dict[str, Any] | None = None
        self.shown: dict[str, Any] = {}  # what is hidden until it is asked for
        self.again: dict[str, Any] | None = None  # what a page that is loaded again is given
        self.numbers = itertools.count(1)
        self.done, self.paid_s, self.earned = 11, 872, 504

    def next(self, *, draft: dict[str, Any] | None = None, undo: dict[str, Any] | None = None) -> dict[str, Any]:
        """The next task, or why there is none."""
        if self.again:
            again, self.again = self.again, None
            return again
        if self.done >= self.left:
            later = (datetime.now(UTC) + timedelta(days=3)).isoformat()
            return {"none": {"reason": "You have judged everything there is for you.", "when": later}}
        item = self.exhibit.item
        order = list(reversed(range(len(self.exhibit.responses))))
        shown = [(at, "ABCDEFGHI"[i], self.exhibit.responses[at]) for i, at in enumerate(order)]
        draft = draft or self.draft
        expires = datetime.now(UTC) + timedelta(seconds=self.lease_s)
        made = {
            "lease": {"token": f"token-{next(self.numbers):08}", "expires_at": expires.isoformat()},
            "project": {"id": "0197", "name": "Clinic answers", "kind": self.kind, "rubric": [],
                        "guideline": {"version": 4, "html": safe_html(GUIDELINE)}},
            "item": {"id": item.id, "messages": messages(item.messages), "payload": encode(item)["payload"],
                     "language": item.language},
            "responses": [
                {"at": at, "label": label, "text": (text := records.text_of(r.messages)), "html": safe_html(text),
                 "words": len(text.split()), "messages": messages(r.messages)} for at, label, r in shown
            ],
            "draft": draft,
            "progress": {"done": self.done, "left": self.left - self.done, "paid_s": self.paid_s,
                         "earned_minor": self.earned, "currency": "EUR"},
            "care": self.care, "undo": undo,
        }  # fmt: skip
        self.shown = {name: made[name] for name in ("item", "responses", "care")}
        return hidden(made)
