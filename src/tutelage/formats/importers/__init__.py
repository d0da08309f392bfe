"""One module per format that others write. A new one is one file here that holds its `IMPORTERS`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from tutelage.errors import BadInput, Where
from tutelage.formats.importers.protocol import Importer, Request
from tutelage.formats.tables import Table

__all__ = ["Importer", "Request", "detect", "get", "importers"]

FALLBACK = "columns"


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


def detect(table: Table, kind: str, *, mapped: bool = False) -> Importer:
    """The importer that recognises the content best, among those that can make items of this kind.

    mapped  only those that take their texts from a column map
    """
    known = importers().values()
    able = [i for i in known if kind in i.kinds and (i.mapped or not mapped)]
    if not able:
        raise BadInput(
            f"No importer makes items of the kind {kind!r} from these columns.",
            expected="one of " + ", ".join(sorted({k for i in known for k in i.kinds})),
            remedy=f"Write its judgments as `tutelage example {kind}` shows.",
            where=Where(field="--kind"),
        )
    best = max(able, key=lambda i: i.sniff(table))
    other = max(known, key=lambda i: i.sniff(table))
    if best.name == FALLBACK and other.name != FALLBACK and not mapped:
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
