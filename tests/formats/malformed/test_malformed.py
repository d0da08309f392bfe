"""A malformed file gives one error with its place and a remedy, exit code 2, and nothing is written."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tutelage.cli import root
from tutelage.cli.console import run_and_exit

spec = importlib.util.spec_from_file_location("malformed_cases", Path(__file__).with_name("cases.py"))
cases = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = cases
spec.loader.exec_module(cases)


def tree(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def run(argv, capsys):
    """(exit code, stdout, stderr) of the real command line, in this process."""
    with pytest.raises(SystemExit) as stop:
        run_and_exit(root, [str(a) for a in argv])
    said = capsys.readouterr()
    return stop.value.code, said.out, said.err


def import_argv(case, folder):
    joins = ["--join", f"{folder / 'votes.csv'}:pair_id"] if case.file else []
    return ["import", case.make(folder), "--kind", case.kind, "--out", folder / "out", *joins, *case.options]


@pytest.mark.parametrize("case", cases.IMPORTS, ids=lambda c: c.name)
def test_a_malformed_file_gives_one_error_that_names_its_place(case, tmp_path, capsys):
    argv = import_argv(case, tmp_path)
    before = tree(tmp_path)
    code, out, err = run([*argv, "--json"], capsys)
    assert code == 2, err
    assert out == ""
    [line] = err.splitlines()
    error = json.loads(line)
    assert error["error"] == "BadInput"
    assert case.says in error["seen"]
    assert (error["line"], error["field"]) == (case.line, case.field)
    assert error["remedy"]
    assert error["expected"]
    if not (case.field or "").startswith("--map") and case.field not in ("--format", "kind"):
        assert Path(error["file"]) == (tmp_path / case.file if case.file else argv[1])
    assert tree(tmp_path) == before


@pytest.mark.parametrize("case", cases.IMPORTS, ids=lambda c: c.name)
def test_a_person_reads_one_line(case, tmp_path, capsys):
    code, out, err = run(import_argv(case, tmp_path), capsys)
    assert code == 2
    assert out == ""
    assert err.startswith("Error: ")
    assert len(err.splitlines()) == 1
    assert len(err) < 1000


@pytest.mark.parametrize("damage", cases.CORPORA, ids=lambda d: d.name)
def test_a_damaged_corpus_gives_one_error_that_names_its_place(damage, tmp_path, capsys):
    path = cases.damaged(tmp_path, damage)
    before = tree(tmp_path)
    code, out, err = run(["export", path, "--to", "judgments", "--out", tmp_path / "out.jsonl", "--json"], capsys)
    assert code == 2, err
    assert out == ""
    [line] = err.splitlines()
    error = json.loads(line)
    assert damage.says in error["seen"]
    assert error["file"] == str(path / f"{damage.part}.jsonl")
    assert (error["line"], error["field"]) == (damage.line, damage.field)
    assert error["remedy"]
    assert tree(tmp_path) == before


def test_there_are_thirty_malformed_files_and_more():
    assert len(cases.IMPORTS) + len(cases.CORPORA) >= 60


@pytest.mark.parametrize("name", ["UTF-16", "chosen and rejected the same"])
def test_the_installed_command_says_the_same(name, tmp_path):
    """Through a process of its own: exit code 2, one JSON object on stderr, nothing on stdout, nothing written."""
    case = next(c for c in cases.IMPORTS if c.name == name)
    argv = [str(a) for a in import_argv(case, tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "tutelage", *argv, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert case.says in json.loads(done.stderr)["seen"]
    assert not (tmp_path / "out").exists()


def test_what_stands_at_out_is_not_touched_without_force(tmp_path, capsys):
    file = cases.csv()(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    code, _, err = run(["import", file, "--kind", "comparison", "--out", out], capsys)
    assert code == 2
    assert "--force" in err
    assert tree(out) == ["mine.txt"]
