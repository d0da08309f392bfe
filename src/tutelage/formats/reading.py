"""From a file that somebody has to a corpus, with everything that was assumed on the way said aloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tutelage import kinds
from tutelage.formats import importers
from tutelage.formats.columns import ColumnMap
from tutelage.formats.corpus import Corpus
from tutelage.formats.entries import build, ids_for, notes_on
from tutelage.formats.joins import Join, join
from tutelage.formats.tables import load


@dataclass(frozen=True, slots=True)
class Imported:
    """A corpus, the importer that made it, and what a person should know before believing it."""

    corpus: Corpus
    format: str
    summary: str
    notes: tuple[str, ...]


def import_file(
    path: Path,
    kind: str,
    *,
    format: str | None = None,  # noqa: A002  the option is called so
    columns: Sequence[str] = (),
    joins: Sequence[str] = (),
    source: str | None = None,
    keep_unusable: bool = False,
) -> Imported:
    """Read a file of judgments. Raises BadInput with file, line and field; writes nothing.

    format         an importer's name; detected by content where None
    columns        `ROLE=COLUMN`, `ROLE=@CONSTANT`, `ROLE:VALUE=MEANING`; see `ColumnMap`
    joins          `FILE:KEY` or `FILE:OURS=THEIRS`; see `join`
    source         the data set's name in every record; the file's stem where None
    keep_unusable  keep what cannot be read as cannot_rate instead of refusing the file
    Ids depend only on the files, so that importing them twice gives the same records.
    """
    kinds.get(kind)
    mapping = ColumnMap.parse(columns)
    wanted = [Join.parse(text) for text in joins]
    table = load(path)
    for spec in wanted:
        table = join(table, spec)
    if format is not None:
        importer = importers.get(format)
    else:
        importer = importers.detect(table, kind, mapped=mapping.states_content)
    importers.must_make(importer, kind)
    entries = importer.entries(importers.Request(table, kind, mapping))
    ids = ids_for([path, *(spec.path for spec in wanted)])
    corpus = build(entries, kind, source or path.name.split(".")[0], ids, keep_unusable=keep_unusable)
    return Imported(corpus, importer.name, importer.summary, tuple(notes_on(corpus)))
