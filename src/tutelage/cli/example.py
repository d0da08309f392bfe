"""`tutelage example`: a valid specimen of anything that has a schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

from tutelage.cli import console

# name -> module:attribute holding the text of an example, or a function that returns it
TEXTS: dict[str, str] = {
    "recipe": "tutelage.pipeline.recipe:EXAMPLE",
    "constitution": "tutelage.judges.constitution.default:EXAMPLE",
    "criteria": "tutelage.gate.criteria:EXAMPLE",
    "plan": "tutelage.planning.request:EXAMPLE",
    "rubric": "tutelage.judges.rubric:EXAMPLE",
}


@click.command(options_metavar="", epilog="Example: tutelage example comparison > one.jsonl")
@click.argument("name", required=False)
def command(name: str | None) -> None:
    """Print an example of NAME that can be used as it is; without a name, list the names.

    A kind's example is one judged item, as `import` and `export` write it.
    """
    console.say("\n".join(names()) if name is None else example(name))


def names() -> list[str]:
    """Everything that has an example."""
    from tutelage import kinds

    return [*_records(), *(name for name in TEXTS if _text(name) is not None), *kinds.names()]


def example(name: str) -> str:
    """The example of a name. Raises BadInput, listing the names."""
    from tutelage import kinds
    from tutelage.cli.schema import unknown
    from tutelage.records import jsonl

    text = _text(name)
    if text is not None:
        return text
    if name in _records():
        return json.dumps(json.loads(jsonl.dumps(_records()[name]())), ensure_ascii=False, indent=2)
    if name in kinds.names():
        return jsonl.dumps(_judged(name))
    raise unknown(name, names())


def _text(name: str) -> str | None:
    from tutelage.cli.schema import find

    try:
        found = find(TEXTS[name])
    except (KeyError, ImportError, AttributeError):
        return None
    text: str = found() if callable(found) else found
    return text.rstrip("\n")


def _judged(kind: str) -> Any:
    """One row of the exchange format."""
    from tutelage import kinds
    from tutelage.formats import Corpus
    from tutelage.formats.importers.judgments import judgment_rows

    shown = kinds.get(kind).exhibit()
    return judgment_rows(Corpus((shown.item,), shown.responses, (shown.judgment,), (shown.judge,)))[0]


def _records() -> dict[str, Callable[[], Any]]:
    """Specimens of the records, taken from the comparison's."""
    from tutelage import kinds

    kind = kinds.get("comparison")
    shown = kind.exhibit()
    verdict = kind.fold(shown.item, [shown.judgment], {})
    responses = {r.id: r for r in shown.responses}
    return {
        "item": lambda: shown.item,
        "response": lambda: shown.responses[0],
        "judge": lambda: shown.judge,
        "judgment": lambda: shown.judgment,
        "verdict": lambda: verdict,
        "row": lambda: kind.rows(shown.item, responses, verdict, [shown.judgment])[0],
    }
