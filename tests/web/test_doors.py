"""No page or machine address reads or writes a table itself: it asks `queries` and `actions`, where the door is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "src" / "tutelage" / "web"
SHELLS = ("views.py", "api.py", "tasks.py", "forms.py", "context.py", "middleware.py", "adapters.py")
PAST = {"objects", "_default_manager", "_base_manager", "raw"}


def shells() -> list[Path]:
    """Every module that answers a request or a job."""
    found = [p for p in WEB.glob("*/*.py") if p.name in SHELLS]
    return sorted([*found, *WEB.glob("*/views/*.py"), *WEB.glob("*/api/*.py"), *WEB.glob("*/templatetags/*.py")])


@pytest.mark.parametrize("path", shells(), ids=lambda p: p.relative_to(WEB).as_posix())
def test_a_shell_never_goes_round_the_door(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    past = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in PAST]
    assert not past, f"{path.name}, lines {past}: ask `queries` or `actions` of the app"


@pytest.mark.parametrize("path", shells(), ids=lambda p: p.relative_to(WEB).as_posix())
def test_only_actions_open_transactions(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    opened = [n.lineno for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "atomic"]
    assert not opened, f"{path.name}, lines {opened}: a transaction belongs to an action"
