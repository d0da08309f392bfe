"""Beyond this machine: data sets for other engines, and the weights that come back, with whose work is in them.

    export(dataset, engine, out, base=…)   a directory that TRL, OpenRLHF or verl trains from
    checkin(directory, run)                what was trained there becomes a checkpoint of ours

This face imports without torch.
"""

from __future__ import annotations

from pathlib import Path

from tutelage.models.checkpoint import Checkpoint
from tutelage.training.exchange.outward import CONFIGS, ENGINES, Sent, export, method_for, methods

__all__ = ["CONFIGS", "ENGINES", "Sent", "checkin", "export", "method_for", "methods"]


def checkin(directory: Path, run: Path, out: Path | None = None) -> tuple[Checkpoint, bool]:
    """The checkpoint that a peft adapter or full weights become, and whether its lineage is whole.

    run  the exported directory that it was trained from, or a run that holds one
    out  where to; None writes beside the weights
    Raises BadInput, naming the file, where base, data or weights do not fit; MissingExtra.
    """
    from tutelage.models.local_torch import transformers

    transformers()
    from tutelage.training.exchange import inward

    return inward.checkin(directory, run, out)
