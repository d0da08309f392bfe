"""The column map: which column plays which role, which constant stands for one, and what its values mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tutelage.errors import BadInput, Where
from tutelage.formats.tables import Record, Table

# role -> names under which a column is recognised without being mapped, the first being the role itself
CONTENT: dict[str, tuple[str, ...]] = {
    "prompt": ("question", "instruction", "query", "input"),
    "first": ("response_a", "response_1", "response1", "answer_a", "output_1", "response_x"),
    "second": ("response_b", "response_2", "response2", "answer_b", "output_2", "response_y"),
    "winner": ("preference", "preferred", "choice", "label", "vote"),
    "strength": (),
    "response": ("answer", "completion", "output", "text"),
    "score": ("rating", "grade"),
    "scale": (),
    "label": ("class", "category"),
    "responses": ("answers", "completions", "outputs"),
    "ranks": ("ranking", "rank"),
    "reasoning": ("rationale", "thinking"),
}
BESIDE: dict[str, tuple[str, ...]] = {
    "system": ("system_prompt",),
    "judge": ("worker", "annotator", "rater", "judge_id", "worker_id", "annotator_id", "user_id"),
    "judge_type": (),
    "reason": ("comment", "explanation"),
    "item": ("item_id", "pair_id", "task_id"),
    "judgment": ("judgment_id",),
    "group": ("topic",),
    "split": (),
    "first_author": ("model_a", "model_x"),
    "second_author": ("model_b", "model_y"),
    "author": ("model",),
    "language": ("lang",),
    "domain": (),
    "licence": ("license",),
    "active_s": ("seconds", "lead_time"),
    "at": ("timestamp", "created_at"),
    "guideline_version": (),
    "inclusion_probability": (),
}
ROLES = {**CONTENT, **BESIDE}
_MEANING = re.compile(r"([a-z_]+):(.*)=([^=]+)", re.DOTALL)
_COLUMN = re.compile(r"([a-z_]+)=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """columns: role -> columns; constants: role -> text; meanings: role -> value in the file -> our word."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, texts: Sequence[str]) -> ColumnMap:
        """From `ROLE=COLUMN`, `ROLE=COLUMN,COLUMN`, `ROLE=@CONSTANT` and `ROLE:VALUE=MEANING`."""
        columns: dict[str, tuple[str, ...]] = {}
        constants: dict[str, str] = {}
        meanings: dict[str, dict[str, str]] = {}
        for text in texts:
            if found := _MEANING.fullmatch(text):
                role, value, meaning = found.groups()
                meanings.setdefault(role, {})[value] = meaning
            elif found := _COLUMN.fullmatch(text):
                role, named = found.groups()
                if named.startswith("@"):
                    constants[role] = named[1:]
                else:
                    columns[role] = tuple(named.split(","))
            else:
                raise _bad(f"Saw {text!r}.", "ROLE=COLUMN, ROLE=@CONSTANT or ROLE:VALUE=MEANING")
            if role not in ROLES:
                raise _bad(f"There is no role {role!r}.", "one of " + ", ".join(ROLES))
        return cls(columns, constants, meanings)

    @property
    def states_content(self) -> bool:
        """Whether it says where prompts, answers or votes are, so that no format need be detected."""
        return any(role in CONTENT for role in (*self.columns, *self.constants))

    def for_table(self, table: Table, roles: Iterable[str]) -> ColumnMap:
        """With each of `roles` that was not mapped taken from a column of a known name; mapped columns are checked."""
        for role, named in self.columns.items():
            for column in named:
                if column not in table.columns:
                    where = Where(str(table.path), 1 if table.records[0].place.line is not None else None, column)
                    raise BadInput(
                        f"There is no column `{column}` for {role}.",
                        expected="one of " + ", ".join(table.columns),
                        remedy="Correct --map.",
                        where=where,
                    )
        taken = {column for named in self.columns.values() for column in named}
        columns = dict(self.columns)
        for role in roles:
            if role in columns or role in self.constants:
                continue
            known = next((a for a in (role, *ROLES[role]) if a in table.columns and a not in taken), None)
            if known is not None:
                columns[role] = (known,)
                taken.add(known)
        return ColumnMap(columns, self.constants, self.meanings)

    def column(self, role: str) -> str | None:
        """The first column of a role, if it has one."""
        named = self.columns.get(role)
        return named[0] if named else None

    def has(self, role: str) -> bool:
        """Whether the role is filled, by a column or a constant."""
        return role in self.columns or role in self.constants

    def text(self, record: Record, role: str) -> str | None:
        """The text that fills a role in this row, in our words; None where nothing does."""
        named = self.columns.get(role)
        value = record.optional_text(named[0]) if named else self.constants.get(role)
        meanings = self.meanings.get(role)
        return meanings.get(value or "", value) if meanings else value

    def number(self, record: Record, role: str) -> float | None:
        """The number that fills a role in this row; None where nothing does."""
        column = self.column(role)
        if column is None or record.values.get(column) in (None, ""):
            return None
        return record.number(column)


def _bad(seen: str, expected: str) -> BadInput:
    return BadInput(seen, expected=expected, remedy="Correct --map.", where=Where(field="--map"))
