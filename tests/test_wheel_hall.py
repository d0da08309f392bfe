"""The wheel alone, without Node, npm or the working copy: every page of the hall, and every file that it names."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from benchmarks.hall_server import free_port

PROJECT = Path(__file__).parents[1]
SEED = """
import json, shutil, sys
from datetime import UTC, datetime
from pathlib import Path
from tutelage.web import serving
assert not shutil.which("node") and not shutil.which("npm")
assert "site-packages" in serving.__file__, serving.__file__
hall = serving.set_up(Path(sys.argv[1]))
from tutelage.web.database import migrating
migrating.migrate(hall / "backups", datetime.now(UTC))
sys.path.insert(0, sys.argv[2])
from tests.web.addresses import pages
from tests.web.worlds import a_world, named
from tutelage.web.people import actions as people
made = a_world(1)
addresses = [address for address, _ in pages(named(made)) if not address.startswith("/organisation/")]
addresses.append(f"/organisation/{made.project.organisation_id}/")
print(json.dumps({"addresses": addresses, "enter": [people.entry_link(u) for u in (made.owner, made.people[0])]}))
"""
NO_PAGE = re.compile(r"/(start|enter|join)/nothing|/tour/|/release\.tar|/releases/1/nothing/|/export/1/file/"
                     r"|/runs/1/(gate|report)/|/log/consistency\.json")  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A python with our wheel and what its `web` extra declares, and an environment with no Node on its path."""
    place = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(place), str(PROJECT)], check=True, cwd=place)
    [wheel] = place.glob("tutelage-*.whl")
    venv.create(place / "env", with_pip=False)
    python = place / "env" / "bin" / "python"
    install = [*pip, "--python", str(python), "install", "--no-compile", "-c", str(PROJECT / "constraints.txt")]
    subprocess.run([*install, f"{wheel}[web]"], check=True, cwd=place)
    (place / "bin").mkdir()
    for name in ("sh", "env"):
        (place / "bin" / name).symlink_to(str(shutil.which(name)))
    return python, {"PATH": f"{python.parent}:{place / 'bin'}", "HOME": str(place), "LANG": "C.UTF-8",
                    "TUTELAGE_HOME": str(place / "home")}  # fmt: skip


@pytest.fixture(scope="module")
def served(installed: tuple[Path, dict[str, str]], tmp_path_factory: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """A hall with work in it, served by the installed command; gives its address and what the seed said."""
    python, env = installed
    hall, port = tmp_path_factory.mktemp("hall"), free_port()
    seeded = subprocess.run([str(python), "-c", SEED, str(hall), str(PROJECT)], text=True, capture_output=True, env=env,
                            cwd=hall, check=False)  # fmt: skip
    assert seeded.returncode == 0, seeded.stderr[-3000:]
    command = [str(python.parent / "tutelage"), "serve", "--port", str(port), "--data", str(hall)]
    log = hall / "said"
    with log.open("w") as out:
        process = subprocess.Popen(command, env=env, cwd=hall, stdout=out, stderr=out)
    try:
        ends = time.monotonic() + 90
        while "Tutelage is at" not in log.read_text():
            assert process.poll() is None and time.monotonic() < ends, log.read_text()
            time.sleep(0.1)
        yield f"http://localhost:{port}", json.loads(seeded.stdout.splitlines()[-1])
    finally:
        process.terminate()
        process.wait(30)
    assert "Traceback" not in log.read_text(), log.read_text()[-3000:]


def browser(base: str, secret: str) -> Any:
    """Somebody who came in by a link."""
    jar = CookieJar()
    found = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    get(found, f"{base}/enter/{secret}")
    token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    sent = urllib.request.Request(f"{base}/enter/{secret}", f"csrfmiddlewaretoken={token}".encode(), {"Referer": base})
    get(found, sent)
    return found


def get(opener: Any, asked: Any) -> tuple[int, str]:
    """Status and text."""
    try:
        with opener.open(asked, timeout=30) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


@pytest.mark.slow
def test_every_page_is_served_from_the_wheel_where_there_is_no_node(served: tuple[str, dict[str, Any]]) -> None:
    """As owner and as contributor: 200 for one of them at least, never 5xx; every style and script is there."""
    base, said = served
    seen: dict[str, set[int]] = {}
    files: set[str] = set()
    for secret in said["enter"]:
        opener = browser(base, secret)
        for address in said["addresses"]:
            status, text = get(opener, base + address)
            seen.setdefault(address, set()).add(status)
            files |= set(re.findall(r'(?:src|href)="(/static/[^"?#]+)', text))
    broken = {address: found for address, found in seen.items() if max(found) >= 500}
    assert not broken
    unseen = [a for a, found in seen.items() if not found & {200, 405} and not NO_PAGE.search(a)]
    assert not unseen, unseen
    assert sum(200 in found for found in seen.values()) > 40
    lost = [name for name in sorted(files) if get(urllib.request.build_opener(), base + name)[0] != 200]
    assert len(files) > 5 and not lost
    assert {name.rpartition(".")[2] for name in files} >= {"js", "css"}
