"""Conversations as others write them: plain text, chat messages, Human/Assistant transcripts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.records import Message, Role, decode

HUMAN, ASSISTANT = "\n\nHuman:", "\n\nAssistant:"
_TURN = re.compile(r"\n\n(Human|Assistant):")
ROLES: dict[str, Role] = {
    "user": "user", "human": "user", "prompter": "user", "Human": "user",
    "assistant": "assistant", "gpt": "assistant", "model": "assistant", "bot": "assistant", "Assistant": "assistant",
    "system": "system", "tool": "tool", "function": "tool",
}  # fmt: skip


def conversation(value: Any, role: Role) -> tuple[Message, ...]:
    """Messages from whatever a cell holds. Plain text is one turn of `role`.

    Accepts chat messages (`role`/`content`, `from`/`value`, or our own `role`/`text`), a Human/Assistant
    transcript, and either as a JSON list in text. Raises BadInput naming the turn.
    """
    if isinstance(value, str):
        if is_transcript(value):
            return transcript(value, answered=role == "assistant")
        listed = _listed(value)
        return conversation(listed, role) if listed is not None else (Message(role, decode(str, value)),)
    if isinstance(value, Mapping):
        return (_message(value, 0),)
    if isinstance(value, Sequence):
        return tuple(_message(turn, n) for n, turn in enumerate(value))
    raise BadInput(f"Saw {value!r}.", expected="text or chat messages", remedy="Correct the value.")


def is_transcript(text: Any) -> bool:
    """Whether a text is turns that begin with "Human:" and "Assistant:", as in hh-rlhf.

    Models write a lone "Human:" into their answers; without an empty line before it, or an answer after it, it is text.
    """
    if not isinstance(text, str):
        return False
    return text.startswith(HUMAN) or (text.startswith(HUMAN.lstrip()) and ASSISTANT in text)


def transcript(text: str, *, answered: bool = False) -> tuple[Message, ...]:
    """The turns of a transcript. An empty assistant turn at its end is the place for the answer, not a turn.

    answered  the transcript is known to hold its answer: an empty turn at its end is an empty answer
    """
    whole = text if text.startswith("\n\n") else "\n\n" + text
    parts = _TURN.split(decode(str, whole))[1:]
    turns = [Message(ROLES[who], said.strip()) for who, said in zip(parts[::2], parts[1::2], strict=True)]
    if not answered and turns and turns[-1].role == "assistant" and not turns[-1].text:
        turns.pop()
    return tuple(turns)


def plain(messages: Sequence[Message]) -> str:
    """A conversation as text: one user turn as it is, several as a transcript that `conversation` reads back."""
    if len(messages) == 1:
        return messages[0].text
    system = [m.text for m in messages if m.role == "system"]
    turns = "".join(f"{_LABEL[m.role]} {m.text}" for m in messages if m.role in _LABEL)
    return "\n\n".join(system) + turns + (ASSISTANT if messages[-1].role == "user" else "")


_LABEL: dict[Role, str] = {"user": HUMAN, "assistant": ASSISTANT}


def chat(messages: Sequence[Message]) -> list[dict[str, str]]:
    """A conversation as chat messages: `role` and `content`."""
    return [{"role": m.role, "content": m.text} for m in messages]


def _listed(text: str) -> list[Any] | None:
    """A JSON list of objects, where a cell of a flat file holds one."""
    if not text.startswith("[{"):
        return None
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _message(turn: Any, number: int) -> Message:
    if not isinstance(turn, Mapping):
        raise _bad(f"Saw {turn!r}.", "a chat message", f"[{number}]")
    who = turn.get("role", turn.get("from"))
    if who not in ROLES:
        raise _bad(f"Saw the role {who!r}.", "one of " + ", ".join(sorted(ROLES)), f"[{number}].role")
    said = next((turn[key] for key in ("content", "value", "text") if key in turn), None)
    if not isinstance(said, str):
        raise _bad(f"Saw {said!r}.", "text", f"[{number}].content")
    return Message(ROLES[who], decode(str, said))


def _bad(seen: str, expected: str, field: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy="Correct the value.", where=Where(field=field))
