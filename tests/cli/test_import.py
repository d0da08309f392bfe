"""`tutelage import` and `tutelage export`, through the real command line."""

import json

import pytest

from tutelage.cli import root
from tutelage.cli.console import run_and_exit
from tutelage.formats import Corpus

VOTES = "prompt,first,second,pref,who\nQ,a,b,left,ann\nR,c,d,right,bob\nR,c,d,equal,ann\n"


@pytest.fixture
def run(capsys):
    def go(*argv):
        with pytest.raises(SystemExit) as stop:
            run_and_exit(root, [str(a) for a in argv])
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return go


@pytest.fixture
def votes(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(VOTES)
    return path


MAPS = ("--map", "winner=pref", "--map", "judge=who")


def test_import_shows_what_it_read_and_writes_four_files(run, votes, tmp_path):
    code, out, err = run("import", votes, "--kind", "comparison", *MAPS, "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert "2 items, 4 responses, 2 judges, 3 judgments" in out
    assert "the first response wins" in out
    assert "the second response wins" in out
    assert len(Corpus.read(tmp_path / "out").judgments) == 3


def test_a_dry_run_shows_the_same_and_writes_nothing(run, votes, tmp_path):
    code, out, _ = run("import", votes, "--kind", "comparison", *MAPS, "--dry-run")
    assert code == 0
    assert "the second response wins" in out
    assert [p.name for p in tmp_path.iterdir()] == ["votes.csv"]


def test_json_is_one_object_with_counts_notes_and_both_ends(run, votes, tmp_path):
    code, out, err = run("import", votes, "--kind", "comparison", *MAPS, "--out", tmp_path / "out", "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert (said["format"], said["items"], said["judgments"]) == ("columns", 2, 3)
    assert len(said["ends"]) == 3


def test_without_out_one_must_say_that_one_only_looks(run, votes):
    code, _, err = run("import", votes, "--kind", "comparison", *MAPS)
    assert code == 2
    assert "--dry-run" in err


def test_export_says_what_it_left_out(run, votes, tmp_path):
    """R has one vote for the second and one for a tie: split, so it gives no pair."""
    run("import", votes, "--kind", "comparison", *MAPS, "--out", tmp_path / "out")
    code, out, _ = run("export", tmp_path / "out", "--to", "trl-preference", "--out", tmp_path / "p.parquet")
    assert code == 0
    assert "1 rows of trl-preference" in out
    assert "Not carried over: 1 items give no training row (votes are split 1–1)." in out


def test_export_json_is_one_object(run, votes, tmp_path):
    run("import", votes, "--kind", "comparison", *MAPS, "--out", tmp_path / "out")
    code, out, _ = run("export", tmp_path / "out", "--to", "judgments", "--out", tmp_path / "j.jsonl.gz", "--json")
    assert code == 0
    assert json.loads(out)["rows"] == 3


@pytest.mark.parametrize("name", ["import", "export", "schema", "example"])
def test_help_fits_a_screen_and_ends_with_an_example(name, run):
    code, out, _ = run(name, "--help")
    lines = out.rstrip("\n").splitlines()
    assert code == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "tutelage " + name in lines[-1]
