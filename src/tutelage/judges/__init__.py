"""Judges of two answers: rules, reward models, stored verdicts. A new judge is one file and one line in the table."""

from __future__ import annotations

import importlib

from tutelage.errors import BadInput
from tutelage.judges.protocol import (
    BothOrders,
    Duel,
    Judge,
    Opinion,
    Preferred,
    Tied,
    in_both_orders,
)

__all__ = ["LOADERS", "BothOrders", "Duel", "Judge", "Opinion", "Preferred", "Tied", "in_both_orders", "load"]

LOADERS: dict[str, str] = {"rule": "rules", "reward": "reward", "head": "reward", "replay": "replay"}


def load(spec: str) -> Judge:
    """A judge from its SPEC: `rule:NAME`, `reward:DIR`, `head:DIR`, `replay:FILE`.

    A judge to whom the order of the sides could matter comes wrapped so that it is asked in both.
    Raises BadInput, MissingExtra.
    """
    kind, _, argument = spec.partition(":")
    if kind not in LOADERS or not argument:
        raise BadInput(
            f"The judge is given as {spec!r}.",
            expected=" or ".join(f"{k}:…" for k in LOADERS),
            remedy="Write the kind before a colon, for example `rule:longer`.",
        )
    module = importlib.import_module(f"{__name__}.{LOADERS[kind]}")
    judge: Judge = module.load(kind, argument)
    return in_both_orders(judge)
