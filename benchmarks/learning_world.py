"""The world of `benchmarks/learning.py`: questions a small model can learn, demonstrations by people who err, rewards.

"say 3 animals" is answered well by three different animals, and nothing else. Demonstrations are right about half the
time: one word too many or too few, one of another kind, one twice. So an imitator errs as often, and knows better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tutelage.environments.graders import Task
from tutelage.environments.rewards import Finding, Rewarded
from tutelage.models import local_small
from tutelage.records import DemonstrationRow, assistant, text_of, user
from tutelage.training import SftConfig, sft

KINDS = {
    "animals": "cat dog horse cow pig sheep goat duck",
    "colours": "red blue green black white brown pink grey",
    "foods": "bread rice soup cake egg cheese meat pasta",
    "tools": "saw nail drill axe spade rake file clamp",
    "plants": "oak rose fern moss tulip pine ivy daisy",
    "clothes": "hat coat shoe sock shirt scarf glove dress",
    "metals": "iron copper tin lead zinc nickel steel bronze",
    "weather": "rain snow hail fog wind frost storm sun",
}
WORDS = {kind: words.split() for kind, words in KINDS.items()}
COUNTS = (2, 3, 4, 5)
FORMS = ("say {n} {kind}", "name {n} {kind}")
ERR = 0.55  # share of demonstrations with a slip; about one slip in eight changes nothing that matters
HELD_OUT_CELLS = 8  # of the 32 pairs (kind, count), with both forms
EACH = 20  # demonstrations of every question
SFT = SftConfig(lora_rank=0, lr=3e-3, epochs=5, batch_rows=16, dtype="fp32", device="cpu", save_every_steps=10_000)


def asked(task: Task) -> tuple[int, list[str]]:
    """How many words of which kind."""
    _, n, kind, *_ = text_of(task.prompt).split()
    return int(n), WORDS[kind]


def tasks(seed: int) -> tuple[list[Task], list[Task]]:
    """(to train on, held out): no pair (kind, count) is on both sides."""
    cells = [(kind, n) for kind in WORDS for n in COUNTS]
    out = set(np.random.default_rng([seed, 1]).permutation(len(cells))[:HELD_OUT_CELLS].tolist())
    sides: tuple[list[Task], list[Task]] = ([], [])
    for i, (kind, n) in enumerate(cells):
        for form in FORMS:
            sides[i in out].append(Task(user(form.format(n=n, kind=kind)), "none", group=f"{n} {kind}"))
    return sides


def demonstrated(task: Task, rng: np.random.Generator) -> str:
    """What a person answers, who errs at the rate ERR in one of four ways."""
    n, words = asked(task)
    said = [words[i] for i in rng.permutation(len(words))[: n + 1]]
    if rng.random() >= ERR:
        return " ".join(said[:n])
    at = int(rng.integers(n))
    strange = list(WORDS)[int(rng.integers(len(WORDS)))]
    wrong = {
        0: said, 1: said[: n - 1], 2: [*said[: n - 1], said[at - 1 if n > 1 else 0]],
        3: [*said[:at], WORDS[strange][int(rng.integers(8))], *said[at + 1 : n]],
    }  # fmt: skip
    return " ".join(wrong[int(rng.integers(4))])


class Gold:
    """1 for exactly as many different words of the kind as were asked for and nothing else, otherwise 0."""

    name, digest = "gold", "sha256:say-n-words"

    def grades(self, given: Sequence[Task], answers: Sequence[str]) -> list[Finding]:
        """See `Reward`."""
        return [Rewarded(self.value(*asked(t), a.split())) for t, a in zip(given, answers, strict=True)]

    def value(self, n: int, words: list[str], said: list[str]) -> float:
        """Of one answer."""
        return float(len(said) == n == len(set(said)) and set(said) <= set(words))


class Proxy(Gold):
    """Gold, and 0.3 for every word of the kind that is said: a reward that has come to like long answers."""

    name, digest = "proxy", "sha256:say-n-words-and-more"

    def value(self, n: int, words: list[str], said: list[str]) -> float:
        """Of one answer."""
        return super().value(n, words, said) + 0.3 * sum(word in words for word in said)


def imitator(
    at: Path, seed: int, *, hidden: int = 128, layers: int = 4, each: int = EACH, config: SftConfig = SFT
) -> Path:
    """The supervised start of every run of a seed: its tokenizer, weights and demonstrations are drawn anew."""
    train, _ = tasks(seed)
    rng = np.random.default_rng([seed, 2])
    rows = [
        DemonstrationRow(t.prompt, assistant(demonstrated(t, rng)), (f"demonstration-{i}-{j}",), t.group or "")
        for i, t in enumerate(train) for j in range(each)
    ]  # fmt: skip
    said = [text_of(r.response) for r in rows]
    texts = [
        *(text_of(r.prompt) for r in rows),
        *said,
        *(" " + text for text in said),
    ]  # a word may come first, or later
    base = local_small.make(at / "base", texts, hidden=hidden, layers=layers, vocabulary=700, seed=seed)
    return sft(rows, f"local:{base}", at / "sft", replace(config, seed=seed))
