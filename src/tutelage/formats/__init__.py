"""Importers of what people already have, exporters of what they need next."""

from tutelage.formats.corpus import Corpus, folded, rows
from tutelage.formats.preview import Example, ends
from tutelage.formats.reading import Imported, import_file
from tutelage.formats.writing import FORMATS, Exported, export

__all__ = ["FORMATS", "Corpus", "Example", "Exported", "Imported", "ends", "export", "folded", "import_file", "rows"]
