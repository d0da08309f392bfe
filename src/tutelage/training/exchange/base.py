"""The base that an engine trains: a directory it can read, with the adapters of earlier stages merged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tutelage.models.local_text import PLAIN
from tutelage.provenance import Work
from tutelage.provenance.lineage import WORK
from tutelage.records import jsonl

FOLDER = "base"  # of the export, where the base has adapters on it


@dataclass(frozen=True)
class Base:
    """A base before it is handed over.

    spec, digest  as a checkpoint states them; `parent` is the checkpoint on top
    weights       the directory of the untrained weights
    end           the text of the end token; `template` how a model without one is asked
    work          the contributions that its lineage lists, by id
    """

    spec: str
    digest: str
    weights: Path
    end: str
    parent: str | None = None
    merged: bool = False
    work: Mapping[str, Work] = field(default_factory=dict)
    template: str = PLAIN

    def weights_in(self, export: Path) -> Path:
        """The file of the weights that the engine is given."""
        return (export / FOLDER if self.merged else self.weights) / "model.safetensors"


def find(spec: str) -> Base:
    """What a local spec names. Raises BadInput, MissingExtra."""
    from tutelage.models.local_torch import transformers

    transformers()
    from tutelage.models import local_load

    origin = local_load.find(spec)
    listed: list[Work] = []
    if origin.at and (origin.at / WORK).is_file():
        listed = list(jsonl.read(origin.at / WORK, Work))
    above = origin.checkpoint
    asked = f"local:{origin.at.resolve()}" if origin.at and above else origin.spec
    return Base(
        asked, origin.digest, origin.weights, _end(origin.weights), above.digest if above else None,
        bool(above and above.adapters), {w.id: w for w in listed},
    )  # fmt: skip


def put(base: Base, directory: Path, out: Path) -> str:
    """Write the merged base into the export where there is one; returns the path that the recipe names."""
    if not base.merged:
        return str(base.weights.resolve())
    from tutelage.models import local_load

    loaded = local_load.load(base.spec, device="cpu")
    loaded.model.save_pretrained(str(directory / FOLDER), max_shard_size="1000GB")
    loaded.tokenizer.save_pretrained(str(directory / FOLDER))
    for place in (directory / FOLDER).iterdir():
        place.chmod(0o644)  # safetensors writes for its owner alone
    return str(out.resolve() / FOLDER)


def _end(weights: Path) -> str:
    config: dict[str, Any] = json.loads((weights / "tokenizer_config.json").read_text("utf-8"))
    end = config.get("eos_token", "")
    return str(end["content"] if isinstance(end, dict) else end)
