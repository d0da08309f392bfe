"""No page or machine address reads or writes a table itself: it asks `queries` and `actions`, where the door is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "src" / "tutelage" / "web"
SHELLS = ("views.py", "api.py", "tasks.py", "forms.py", "context.py", "middleware.py", "adapters.py")
PAST = {"objects", "_default_manager", "_base_manager"}


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


LEVELS = {"people": 0, "projects": 1, "pay": 2, "proof": 2, "care": 2, "work": 3, "review": 4, "integrity": 4,
          "runs": 5, "tour": 6}  # fmt: skip
ORDER = ("views", "api", "tasks", "forms", "actions", "queries", "models", "rules")


def imported(path: Path) -> set[tuple[str, str]]:
    """(app, module) of every import of an app, wherever in the file."""
    tree, found = ast.parse(path.read_text(encoding="utf-8")), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tutelage.web."):
            parts = (node.module or "").split(".")[2:]
            names = [a.name for a in node.names] if len(parts) == 1 else [parts[1]]
            found |= {(parts[0], name) for name in names if parts[0] in LEVELS}
    return found


@pytest.mark.parametrize("app", LEVELS)
def test_an_app_imports_only_from_its_left(app: str) -> None:
    """people < projects < pay, proof, care < work < review, integrity < runs."""
    wrong = [(path.name, other) for path in (WEB / app).rglob("*.py") if "migrations" not in path.parts
             for other, _ in imported(path) if LEVELS[other] > LEVELS[app]]  # fmt: skip
    assert not wrong


@pytest.mark.parametrize("app", LEVELS)
def test_inside_an_app_views_lead_to_rules_and_never_back(app: str) -> None:
    wrong = []
    for place, name in enumerate(ORDER[3:], 3):  # what answers requests may import all the rest
        for path in [WEB / app / f"{name}.py", *(WEB / app / name).glob("*.py")]:
            if path.exists():
                wrong += [(path.name, m) for other, m in imported(path) if other == app and m in ORDER[:place]]
    assert not wrong
