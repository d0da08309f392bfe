"""Where things come from: a checkpoint's lineage, down to the judgments behind it."""

from tutelage.provenance.code import Sealed, code_version
from tutelage.provenance.contributions import Tally, Work, tallies, trace, work_of
from tutelage.provenance.lineage import Lineage, assemble, check, read, write
from tutelage.provenance.tree import to_text

__all__ = [
    "Lineage", "Sealed", "Tally", "Work", "assemble", "check", "code_version", "read", "tallies", "to_text", "trace",
    "work_of", "write",
]  # fmt: skip
