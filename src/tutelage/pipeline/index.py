"""What has been made: `$TUTELAGE_HOME/stages/<key>.json` leads from a stage's key to its artefact."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutelage.errors import TutelageError
from tutelage.pipeline.keys import config_json
from tutelage.records import decode
from tutelage.store import canonical, digest, files

UNHASHED = "run.json"  # what a stage writes under this name is kept in the index, not in its artefact


@dataclass(frozen=True)
class Made:
    """A finished stage. Times and memory are facts about one run, in no digest."""

    key: str
    stage: str
    version: int
    artefact: str
    config: str  # digest of the configuration
    seconds: float
    peak_rss_bytes: int
    disk_bytes: int
    finished_at: str
    inputs: dict[str, str] = field(default_factory=dict)
    lock: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)  # what the stage's own run.json files said, by path
    schema: str = "stage/1"


class Index:
    """The finished stages of a home, and where unfinished ones work."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def find(self, key: str) -> Made | None:
        """The finished stage of this key; None where there is none, or its entry is damaged."""
        return _read(self.home / "stages" / f"{key}.json")

    def add(self, made: Made) -> None:
        """Record a finished stage: from now on it is never done again."""
        files.write_json(self.home / "stages" / f"{made.key}.json", made)

    def all(self) -> list[Made]:
        """Every finished stage, oldest first."""
        found = (_read(p) for p in (self.home / "stages").glob("*.json"))
        return sorted((m for m in found if m is not None), key=lambda m: m.finished_at)

    def like(self, stage: str, config: Any) -> Made | None:
        """The latest finished stage of this name, one of the same configuration before any other."""
        same_name = [m for m in self.all() if m.stage == stage]
        wanted = digest(config_json(config))
        return next((m for m in reversed(same_name) if m.config == wanted), same_name[-1] if same_name else None)

    def forget_lost(self, present: set[str]) -> int:
        """Drop the entries whose artefact is not among the `present` digests; returns how many."""
        lost = [m for m in self.all() if m.artefact not in present]
        for made in lost:
            (self.home / "stages" / f"{made.key}.json").unlink(missing_ok=True)
        return len(lost)

    def lock_file(self, key: str) -> Path:
        """The file whose lock says that a process is making this stage."""
        return self.home / "locks" / key

    def bench(self, key: str) -> Bench:
        """Where the stage of this key works."""
        return Bench(self.home / "work" / key)

    def sweep(self, *, scratch: bool = False) -> None:
        """Remove what killed processes left: half outputs, and benches of stages that finished.

        scratch  also remove what unfinished stages would resume from
        """
        files.tidy(self.home / "stages")
        for path in (self.home / "work").glob("*"):
            with files.locked(self.lock_file(path.name), wait=False) as ours:
                if not ours:
                    continue
                if scratch or self.find(path.name) is not None:
                    files.remove(path)
                elif not Bench(path).finished.is_file():
                    files.remove(Bench(path).out)


@dataclass(frozen=True)
class Bench:
    """The working directory of one unfinished stage."""

    root: Path

    @property
    def out(self) -> Path:
        """What the stage writes."""
        return self.root / "out"

    @property
    def scratch(self) -> Path:
        """What the stage resumes from."""
        return self.root / "scratch"

    @property
    def finished(self) -> Path:
        """Present from the moment the stage's function has returned: the rest is only putting away."""
        return self.root / "finished.json"

    def clear(self) -> None:
        """An empty `out`, and the scratch of the attempts before this one."""
        files.remove(self.finished)
        files.remove(self.out)
        self.out.mkdir(parents=True)
        self.scratch.mkdir(exist_ok=True)

    def set_aside(self) -> dict[str, Any]:
        """Take every run.json out of what the stage wrote, {path: content}: times have no place in a digest."""
        found = {str(p.relative_to(self.out)): p for p in sorted(self.out.rglob(UNHASHED))}
        facts = {name: json.loads(path.read_bytes()) for name, path in found.items()}
        for path in found.values():
            path.unlink()
        return facts

    def left(self) -> Made | None:
        """The record of a finished stage that was killed before it was put away."""
        return _read(self.finished)

    def finish(self, made: Made) -> None:
        """Say that the function has returned, and what it made."""
        files.write_whole(self.finished, canonical(made))


def _read(path: Path) -> Made | None:
    try:
        return decode(Made, json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TutelageError):
        return None
