"""A constitution: principles, each with what a critic, a reviser and a judge are asked, and who is behind it."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from tutelage.errors import BadInput, TutelageError, Where
from tutelage.judges.constitution.default import EXAMPLE
from tutelage.records import decode, jsonl
from tutelage.records.figures import Figure
from tutelage.store import digest

HEADER = "[[principles]]"


@dataclass(frozen=True, slots=True)
class Support:
    """Who stands behind a principle: how many voted, the share who agree among all and in each group of opinion."""

    voters: int
    everyone: Figure
    groups: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Principle:
    """One thing an answer should be.

    critique    what a critic of an answer is asked
    revision    what a reviser is asked, the critique before it
    preference  the question put to a judge of two answers
    weight      its chance of being drawn, relative to the others
    source      where it comes from;  support: who voted for it, where people did
    """

    id: str
    critique: str
    revision: str
    preference: str
    weight: float = 1.0
    source: str = ""
    support: Support | None = None

    def __post_init__(self) -> None:
        for name in ("id", "critique", "revision", "preference"):
            if not getattr(self, name).strip():
                raise BadInput("It is empty.", expected="text", remedy="Write it.", where=Where(field=name))
        if self.weight <= 0:
            raise BadInput(
                f"The weight is {self.weight:g}.", expected="more than 0", remedy="Leave the principle out instead.",
                where=Where(field="weight"),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Constitution:
    """The principles in force. Its digest is part of whatever was made under it."""

    principles: tuple[Principle, ...]
    title: str = ""
    schema: Literal["constitution/1"] = field(default="constitution/1")

    def __post_init__(self) -> None:
        if not self.principles:
            raise BadInput("There is no principle.", expected=f"one {HEADER} or more", remedy="Write one.",
                           where=Where(field="principles"))  # fmt: skip
        seen: dict[str, int] = {}
        for n, principle in enumerate(self.principles):
            if principle.id in seen:
                raise BadInput(
                    f"The id {principle.id!r} stands at [{seen[principle.id]}] and at [{n}].",
                    expected="every id once", remedy="Rename one.", where=Where(field=f"principles[{n}].id"),
                )  # fmt: skip
            seen[principle.id] = n

    @property
    def digest(self) -> str:
        """`sha256:…` of its content."""
        return digest(self)

    def draw(self, seed: int, about: str, turn: int = 0) -> Principle:
        """A principle by weight. It follows from seed, what it is about and the turn alone: no order of rows matters.

        about  a digest of the content
        """
        content = int.from_bytes(hashlib.sha256(about.encode()).digest()[:8], "big")
        weights = np.array([p.weight for p in self.principles])
        at = np.random.default_rng([seed, content, turn]).choice(weights.size, p=weights / weights.sum())
        return self.principles[int(at)]


def default() -> Constitution:
    """The sixteen principles of `tutelage example constitution`."""
    found: Constitution = decode(Constitution, tomllib.loads(EXAMPLE))
    return found


def read(path: Path) -> Constitution:
    """A constitution from TOML. Raises BadInput naming file, line and field."""
    if not path.is_file():
        raise BadInput("There is no such file.", expected="principles as TOML",
                       remedy="Begin with `tutelage example constitution`.", where=Where(str(path)))  # fmt: skip
    try:
        text = path.read_text(encoding="utf-8")
        given = tomllib.loads(text)
    except UnicodeDecodeError:
        raise BadInput("This is not UTF-8 text.", expected="principles as TOML", remedy="Convert it.",
                       where=Where(str(path))) from None  # fmt: skip
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The TOML cannot be read: {error}.", expected="valid TOML", remedy="Correct it.",
                       where=Where(str(path))) from None  # fmt: skip
    try:
        found: Constitution = decode(Constitution, given)
    except TutelageError as error:
        raise error.at(file=path, line=_line(text, error.where.field or "")) from None
    return found


def _line(text: str, at: str) -> int | None:
    """The line of `principles[n].name`: of the key where it is written, else of the principle's header."""
    number, _, name = at.removeprefix("principles[").partition("]")
    if not at.startswith("principles[") or not number.isdecimal():
        return None
    lines = text.splitlines()
    heads = [n for n, line in enumerate(lines) if line.replace(" ", "").startswith(HEADER)]
    if int(number) >= len(heads):
        return None
    start = heads[int(number)]
    end = heads[int(number) + 1] if int(number) + 1 < len(heads) else len(lines)
    key = name.lstrip(".").partition(".")[0]
    return next((n for n in range(start, end) if key and lines[n].partition("=")[0].strip() == key), start) + 1


def to_toml(constitution: Constitution) -> str:
    """The text that `read` reads back as the same constitution."""
    head = [f"title = {_quoted(constitution.title)}"] if constitution.title else []
    return "\n".join(head + [_principle(p) for p in constitution.principles])


def _principle(principle: Principle) -> str:
    texts: Mapping[str, str] = {k: getattr(principle, k) for k in ("id", "critique", "revision", "preference")}
    lines = ["", HEADER, *(f"{k} = {_quoted(v)}" for k, v in texts.items())]
    lines += [f"weight = {principle.weight!r}"] if principle.weight != 1 else []
    lines += [f"source = {_quoted(principle.source)}"] if principle.source else []
    if principle.support is not None:
        lines.append(f"support.voters = {principle.support.voters}")
        lines.append(f"support.everyone = {_inline(principle.support.everyone)}")
        lines += [f"support.groups = [{', '.join(_inline(f) for f in principle.support.groups)}]"]
    return "\n".join(lines) + "\n"


def _inline(value: object) -> str:
    import json

    given = json.loads(jsonl.dumps(value))
    return _value(given)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_value(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _quoted(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
