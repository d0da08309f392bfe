"""Held-out prompts: what a checkpoint is asked when nobody may have trained on the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tutelage.errors import BadInput, TutelageError, Where
from tutelage.models import Generation
from tutelage.records import Item, Message, decode, jsonl, text_of

Prompt = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One prompt.

    group     prompts of one group are not independent; None means the prompt itself
    language  the language an answer should be in (BCP 47)
    benign    whether a refusal would be wrong
    """

    prompt: tuple[Message, ...]
    group: str | None = None
    language: str = "en"
    benign: bool = True


class Answers(NamedTuple):
    """What a model said to each prompt, with what is needed to judge it."""

    prompts: Sequence[HeldOut]
    generations: Sequence[Generation]

    @property
    def groups(self) -> list[str]:
        """The group of each row: a prompt's own text where it names none."""
        return [p.group if p.group is not None else text_of(p.prompt) for p in self.prompts]


def read(path: Path) -> list[HeldOut]:
    """The prompts of a JSONL file of `Item` records or of `{"prompt": text or messages, …}` lines.

    Raises BadInput with file, line and field.
    """
    found = []
    for line, value in jsonl.objects(path):
        try:
            found.append(_held_out(value))
        except TutelageError as error:
            raise error.at(file=path, line=line) from None
    if not found:
        raise BadInput("There is no prompt.", expected="one a line", remedy="Add some.", where=Where(str(path)))
    return found


def _held_out(value: Any) -> HeldOut:
    if isinstance(value, dict) and value.get("schema") == "item/1":
        item: Item = decode(Item, value)
        return HeldOut(item.messages, item.group, item.language or "en")
    if isinstance(value, dict) and isinstance(value.get("prompt"), str):
        value = value | {"prompt": [{"role": "user", "text": value["prompt"]}]}
    row: HeldOut = decode(HeldOut, value)
    return row


def few(prompts: Sequence[HeldOut], n: int | None, *, rng: np.random.Generator) -> list[HeldOut]:
    """n of the prompts, drawn at random, in their order; all of them where n is None or larger."""
    if n is None or n >= len(prompts):
        return list(prompts)
    return [prompts[i] for i in sorted(rng.choice(len(prompts), n, replace=False))]
