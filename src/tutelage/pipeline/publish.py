"""Copies of results where people look for them: the run's directory. Each appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tutelage.store import digest_path, files


def publish(artefact: Path, wanted: Mapping[str, str], out: Path) -> None:
    """Copy {path in the artefact: path in `out`}; what is there already and equal is left alone."""
    for inside, name in wanted.items():
        source, target = artefact / inside if inside else artefact, out / name
        if not target.exists() or digest_path(target) != digest_path(source):
            _replace(source, target)


def deliver(source: Path, out: Path) -> None:
    """Put a directory that a stage finished in its scratch into its output, leaving the scratch as it was.

    Links where the disk can: a kill half way costs nothing, since the output is thrown away and the scratch is whole.
    """
    shutil.copytree(source, out, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target


def _replace(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    files.tidy(target.parent)
    partial = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    if source.is_dir():
        shutil.copytree(source, partial, copy_function=shutil.copyfile)
        if target.exists():
            files.remove(target)
    else:
        shutil.copyfile(source, partial)
    partial.rename(target)
