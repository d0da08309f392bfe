"""Rewards: what a policy is trained towards. A new one is one file here and one line in the table.

A reward gives every answer a `Rewarded` (a real number and its parts) or an `Unscored` with its reason; nothing here
turns the second into a 0. This face imports without torch.
"""

from __future__ import annotations

import importlib

from tutelage.environments.rewards.protocol import Finding, Reward, Rewarded, rewarded
from tutelage.errors import BadInput

__all__ = ["LOADERS", "Finding", "Reward", "Rewarded", "load", "rewarded"]

# kind -> the module that loads it, and how a SPEC of it is written
LOADERS: dict[str, tuple[str, str]] = {
    "graders": ("graders", "graders"),
    "reward": ("model", "reward:DIR"),
    "head": ("model", "head:DIR"),
    "ensemble": ("ensemble", "ensemble:DIR,DIR,…[@PENALTY]"),
    "rubric": ("rubric", "rubric:FILE"),
    "mix": ("mix", "mix:FILE"),
}


def load(spec: str) -> Reward:
    """A reward from its SPEC: `graders` (each task's own), `reward:DIR` or `head:DIR` (reward models),
    `ensemble:DIR,DIR,…[@PENALTY]` (several of them), `rubric:FILE` (weighted criteria), `mix:FILE` (a weighted sum).

    Raises BadInput, MissingExtra.
    """
    kind, colon, argument = spec.partition(":")
    module, form = LOADERS.get(kind, ("", ""))
    if not module or bool(colon) != (":" in form) or bool(argument) != bool(colon):
        raise BadInput(
            f"The reward is given as {spec!r}.",
            expected=" or ".join(form for _, form in LOADERS.values()),
            remedy="Write the kind before a colon, for example `reward:rm/`, or `graders` alone.",
        )
    found: Reward = importlib.import_module(f"{__name__}.{module}").load(kind, argument)
    return found
