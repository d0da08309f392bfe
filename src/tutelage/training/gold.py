"""Held-out prompts, asked again and again: what the reward says, what people or a rule say, and the KL.

One line of `gold.jsonl` is one held-out prompt at one look:

    {"step": 20, "prompt": 3, "prompt_id": "sha256:…", "proxy": 1.7, "gold": 0.0, "kl": 4.2,
     "tokens": 16, "ended": true, "asked": "…", "answer": "…", "unscored": {"gold": "timeout"}}

step             updates of the policy that answered: step s has learned from the answers of s steps; 0 is the base
prompt           place of the task among the held-out ones; prompt_id its digest
proxy, gold      what the run optimises, what it is meant to serve; null where unscored, with the reason in `unscored`
kl               nats of this answer: log p - log p_ref, summed; it may be negative, the mean estimates the KL

Every look asks the same prompts in the same order with the same noise, so looks are paired by prompt. A run that
goes on after a stop writes the same lines once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutelage.environments.graders import Task
from tutelage.environments.rewards import Reward
from tutelage.records import Unscored, text_of
from tutelage.store import digest

if TYPE_CHECKING:
    from tutelage.training.rollout import Group

FILE = "gold.jsonl"


def lines(step: int, groups: Sequence[Group], kl: Sequence[float], proxy: Reward, gold: Reward) -> list[dict[str, Any]]:
    """The look of step `step` at groups of one answer each; kl (G,) nats."""
    from tutelage.training.rollout import grade  # torch: what reads the file needs none

    found = []
    for a, b, nats in zip(grade(groups, proxy), grade(groups, gold), kl, strict=True):
        (by_proxy,), (by_gold,) = a.answers, b.answers
        findings = {"proxy": by_proxy.finding, "gold": by_gold.finding}
        found.append(
            {"step": step, "prompt": a.index, "prompt_id": identity(a.task), "proxy": by_proxy.reward,
             "gold": by_gold.reward, "kl": nats, "tokens": len(by_proxy.ids), "ended": by_proxy.ended,
             "asked": text_of(a.task.prompt), "answer": by_proxy.text,
             "unscored": {k: f.reason for k, f in findings.items() if isinstance(f, Unscored)}}
        )  # fmt: skip
    return found


def identity(task: Task) -> str:
    """What a held-out prompt is: its digest."""
    return digest(task)


def append(place: Path, found: Sequence[dict[str, Any]]) -> None:
    """Add a look to the file."""
    with place.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in found)


def truncate(place: Path, step: int) -> None:
    """Forget the looks from `step` on: they will be taken again."""
    if not place.is_file():
        return
    kept = []
    for text in place.read_text("utf-8").splitlines(keepends=True):
        if not text.endswith("\n") or json.loads(text)["step"] >= step:
            break
        kept.append(text)
    place.write_text("".join(kept), "utf-8")


def taken(place: Path) -> list[list[dict[str, Any]]]:
    """The looks in the file, each a list of lines; half of a last line, where a stop left one, is no line."""
    if not place.is_file():
        return []
    lines = [json.loads(t) for t in place.read_text("utf-8").splitlines(keepends=True) if t.endswith("\n")]
    return [list(look) for _, look in groupby(lines, key=lambda line: line["step"])]
