"""What a kind is: how one sort of question is written down, checked, folded and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from tutelage.records import Item, Json, Judge, Judgment, Response, Row, Verdict

A_co = TypeVar("A_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A complete, valid specimen of a kind: shown by `tutelage example`, used by every test of the kind."""

    item: Item
    responses: tuple[Response, ...]
    judge: Judge
    judgment: Judgment


class Kind(Protocol[A_co]):
    """One module of `tutelage.kinds` holds one of these under the name `KIND`, and nothing else must change.

    name     the module's own name
    summary  one line: what is asked
    answers  the type of an answer: a frozen dataclass, or a union of them told apart by `type`
    payload  the type of `item.payload`
    """

    name: str
    summary: str
    answers: Any
    payload: Any

    def check_item(self, item: Item, responses: Mapping[str, Response]) -> None:
        """Raise BadInput, naming the field, unless this is a complete item of the kind."""
        ...

    def parse_answer(self, item: Item, answer: Json) -> A_co:
        """The typed answer; raises BadInput naming the field."""
        ...

    def fold(self, item: Item, judgments: Sequence[Judgment], judges: Mapping[str, Judge]) -> Verdict:
        """What the judgments amount to. Superseded and withdrawn ones are ignored; disagreement is kept."""
        ...

    def says(self, answer: Json) -> list[tuple[str, str | None]]:
        """(part, value): what an answer of this kind says, part by part, so that two of them can be held together.

        part "" is the item itself; value None where nothing is said. Asked by `kinds.says`, which knows the answers
        that every kind shares. Raises KeyError where it is none of the kind's.
        """
        ...

    def rows(
        self, item: Item, responses: Mapping[str, Response], verdict: Verdict, judgments: Sequence[Judgment]
    ) -> list[Row]:
        """The training rows of a verdict, with the ids of the judgments in them; [] where it supports none."""
        ...

    def exhibit(self) -> Exhibit:
        """A specimen."""
        ...


@runtime_checkable
class Staged(Protocol):
    """A kind in which one person's answer is what others are asked about next: a problem, then its blind solves."""

    def follows(self, item: Item) -> int:
        """How many others are asked about an answer to this item."""
        ...

    def asked_about(self, item: Item, judgment: Judgment) -> Item:
        """The item as they are shown it: what that judgment made, and nothing of it that would tell them."""
        ...


AnyKind = Kind[Any]
