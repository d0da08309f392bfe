"""Sealed releases: a directory that anyone can verify, offline and without this package."""

from tutelage.provenance.release.seal import seal
from tutelage.provenance.release.source import locate

__all__ = ["locate", "seal"]
