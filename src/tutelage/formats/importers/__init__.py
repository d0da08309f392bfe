"""One module per format that others write. A new one is one file here that holds its `IMPORTERS`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from tutelage.errors import BadInput, Where
from tutelage.formats.importers.protocol import Importer, Request
from tutelage.formats.tables import Table

__all__ = ["Importer", "Request", "detect", "get", "importers"]


@cache
def importers() -> dict[str, Importer]:
    """Every importer, by name."""
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    found: list[Importer] = [importer for m in modules for importer in getattr(m, "IMPORTERS", ())]
    return {importer.name: importer for importer in found}


def get(name: str) -> Importer:
    """The importer of that name; raises BadInput, listing the names."""
    known = importers()
    if name not in known:
        raise BadInput(
            f"There is no format {name!r}.",
            expected="one of " + ", ".join(sorted(known)),
            remedy="Correct --format, or leave it out to have it detected.",
            where=Where(field="--format"),
        )
    return known[name]


def detect(table: Table, kind: str) -> Importer:
    """The importer that recognises the content best, among those that can make items of this kind."""
    able = [i for i in importers().values() if kind in i.kinds]
    if not able:
        raise BadInput(
            f"No importer makes items of the kind {kind!r}.",
            expected="one of " + ", ".join(sorted({k for i in importers().values() for k in i.kinds})),
            remedy="Write items, responses, judges and judgments as JSONL yourself: see `tutelage schema item`.",
            where=Where(field="--kind"),
        )
    sure = {i.name: i.sniff(table) for i in importers().values()}
    best = max(able, key=lambda i: sure[i.name])
    other = max(importers().values(), key=lambda i: sure[i.name])
    if sure[other.name] > sure[best.name] and sure[other.name] >= 0.9 and best.name == "columns":
        raise BadInput(
            f"This looks like {other.name}, which holds no {kind}.",
            expected=f"--kind {' or --kind '.join(other.kinds)}",
            remedy="Correct --kind, or say where things are with --map.",
            where=Where(str(table.path)),
        )
    return best


def must_make(importer: Importer, kind: str) -> None:
    """Raise BadInput where the importer makes no items of the kind."""
    if kind not in importer.kinds:
        raise BadInput(
            f"The format {importer.name} holds no {kind}.",
            expected="--kind " + " or ".join(importer.kinds),
            remedy="Correct --kind or --format.",
            where=Where(field="--kind"),
        )
