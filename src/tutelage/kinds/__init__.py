"""One module per kind of question. A new kind is one new module here, and nothing else.

`get("comparison")` is the object named `KIND` in `tutelage.kinds.comparison`; `names()` lists what is there.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys

from tutelage.errors import BadInput, Where
from tutelage.kinds.protocol import AnyKind, Exhibit, Kind, Staged
from tutelage.records import Json

__all__ = ["AnyKind", "Exhibit", "Kind", "Staged", "get", "names", "says"]


def names() -> list[str]:
    """The kinds there are, by name: every module of this package that holds a `KIND`."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if _kind_in(m.name) is not None)


def get(name: str) -> AnyKind:
    """The kind of that name; raises BadInput, listing the names, where there is none."""
    kind = _kind_in(name) if name.isidentifier() and _is_module(f"{__name__}.{name}") else None
    if kind is None:
        raise BadInput(
            f"There is no kind {name!r}.",
            expected="one of " + ", ".join(names()),
            remedy="Name one of them.",
            where=Where(field="kind"),
        )
    return kind


def says(kind: str, answer: Json) -> list[tuple[str, str | None]]:
    """(part, value): what an answer says of each part of its item, in words that are equal where it says the same.

    Agreement is measured over these, and pages count them. "cannot rate" says nothing.
    """
    shared = {"cannot_rate": None, "harmful": "harmful", "withdrawn": None}
    return [("", shared[str(answer["type"])])] if answer.get("type") in shared else get(kind).says(answer)


def _is_module(name: str) -> bool:
    return name in sys.modules or importlib.util.find_spec(name) is not None


def _kind_in(module: str) -> AnyKind | None:
    kind: AnyKind | None = getattr(importlib.import_module(f"{__name__}.{module}"), "KIND", None)
    return kind
