"""Our own lints: what ruff and mypy cannot know about this house. `python -m tools.lints src tests`.

Each rule is a class with a docstring that says why it exists, and yields `Finding`s. A rule is read as law by
the next person, so it is small, has tests, and can be argued with in its docstring.
"""

from tools.lints.base import Finding, Source, check, sources
from tools.lints.rules import RULES

__all__ = ["RULES", "Finding", "Source", "check", "sources"]
