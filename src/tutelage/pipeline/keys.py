"""The key of a stage: equal keys mean equal results, so a result is made once."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from tutelage.pipeline.stage import Stage
from tutelage.records import encode
from tutelage.store import digest


def config_json(config: Any) -> Any:
    """A configuration as JSON: pydantic models, dataclasses and JSON, nested in one another as you like."""
    if hasattr(config, "model_dump"):
        return config.model_dump(mode="json")
    if isinstance(config, Mapping):
        return {str(name): config_json(value) for name, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [config_json(value) for value in config]
    if dataclasses.is_dataclass(config):
        return {f.name: config_json(getattr(config, f.name)) for f in dataclasses.fields(config)}
    return encode(config)


def lock(packages: tuple[str, ...]) -> dict[str, str]:
    """The versions that may change a result: Python's, and those of the named distributions."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"python": python, **{name: _version(name) for name in sorted(set(packages))}}


@cache
def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def stage_key(stage: Stage, inputs: Mapping[str, str], config: Any, seed: int) -> str:
    """Hex digest of everything that decides a stage's result.

    inputs  {name: content digest}
    seed    the stage's own seed, see `stage_seed`
    """
    facts = {
        "stage": stage.name,
        "version": stage.version,
        "inputs": dict(inputs),
        "config": config_json(config),
        "lock": digest(lock(stage.packages)),
        "seed": str(seed),
    }
    return digest(facts).removeprefix("sha256:")


def stage_seed(recipe_seed: int, stage: str) -> int:
    """63 bits from the recipe's seed and the stage's name: independent streams, and equal ones for equal stages."""
    return int.from_bytes(hashlib.sha256(f"{recipe_seed}/{stage}".encode()).digest()[:8], "big") >> 1
