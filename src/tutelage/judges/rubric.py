"""What "better" means to a judge that is asked in words."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tutelage.errors import BadInput, Where
from tutelage.records import decode
from tutelage.store import digest

PLAIN = "Which answer would the person who asked rather have: correct, to the point, clear and safe?"

EXAMPLE = """\
question = "Which answer would a worried patient be better served by?"

[[criteria]]
id = "correct"
text = "Nothing in it is wrong or dangerous."

[[criteria]]
id = "clear"
text = "A person without training understands what to do next."
"""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing to look at, by its short name."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """The question put to the judge, and what to look at. Its digest is part of who the judge is."""

    question: str = PLAIN
    criteria: tuple[Criterion, ...] = ()
    schema: Literal["rubric/1"] = "rubric/1"

    @property
    def digest(self) -> str:
        """`sha256:…` of its content."""
        return digest(self)

    def text(self) -> str:
        """As it is put to a judge."""
        return "\n".join([self.question, *(f"- {c.id}: {c.text}" for c in self.criteria)])


def read(path: Path) -> Rubric:
    """A rubric from TOML (`question`, `[[criteria]]` with `id` and `text`), or from any other text: the question."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput("This is not UTF-8 text.", expected="a rubric as TOML or plain text", remedy="Convert it.",
                       where=Where(str(path))) from None  # fmt: skip
    if path.suffix != ".toml":
        if not text.strip():
            raise BadInput("The rubric is empty.", expected="what makes an answer better", remedy="Write it.",
                           where=Where(str(path)))  # fmt: skip
        return Rubric(text.strip())
    try:
        found: Rubric = decode(Rubric, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The TOML cannot be read: {error}.", expected="valid TOML", remedy="Correct it.",
                       where=Where(str(path))) from None  # fmt: skip
    except BadInput as error:
        raise error.at(file=path) from None
    return found
