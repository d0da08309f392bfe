"""Judges of two answers: rules, reward models, stored verdicts, models asked. A new judge is one file and one line."""

from __future__ import annotations

import importlib

from tutelage.errors import BadInput
from tutelage.judges.protocol import (
    Because,
    BothOrders,
    Duel,
    Judge,
    Opinion,
    Preferred,
    Quote,
    Tied,
    in_both_orders,
)
from tutelage.judges.rubric import Rubric
from tutelage.judges.setting import Setting

__all__ = [
    "LOADERS", "Because", "BothOrders", "Duel", "Judge", "Opinion", "Preferred", "Quote", "Rubric", "Setting", "Tied",
    "in_both_orders", "load",
]  # fmt: skip

LOADERS: dict[str, str] = {
    "rule": "rules", "reward": "reward", "head": "reward", "replay": "replay", "local": "likelihood",
    "endpoint": "endpoint",
}  # fmt: skip
ASKED = ("local", "endpoint")


def load(spec: str, setting: Setting | None = None) -> Judge:
    """A judge from its SPEC: `rule:NAME`, `reward:DIR`, `head:DIR`, `replay:FILE`, `local:MODEL`, `endpoint:URL#model`.

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
    more = (setting or Setting(),) if kind in ASKED else ()
    judge: Judge = module.load(kind, argument, *more)
    return in_both_orders(judge)
