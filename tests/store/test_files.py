"""Writing so that nothing is half there; locks; sizes; the home."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tutelage.errors import BadInput
from tutelage.store import digest_file, digest_path, digest_tree, files, home, locked, size, write_json, write_whole


def test_the_home_is_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTELAGE_HOME", str(tmp_path / "here"))
    assert home() == tmp_path / "here"
    monkeypatch.delenv("TUTELAGE_HOME")
    assert home() == Path.home() / ".local/share/tutelage"


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    """The second value cannot be JSON: it is not a number."""
    write_json(tmp_path / "a.json", {"n": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"n": float("nan")})
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert '"n": 1' in (tmp_path / "a.json").read_text()


def test_a_lock_is_held_by_one_and_shared_by_readers(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with locked(lock) as first, locked(lock, wait=False) as second, locked(lock, shared=True, wait=False) as reader:
        assert (first, second, reader) == (True, False, False)
    with locked(lock, shared=True) as one, locked(lock, shared=True, wait=False) as two:
        assert (one, two) == (True, True)


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    script = "import os, sys; from tutelage.store import locked; from pathlib import Path\n"
    script += "with locked(Path(sys.argv[1])): os._exit(0)"
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path / "lock")]).returncode == 0
    with locked(tmp_path / "lock", wait=False) as ours:
        assert ours


def test_sizes_and_digests_are_those_of_whatever_is_there(tmp_path: Path) -> None:
    write_whole(tmp_path / "d/a", b"123")
    write_whole(tmp_path / "d/sub/b", b"45")
    assert (size(tmp_path / "d"), size(tmp_path / "d/a"), size(tmp_path / "none")) == (5, 3, 0)
    assert digest_path(tmp_path / "d") == digest_tree(tmp_path / "d")
    assert digest_path(tmp_path / "d/a") == digest_file(tmp_path / "d/a")
    with pytest.raises(BadInput, match="no such file or directory"):
        digest_path(tmp_path / "none")


def test_removing_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    files.remove(tmp_path / "none")
