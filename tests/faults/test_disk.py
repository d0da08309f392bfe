"""A full disk and a read-only directory: one clear error, nothing half, and the same command goes on."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faults.test_kill import MINIATURE

from tutelage.errors import BadInput
from tutelage.store import writing


def _can_mount() -> bool:
    probe = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    return shutil.which("unshare") is not None and subprocess.run(probe, capture_output=True).returncode == 0


needs_mounts = pytest.mark.skipif(not _can_mount(), reason="needs a user namespace that may mount a tmpfs")


def in_namespace(script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script where it may mount; its mounts go when it ends."""
    return subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True)


def test_a_full_disk_is_one_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"The disk is full: \d+ MB free.*tutelage store gc") as full, writing(tmp_path):
        Path("/dev/full").write_bytes(b"0")
    assert full.value.exit_code == 2


def test_other_errors_of_the_system_are_left_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), writing(tmp_path):
        raise IsADirectoryError(errno.EISDIR, "is a directory")


@needs_mounts
def test_a_disk_that_fills_up_in_a_stage_stops_the_run_clearly_and_room_lets_it_go_on(tmp_path: Path) -> None:
    """The home has 600 kB; the report wants 1 MB; then the same home is given 4 MB."""
    run = f"BLOB_BYTES=1000000 PACE_S=0.001 {sys.executable} {MINIATURE} {tmp_path}/home {tmp_path}/out"
    ended = in_namespace(
        f"mkdir {tmp_path}/home && mount -t tmpfs -o size=600k none {tmp_path}/home && {run}; echo first $?; "
        f"ls -a {tmp_path}/home/store/objects | wc -l; "
        f"mount -o remount,size=4m {tmp_path}/home && {run}; echo second $?"
    )
    assert "first 2" in ended.stdout, ended.stderr
    assert "second 0" in ended.stdout, ended.stderr
    assert "The disk is full" in ended.stderr
    assert "Stage 'report' stopped here; the same command goes on" in ended.stderr
    assert "Traceback" not in ended.stderr


@needs_mounts
@pytest.mark.parametrize("closed", ["home", "out"])
def test_a_read_only_directory_is_named_before_anything_runs(tmp_path: Path, closed: str) -> None:
    ended = in_namespace(
        f"mkdir {tmp_path}/{closed} && mount -t tmpfs -o ro none {tmp_path}/{closed} && "
        f"{sys.executable} {MINIATURE} {tmp_path}/home {tmp_path}/out; echo code $?"
    )
    assert "code 2" in ended.stdout, ended.stderr
    assert f"{tmp_path}/{closed}" in ended.stderr
    assert "Access is refused: Read-only file system" in ended.stderr
    assert "Traceback" not in ended.stderr
