"""The sealed release attacked: a byte flipped, a judgment deleted; and both ways of checking, neither of them ours."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tutelage.web.shared.refusals import Refused
from tutelage.web.tour.models import Tour
from tutelage.web.tour.rules import place

FLIPPABLE = (
    "data/judgments.jsonl.gz", "data/items.jsonl.gz", "receipts.jsonl.gz", "certificate/certificate.json",
    "release.json", "pay.json", "proof/checkpoint", "card.html",
)  # fmt: skip
JUDGMENTS = "data/judgments.jsonl.gz"
AROUND, LONGEST_S, MOST_FAULTS = 8, 300, 6
Tell = Callable[[int, int], None]


def flip(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """One bit of the chosen byte is turned over; the verifier names the file."""
    asked = tour.scenes.get(name="flip").asked
    file, share = str(asked["file"]), float(asked["at"]) / 100

    def change(path: Path) -> dict[str, Any]:
        data = bytearray(path.read_bytes())
        at = min(int(share * len(data)), len(data) - 1)
        was, start = data[at], max(0, at - AROUND)
        data[at] ^= 1
        path.write_bytes(data)
        window = [f"{b:02x}" for b in data[start : at + AROUND + 1]]
        return {"at": at, "size": len(data), "was": f"{was:02x}", "now": f"{data[at]:02x}",
                "before": window[: at - start], "after": window[at - start + 1 :]}  # fmt: skip

    return _tampered(tour, file, change)


def delete(tour: Tour, tell: Tell, now: datetime) -> Mapping[str, Any]:
    """A judgment disappears, neatly: its line is taken out, and the file packed again as if it had never been."""
    wanted = str(tour.scenes.get(name="delete").asked["judgment"])

    def change(path: Path) -> dict[str, Any]:
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        at = next((n for n, line in enumerate(lines) if json.loads(line)["id"] == wanted), None)
        if at is None:
            raise Refused("The sealed release does not hold this judgment.", expected="one made before you sealed",
                          remedy="Seal again, or choose another.")  # fmt: skip
        gone = lines.pop(at)
        path.write_bytes(gzip.compress(b"".join(lines), mtime=0))
        return {"gone": wanted, "row": at + 1, "of": len(lines) + 1, "line": gone.decode().strip()}

    return _tampered(tour, JUDGMENTS, change)


def verify(release: Path, *, by: Path | None = None, explain: str = "") -> dict[str, Any]:
    """What `verify.py` says, in a Python that sees neither our package nor any other.

    by  the release whose verifier and key are used, where this one may have been tampered with
    """
    whole = by or release
    argv = [sys.executable, "-I", "-S", str(whole / "verify.py"), str(release), "--trust",
            str(whole / "keys" / "operator.pub"), *(["--explain", explain] if explain else [])]  # fmt: skip
    done = _run(argv, release)
    said = done.stdout + done.stderr
    faults = [line.strip(" -") for line in said.splitlines() if line.startswith("      - ")]
    return {"ok": done.returncode == 0, "said": said[-6000:], "faults": faults[:MOST_FAULTS],
            "command": "python3 -I verify.py release --trust operator.pub"}  # fmt: skip


def second_route(release: Path) -> list[dict[str, Any]]:
    """The same question put to OpenSSH and coreutils; where a program is not on this machine, that is what is said."""
    signers = "keys/allowed_signers"
    routes = (
        ("ssh-keygen -Y verify -f keys/allowed_signers -I operator -n tutelage-release -s SHA256SUMS.sig < SHA256SUMS",
         ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "operator", "-n", "tutelage-release", "-s",
          "SHA256SUMS.sig"]),
        ("sha256sum -c --quiet SHA256SUMS", ["sha256sum", "-c", "--quiet", "SHA256SUMS"]),
    )  # fmt: skip
    return [{"command": command, **_outside(argv, release)} for command, argv in routes]


def _outside(argv: list[str], release: Path) -> dict[str, Any]:
    if shutil.which(argv[0]) is None:
        return {"ok": None, "said": f"{argv[0]}: not on this machine"}
    done = _run(argv, release, (release / "SHA256SUMS").read_bytes() if argv[0] == "ssh-keygen" else b"")
    return {"ok": done.returncode == 0, "said": (done.stdout + done.stderr).strip()[-2000:]}


def _run(argv: list[str], folder: Path, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=folder, input=given.decode(), capture_output=True, text=True, check=False,
                          timeout=LONGEST_S)  # fmt: skip


def _tampered(tour: Tour, file: str, change: Callable[[Path], dict[str, Any]]) -> Mapping[str, Any]:
    whole = place(tour) / "release"
    with TemporaryDirectory() as scratch:
        copy = Path(scratch) / "release"
        shutil.copytree(whole, copy)
        if not (copy / file).is_file():
            raise Refused(f"The release holds no {file}.", expected="one of its files", remedy="Choose another.")
        what = change(copy / file)
        return {**what, "file": file, "checked": verify(copy, by=whole)}
