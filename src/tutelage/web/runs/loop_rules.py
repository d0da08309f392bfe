"""Which recipes may be launched from the platform, and the recipe that a form makes. Values in, decisions out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import resources
from typing import Any

from tutelage.errors import BadInput, Where
from tutelage.gate import Criteria, criteria
from tutelage.pipeline import sources
from tutelage.pipeline.lines import line_of, line_said
from tutelage.pipeline.recipe import Recipe, parse
from tutelage.pipeline.sources.platform import KINDS

RECIPE, CRITERIA = "recipe.toml", "criteria.toml"
SOURCES = (sources.PLATFORM, "simulated")
MOST_TEXT, LONGEST_NAME = 20_000, 120
TEMPLATE = """\
name = {name}
seed = {seed}
base = {base}
arms = [{arms}]
gate = "criteria.toml"      # the criteria beside this recipe

[prompts]
tasks = "starter"           # short tasks that a rule can check
topics = {topics}
held_out = {held_out}              # share of topics that no training stage sees

[sample]
n = {answers}                       # answers a prompt, judged together
max_tokens = {max_tokens}

[judgments]
source = {source}
per_item = {per_item}                # different people an item

[sft]
lora_rank = {rank}
epochs = {epochs}

[reward]
model = {reward}             # head: fast, on vectors; trunk: the language model itself
lora_rank = {rank}

[dpo]
lora_rank = {rank}
beta = {beta}                  # how strongly it is held to the supervised model

[evaluate]
n = 2
best_of = {best_of}
best_of_prompts = {best_of_prompts}
"""


def template(said: Mapping[str, Any]) -> str:
    """The recipe of a form's fields, as TOML."""
    words = {name: quoted(str(said[name])) for name in ("name", "base", "source", "reward")}
    arms = ['"true"', '"permuted"'] if said["control"] else ['"true"']
    return TEMPLATE.format(**{**said, **words, "arms": ", ".join(arms)})


def quoted(text: str) -> str:
    """A TOML string."""
    plain = "".join(c for c in text if c.isprintable())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def starter_criteria() -> str:
    """The criteria that come with Tutelage."""
    return (resources.files("tutelage.pipeline") / "criteria" / "starter.toml").read_text(encoding="utf-8")


def checked(recipe: str, bases: Collection[str], kind: str) -> Recipe:
    """A recipe that this platform runs for a project of that kind. Raises BadInput with line and field.

    bases  SPECs that are offered here. A recipe may name no file and no address: it runs on the platform's machine.
    """
    found = parse(recipe, RECIPE)
    for place, seen, allowed in (
        (("base",), found.base, sorted(bases)),
        (("prompts", "tasks"), found.prompts.tasks, ("starter",)),
        (("demonstrations", "source"), found.demonstrations.source, ("starter",)),
        (("judgments", "source"), found.judgments.source, SOURCES),
        (("gate",), found.gate, ("starter", CRITERIA)),
    ):
        if seen not in allowed:
            raise _refused(f"{'.'.join(place)} is {seen!r}.", " or ".join(allowed), recipe, place)
    if not 0 < len(found.name) <= LONGEST_NAME:
        raise _refused(f"The name has {len(found.name)} letters.", f"1 to {LONGEST_NAME}", recipe, ("name",))
    if found.judgments.source == sources.PLATFORM:
        _asks(found, kind, recipe)
    return found


def _asks(recipe: Recipe, kind: str, text: str) -> None:
    """Raises BadInput where people of such a project cannot be asked for what the run needs."""
    if kind not in KINDS:
        raise _refused(f"This project asks for a {kind}.", "a project of rankings or comparisons", text,
                       ("judgments", "source"))  # fmt: skip
    if kind == "comparison" and recipe.sample.n != 2:
        raise _refused(f"{recipe.sample.n} answers a prompt cannot be put as a pair.", "n = 2: this project compares",
                       text, ("sample", "n"))  # fmt: skip


def _refused(seen: str, expected: str, text: str, place: tuple[str, ...]) -> BadInput:
    return BadInput(seen, expected=expected, remedy="Correct the line.",
                    where=Where(RECIPE, line_of(text, place), ".".join(place)))  # fmt: skip


def criteria_of(text: str) -> Criteria:
    """Criteria from TOML. Raises BadInput with line and field."""
    try:
        return criteria.parse(text.encode(), file=CRITERIA)
    except BadInput as error:
        field = error.where.field or ""
        parts = [int(p) if p.isdecimal() else p for p in field.replace("[", ".").replace("]", "").split(".") if p]
        line = line_of(text, parts) or line_said(error.seen, text)
        raise BadInput(error.seen, expected=error.expected, remedy=error.remedy,
                       where=Where(CRITERIA, line, error.where.field)) from None  # fmt: skip
