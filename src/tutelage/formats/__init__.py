"""Importers of what people already have, exporters of what they need next."""

from tutelage.formats.corpus import Corpus, folded, rows
from tutelage.formats.reading import Imported, import_file

__all__ = ["Corpus", "Imported", "folded", "import_file", "rows"]
