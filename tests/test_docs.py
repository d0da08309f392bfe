"""The documentation is executed: what a page shows is what happens."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tutelage.cli import COMMANDS, load, root

PROJECT = Path(__file__).parents[1]
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(python|console)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMES = [str(page.relative_to(PROJECT)) for page in PAGES]


def blocks(page: Path, language: str) -> list[str]:
    """Fenced blocks of a page in one language; ` no-run` after the language names one that needs people or hours."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [body for kind, more, body in found if kind == language and "no-run" not in more]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_python_of_a_page_runs_from_top_to_bottom(page: Path, tmp_path: Path) -> None:
    """The blocks of one page share one namespace, as a reader's session would; assertions in them are tests."""
    code = "\n".join(blocks(page, "python"))
    if not code.strip():
        return
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def dialogue(block: str) -> Iterator[tuple[str, str]]:
    """(command, expected output) of each `$ ` line of a console block; a trailing `\\` goes on."""
    for part in re.split(r"^\$ ", block.replace("\\\n", ""), flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_commands_of_a_page_do_what_it_shows(page: Path, tmp_path: Path) -> None:
    """`$ tutelage` and `$ printf` lines run in one directory; each line shown must appear (`…`: anything)."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_COLOR": "1"}
    environment["TUTELAGE_HOME"] = str(tmp_path / "home")
    for block in blocks(page, "console"):
        for command, expected in dialogue(block):
            if not command.startswith(("tutelage ", "printf ")):
                continue
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            said = " ".join((done.stdout + done.stderr).split())
            assert done.returncode in (0, 3, 4), f"{command}: exit {done.returncode}\n{said}"
            for line in filter(None, (" ".join(text.split()) for text in expected.splitlines())):
                pattern = ".*?".join(re.escape(piece.strip()) for piece in line.split("…"))
                assert re.search(pattern, said), f"{command}\nshown: {line}\nsaid: {said}"


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The path of a command and of all its subcommands."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


def every_command() -> list[tuple[str, ...]]:
    """All commands whose module is there."""
    there = root.list_commands(click.Context(root))
    return [(), *(path for name in there for path in commands(load(name), (name,)))]


@pytest.mark.parametrize("path", every_command(), ids=lambda path: " ".join(path) or "tutelage")
def test_help_fits_one_80_by_24_screen_and_ends_with_an_example(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(root, [*path, "--help"], prog_name="tutelage", terminal_width=80)
    lines = shown.output.rstrip().splitlines()
    assert shown.exit_code == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert re.search(r"(?:Example|Start with|e\.g\.).*tutelage " + " ".join(path), shown.output, re.DOTALL)


@pytest.mark.parametrize("path", every_command()[1:], ids=" ".join)
def test_the_example_of_a_command_uses_only_options_it_has(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(root, [*path, "--help"], prog_name="tutelage", terminal_width=80).output
    example = " ".join(shown.partition("Example")[2].lstrip("s:").split())
    words = shlex.split(example.replace("'", " "), comments=True)
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    inner = [load(path[0]).name, *path[1:]]
    known = shown if len(inner) > 1 else shown + str(_all_options(load(path[0])))
    assert not {option for option in options if option not in known}


def _all_options(command: click.Command) -> set[str]:
    own = {flag for parameter in command.params for flag in parameter.opts}
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            own |= _all_options(command.get_command(click.Context(command), name) or click.Command(name))
    return own


@pytest.mark.parametrize("page", sorted((PROJECT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_is_one_page_and_says_what_was_decided(page: Path) -> None:
    """One page is 60 lines of 120 characters; the decision, its reason and its cost come first."""
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert len(text) <= 7200
    assert re.match(r"# \d{4} – ", text)
    assert "Decision" in text


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert not [target for target in local if not (page.parent / target).exists()]


def test_the_status_page_has_a_row_for_every_show_of_the_first_issue() -> None:
    """Shows 1 to 8 of the Spine."""
    rows = re.findall(r"^\| Spine (\d) \|", (PROJECT / "docs" / "status.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == list("12345678")


def test_every_command_of_the_table_is_in_the_documentation() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    there = root.list_commands(click.Context(root))
    assert set(there) <= set(COMMANDS)
    assert not [name for name in there if f"tutelage {name}" not in text]
