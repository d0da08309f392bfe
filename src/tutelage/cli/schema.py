"""`tutelage schema`: the JSON Schema of anything a user may write."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import click

from tutelage.cli import console
from tutelage.errors import BadInput, Where

# name -> module:attribute, a dataclass, a union of them, or a pydantic model; imported only when asked for
TYPES: dict[str, str] = {
    "item": "tutelage.records:Item",
    "response": "tutelage.records:Response",
    "judge": "tutelage.records:Judge",
    "judgment": "tutelage.records:Judgment",
    "verdict": "tutelage.records:Verdict",
    "row": "tutelage.records:Row",
    "artefact": "tutelage.records:Artefact",
    "estimate": "tutelage.records:Estimate",
    "recipe": "tutelage.pipeline.recipe:Recipe",
    "constitution": "tutelage.judges.constitution.principles:Constitution",
    "criteria": "tutelage.gate.criteria:Criteria",
    "plan": "tutelage.planning.request:Request",
    "rubric": "tutelage.judges.rubric:Rubric",
}


@click.command(options_metavar="", epilog="Example: tutelage schema comparison")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print the JSON Schema of NAME; without a name, list the names.

    A kind's schema is of its items' payload and of its answers.
    """
    if name is None:
        console.say("\n".join(names()))
    else:
        console.emit(schema(name))


def names() -> list[str]:
    """Everything that has a schema: what is installed of the table, and every kind."""
    from tutelage import kinds

    return [name for name, at in TYPES.items() if _is_there(at)] + kinds.names()


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a name. Raises BadInput, listing the names."""
    from tutelage import kinds

    at = TYPES.get(name)
    if at is not None and _is_there(at):
        return _of(find(at))
    if name in kinds.names():
        kind = kinds.get(name)
        return {
            "title": kind.name,
            "description": kind.summary,
            "payload": _of(kind.payload),
            "answer": _of(kind.answers),
        }
    raise unknown(name, names())


def unknown(name: str, known: list[str]) -> BadInput:
    """The error for a name that is not in the list."""
    return BadInput(
        f"There is no {name!r}.",
        expected="one of " + ", ".join(known),
        remedy="Name one of them.",
        where=Where(field="NAME"),
    )


def find(at: str) -> Any:
    """What stands at `module:attribute`."""
    module, _, attribute = at.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _is_there(at: str) -> bool:
    try:
        return importlib.util.find_spec(at.partition(":")[0]) is not None
    except ModuleNotFoundError:
        return False


def _of(type_: Any) -> dict[str, Any]:
    from pydantic import TypeAdapter

    made = TypeAdapter(type_).json_schema()
    closed: dict[str, Any] = _closed(made)
    return closed


def _closed(node: Any) -> Any:
    """The schema with every record closed: our codecs refuse keys they do not know."""
    if isinstance(node, list):
        return [_closed(part) for part in node]
    if not isinstance(node, dict):
        return node
    out = {key: _closed(part) for key, part in node.items()}
    if isinstance(node.get("properties"), dict) and node.get("type") == "object":
        out.setdefault("additionalProperties", False)
    return out
