"""Content-addressed artefacts: write, then rename; keep; collect."""

from tutelage.store.canonical import canonical, digest, digest_file, digest_path, digest_tree
from tutelage.store.files import home, locked, size, write_json, write_whole, writing
from tutelage.store.local import LocalStore, Pin, Store, Swept, Usage

__all__ = [
    "LocalStore", "Pin", "Store", "Swept", "Usage", "canonical", "digest", "digest_file", "digest_path", "digest_tree",
    "home", "locked", "size", "write_json", "write_whole", "writing",
]  # fmt: skip
