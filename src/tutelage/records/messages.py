"""What is said: messages, attachments, and where a text comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Mapping[str, Any]
Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to a message, named by the SHA-256 of its bytes."""

    digest: str
    media_type: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call an agent made: the tool's name and its arguments as JSON."""

    id: str
    name: str
    arguments: Json = field(hash=False)  # compared, not hashed: JSON objects have no hash


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation or one step of an agent's trajectory."""

    role: Role
    text: str
    attachments: tuple[Attachment, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a record came from: a data set, a file, a model; `row` is its place there."""

    dataset: str
    row: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a model was asked: what is needed to ask it again."""

    model: str
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int | None = None
    seed: int | None = None


def user(text: str) -> tuple[Message, ...]:
    """A conversation of one user turn."""
    return (Message("user", text),)


def assistant(text: str) -> tuple[Message, ...]:
    """A response of one assistant turn."""
    return (Message("assistant", text),)


def text_of(messages: tuple[Message, ...]) -> str:
    """The words of a conversation, turn after turn, without roles."""
    return "\n".join(m.text for m in messages)
