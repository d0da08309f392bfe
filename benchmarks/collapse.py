"""Five generations of models that learn from the generation before, with the guard of `tutelage.curation` and without.

    nice -n 15 python benchmarks/collapse.py [--seeds 10] [--draw]

In both arms 60 % of every generation's rows are written by a model and 40 % by people; what the guard does differs:
off    the model before wrote the 60 %, sampled as usual (top-p 0.9), verified by nobody; people's rows are drawn anew
on     sampled at temperature 1, passed by a verifier, each once, out of every generation so far; people's rows are one
       fixed anchor
Two arms more say which part does it: `off, whole` (off, without truncation) and `on, top-p` (on, with truncation).
People: a made-up language of six topics whose words have shares of 1/rank; a rule can verify its sentences.
Figure: tail entropy of what each model writes at temperature 1, by that of generation 0 (people alone), see
`tutelage.curation.tail`. A finished (seed, arm) is appended to the results; a stopped run goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tutelage import curation
from tutelage.curation import Guard, Human, Sampled, Sourced, tail
from tutelage.errors import BadInput
from tutelage.measure import intervals
from tutelage.models import load, local_small
from tutelage.records import DemonstrationRow, Estimate, Grade, Row, Sampling, Scored, assistant, encode, text_of, user
from tutelage.training import SftConfig, sft

RESULTS = Path(__file__).parent / "results" / "collapse.json"
FIGURE = Path(__file__).parents[1] / "docs" / "explain" / "collapse.svg"
ROWS, SYNTHETIC, GENERATIONS, MEASURED = 1_000, 0.6, 5, 2_400
TOPICS, NOUNS, VERBS = ("sea", "wood", "town", "hill", "farm", "sky"), 40, 20
FIRST = SftConfig(lora_rank=0, lr=4e-3, epochs=14, batch_rows=32, dtype="fp32", device="cpu", save_every_steps=10_000)
LATER = replace(FIRST, lr=2e-3, epochs=4)


@dataclass(frozen=True)
class Arm:
    """How a generation's rows are made."""

    guarded: bool
    top_p: float


ARMS = {"off": Arm(False, 0.9), "on": Arm(True, 1.0), "off, whole": Arm(False, 1.0), "on, top-p": Arm(True, 0.9)}


class World:
    """The language: which words a topic has, and how often people use them."""

    name = "grammar of the made-up language"

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        made = [
            a + b + c for a in "bdgklmnprst" for b in ("a", "e", "i", "o", "u") for c in ("ba", "do", "mi", "ru", "ke")
        ]
        words = [made[i] for i in rng.permutation(len(made))]
        words += [w + "n" for w in words]
        size = NOUNS + VERBS
        self.nouns = {t: words[i * size : i * size + NOUNS] for i, t in enumerate(TOPICS)}
        self.verbs = {t: words[i * size + NOUNS : (i + 1) * size] for i, t in enumerate(TOPICS)}
        self.shares = {n: 1 / np.arange(1.0, n + 1) / (1 / np.arange(1.0, n + 1)).sum() for n in (NOUNS, VERBS)}

    def say(self, topic: str, rng: np.random.Generator) -> str:
        """Noun, verb, noun of one topic."""
        first, last = rng.choice(self.nouns[topic], 2, p=self.shares[NOUNS])
        return f"{first} {rng.choice(self.verbs[topic], p=self.shares[VERBS])} {last}"

    def people(self, n: int, rng: np.random.Generator, name: str) -> list[Sourced]:
        """n rows that people wrote."""
        topics = rng.choice(TOPICS, n)
        return [Sourced(row(t, self.say(t, rng), f"{name}-{i}"), Human()) for i, t in enumerate(topics)]

    def grades(self, rows: Sequence[Row]) -> list[Grade]:
        """Whether a sentence is one of its topic: what a verifier can see, who knows every word but not its share."""
        return [
            Scored(float(self._right(text_of(r.prompt).split()[-1], curation.synthetic.answers(r)[0]))) for r in rows
        ]

    def _right(self, topic: str, text: str) -> bool:
        said = text.split(" ")
        if len(said) != 3:
            return False
        return {said[0], said[2]} <= set(self.nouns[topic]) and said[1] in self.verbs[topic]

    def rare(self) -> frozenset[str]:
        """The rarest words, which make up a fifth of what people say: known here, not estimated."""
        shares = [(float(p) * 2 / 3, w) for t in TOPICS for p, w in zip(self.shares[NOUNS], self.nouns[t], strict=True)]
        shares += [(float(p) / 3, w) for t in TOPICS for p, w in zip(self.shares[VERBS], self.verbs[t], strict=True)]
        shares.sort()
        upto = np.cumsum([p for p, _ in shares]) <= tail.TAIL * sum(p for p, _ in shares)
        return frozenset(w for (_, w), within in zip(shares, upto, strict=True) if within)


def row(topic: str, text: str, name: str) -> DemonstrationRow:
    """One sentence about one topic."""
    return DemonstrationRow(user(f"about the {topic}"), assistant(text), (name,), topic)


def train(rows: Sequence[Sourced], base: Path, out: Path, config: SftConfig) -> Any:
    """The model that one generation's rows make of the one before, loaded."""
    given = [r.row for r in rows if isinstance(r.row, DemonstrationRow)]
    return load(f"local:{sft(given, f'local:{base}', out, config)}")


def sampled(policy: Any, n: int, top_p: float, seed: int, generation: int) -> list[Sourced]:
    """n answers of a model, topic after topic."""
    how = Sampling("", temperature=1.0, top_p=top_p, max_tokens=12, seed=seed)
    said = policy.sample([user(f"about the {t}") for t in TOPICS], n=-(-n // len(TOPICS)), sampling=how)
    origin = Sampled(policy.digest, generation)
    rows = [Sourced(row(t, a.text, ""), origin) for t, some in zip(TOPICS, said, strict=True) for a in some]
    return [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))[:n]]


def next_rows(arm: Arm, world: World, state: dict[str, Any], rng: np.random.Generator) -> tuple[list[Sourced], str]:
    """The rows of the next generation, and what the guard says of them."""
    share = round(ROWS * SYNTHETIC)
    generation, seed = state["generation"], int(rng.integers(1 << 30))
    if not arm.guarded:
        people = world.people(ROWS - share, rng, f"g{generation}")
        rows = people + sampled(state["policy"], share, arm.top_p, seed, generation)
        try:
            curation.admit(rows, rng=rng)
        except BadInput as refusal:
            return rows, f"refused: {refusal.seen}"
        return rows, "admitted"
    written = sampled(state["policy"], 2 * share, arm.top_p, seed, generation)
    found = curation.verify(written, world)
    state["pool"] = curation.distinct(state["pool"] + found.passed)
    chosen = [state["pool"][i] for i in rng.permutation(len(state["pool"]))[:share]]
    anchor = state["anchor"]
    guard = Guard(cap=0.0, people=1 - SYNTHETIC - 1e-9, refuse=0.0)
    admitted = curation.admit(anchor + chosen, guard, anchor=[s.row for s in anchor], rng=rng)
    passed = f"{len(found.passed)} of {len(written)} passed the verifier"
    return anchor + chosen, "; ".join((passed, *admitted.warnings))


def figures(policy: Any, world: World, seed: int) -> dict[str, float]:
    """What a model writes at temperature 1."""
    rows = sampled(policy, MEASURED, 1.0, seed, 0)
    texts = [tail.words(curation.synthetic.answers(r.row)[0]) for r in rows]
    right = [g.value for g in world.grades([r.row for r in rows]) if isinstance(g, Scored)]
    return {
        "tail_entropy": tail.tail_entropy(texts, world.rare()), "distinct_2": tail.distinct(texts, 2),
        "self_similarity": tail.similarity(texts), "right": float(np.mean(right)),
    }  # fmt: skip


def first(seed: int, work: Path) -> Path:
    """Generation 0, from people alone: made once a seed, the start of every arm."""
    world, out = World(seed), work / f"{seed}-g0"
    texts = [f"about the {t} {w}" for t in TOPICS for w in (*world.nouns[t], *world.verbs[t])]
    if not (work / f"{seed}-base").exists():
        local_small.make(work / f"{seed}-base", texts, hidden=64, layers=2, vocabulary=1_400, seed=seed)
    train(
        world.people(ROWS, np.random.default_rng([seed, 2]), "g0"),
        work / f"{seed}-base",
        out,
        replace(FIRST, seed=seed),
    )
    return out


def run(seed: int, name: str, work: Path) -> dict[str, Any]:
    """All generations of one arm; every arm of a seed has the same generation 0."""
    arm, world, started = ARMS[name], World(seed), time.process_time()
    at = first(seed, work)
    anchor = world.people(ROWS, np.random.default_rng([seed, 2]), "g0")[: round(ROWS * (1 - SYNTHETIC))]
    state: dict[str, Any] = {"policy": load(f"local:{at}"), "pool": [], "anchor": anchor}
    rng = np.random.default_rng([seed, 3])
    course, said = [figures(state["policy"], world, seed)], []
    for generation in range(1, GENERATIONS + 1):
        state["generation"] = generation
        rows, words = next_rows(arm, world, state, rng)
        found = curation.shares(rows)
        assert abs(found.synthetic - SYNTHETIC) < 1e-9, "the share is the same in every arm"
        out = work / f"{seed}-{list(ARMS).index(name)}-g{generation}"
        state["policy"] = train(rows, at, out, replace(LATER, seed=seed + generation))
        at = out
        course.append(figures(state["policy"], world, seed))
        said.append(words)
    return {
        "seed": seed,
        "arm": name,
        "cpu_s": round(time.process_time() - started, 1),
        "course": course,
        "guard": said,
    }


def kept(runs: Sequence[dict[str, Any]], arm: str, generation: int, key: str = "tail_entropy") -> Any:
    """A figure of one arm by that of generation 0, over seeds."""
    ratios = [r["course"][generation][key] / r["course"][0][key] for r in runs if r["arm"] == arm]
    return intervals.mean(np.array(ratios)) if generation else Estimate(1.0, 1.0, 1.0, "by definition", len(ratios))


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the last generation, each with its interval over seeds."""
    arms = [a for a in ARMS if sum(r["arm"] == a for r in runs) > 1]
    keys = ("tail_entropy", "distinct_2", "self_similarity", "right")
    return {a: {f"{k}_kept": encode(kept(runs, a, GENERATIONS, k)) for k in keys} for a in arms}


def draw(runs: Sequence[dict[str, Any]]) -> None:
    """The curve of every arm, for the page."""
    from _chart import Line, chart

    lines = [
        Line(name, [(g, kept(runs, name, g)) for g in range(GENERATIONS + 1)])
        for name in ARMS if sum(r["arm"] == name for r in runs) > 1
    ]  # fmt: skip
    chart(FIGURE, "Tail entropy kept, by generation", lines, x="generation", y="share of generation 0", rule=0.9)


def main(seeds: int, work: Path, *, only_draw: bool) -> None:
    """Everything that is not in the results yet."""
    there = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"runs": []}
    runs = there["runs"]
    todo = [(s, a) for part in (("off", "on"), ("off, whole", "on, top-p")) for s in range(seeds) for a in part]
    for seed, name in [] if only_draw else todo:
        if any((r["seed"], r["arm"]) == (seed, name) for r in runs):
            continue
        runs.append(run(seed, name, work))
        write(runs, seeds)
        values = [f"{c['tail_entropy']:.3f}" for c in runs[-1]["course"]]
        print(seed, f"{name:<10}", *values, f"{runs[-1]['cpu_s']} s", runs[-1]["guard"][-1][:100], flush=True)
    write(runs, seeds)
    draw(runs)


def write(runs: Sequence[dict[str, Any]], seeds: int) -> None:
    """The results file, whole."""
    RESULTS.write_text(json.dumps({
        "command": f"python benchmarks/collapse.py --seeds {seeds}",
        "conditions": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, 1 thread of "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end",
        "asked": f"at {SYNTHETIC:.0%} synthetic, {GENERATIONS} generations: off loses tail entropy, on keeps 90 %",
        "share_synthetic": SYNTHETIC, "generations": GENERATIONS, "summary": summary(runs), "runs": runs,
    }, indent=1) + "\n")  # fmt: skip


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--draw", action="store_true", help="no runs, the figure alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        main(given.seeds, Path(work), only_draw=given.draw)
