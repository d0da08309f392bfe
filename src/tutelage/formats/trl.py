"""Training rows in the shapes that TRL's trainers take, standard (text) or conversational (chat messages).

Source: "Dataset formats and types" in TRL's documentation (1.x). Every row also carries `judgments`, the ids of the
judgments in it, which trainers ignore and lineage needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from tutelage.formats.texts import chat, plain
from tutelage.records import DemonstrationRow, LabelledRow, Message, RankedRow, Row

Style = Literal["standard", "conversational"]
Out = dict[str, Any]
Conversation = Sequence[Message]
RENDER: dict[Style, Callable[[Conversation], Any]] = {"standard": plain, "conversational": chat}


def preference(row: Row, style: Style) -> list[Out]:
    """`prompt`, `chosen`, `rejected`: one for each pair that the ranks state."""
    if not isinstance(row, RankedRow):
        return []
    render = RENDER[style]
    said = [render(r) for r in row.responses]
    return [_with({"prompt": render(row.prompt), "chosen": said[a], "rejected": said[b]}, row) for a, b in row.pairs()]


def preference_implicit(row: Row, style: Style) -> list[Out]:
    """`chosen` and `rejected`, each beginning with the prompt."""
    if not isinstance(row, RankedRow):
        return []
    whole = [_joined(row.prompt, said, style) for said in row.responses]
    return [_with({"chosen": whole[a], "rejected": whole[b]}, row) for a, b in row.pairs()]


def unpaired(row: Row, style: Style) -> list[Out]:
    """`prompt`, `completion`, `label`: true above 1/2. A ranked pair gives its better and its worse answer."""
    render = RENDER[style]
    if isinstance(row, LabelledRow):
        labelled = [(row.response, row.score > 0.5)] if row.score != 0.5 else []
    elif isinstance(row, RankedRow):
        sides = {**{b: False for _, b in row.pairs()}, **{a: True for a, _ in row.pairs()}}
        labelled = [(row.responses[i], good) for i, good in sides.items()] if len(row.responses) == 2 else []
    else:
        labelled = [(row.response, True)]
    prompt = render(row.prompt)
    return [_with({"prompt": prompt, "completion": render(said), "label": good}, row) for said, good in labelled]


def prompt_completion(row: Row, style: Style) -> list[Out]:
    """`prompt` and `completion` of a demonstration."""
    if not isinstance(row, DemonstrationRow):
        return []
    return [_with({"prompt": RENDER[style](row.prompt), "completion": RENDER[style](row.response)}, row)]


def language_modelling(row: Row, style: Style) -> list[Out]:
    """`messages`, or `text`, of a demonstration: prompt and answer in one."""
    if not isinstance(row, DemonstrationRow):
        return []
    name = "messages" if style == "conversational" else "text"
    return [_with({name: _joined(row.prompt, row.response, style)}, row)]


def prompt_only(row: Row, style: Style) -> list[Out]:
    """`prompt` alone, of any row."""
    return [_with({"prompt": RENDER[style](row.prompt)}, row)]


def _joined(prompt: Conversation, said: Conversation, style: Style) -> Any:
    if style == "conversational":
        return chat([*prompt, *said])
    # a single turn is written as a transcript here, or nothing would mark where the answer begins
    return plain([*prompt, *said])


def _with(values: Out, row: Row) -> Out:
    return {**values, "judgments": list(row.contributions)}


SHAPES: dict[str, Callable[[Row, Style], list[Out]]] = {
    "trl-preference": preference,
    "trl-preference-implicit": preference_implicit,
    "trl-unpaired": unpaired,
    "trl-prompt-completion": prompt_completion,
    "trl-language-modelling": language_modelling,
    "trl-prompt-only": prompt_only,
}
