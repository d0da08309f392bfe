"""Content-addressed artefacts: write, then rename; keep; collect."""

from tutelage.store.canonical import canonical, digest, digest_file, digest_tree

__all__ = ["canonical", "digest", "digest_file", "digest_tree"]
