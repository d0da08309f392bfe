"""Where the walk's votes come from: llmfao's real people where it is there, else a simulation that says so."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import numpy as np
from django.conf import settings

from tutelage import kinds
from tutelage.formats.corpus import PARTS, Corpus
from tutelage.pipeline import sceptic
from tutelage.records import AiJudge, Item, Judgment, RankedRow, Response, Simulated, assistant, jsonl, user
from tutelage.web.shared.refusals import Refused

JUDGE, SHORTEST, LEAD, SIDES = "gpt-4", 20, 2, ("first", "second")
SIMULATED, REAL = "simulated", "llmfao"
WORDS = ("river", "stone", "cloud", "lamp", "garden", "winter", "bread", "window", "music", "paper", "harbour", "cedar")


def folder() -> Path | None:
    """Where llmfao lies, if it does."""
    for base in (os.environ.get("TUTELAGE_DATA"), "../shared/data"):
        if base and (Path(base) / "llmfao" / "votes.parquet").is_file():
            return Path(base) / "llmfao"
    return None


def kept() -> Path:
    """The walk's corpus in the data directory: read once, so that its ids stay."""
    return Path(settings.HALL) / "tour" / "votes"


def prepare() -> str:
    """Write the corpus unless it is there; gives what the votes are."""
    real = folder()
    if not (kept() / "judgments.jsonl").exists():
        (sceptic.read_corpus(real, JUDGE) if real else simulated()).write(kept())
    return SIMULATED if any(isinstance(j, Simulated) for j in corpus().judges) else REAL


@lru_cache(maxsize=1)
def corpus() -> Corpus:
    """Pairs, answers, people's votes and the AI judge's verdicts. Raises Refused where nothing was prepared."""
    if not (kept() / "judgments.jsonl").exists():
        raise Refused("The walk's votes are not here.", expected="a data directory made by `make demo`",
                      remedy="Run `tutelage serve --demo`.")  # fmt: skip
    return Corpus.read(kept())


def anew(times: int) -> Corpus:
    """The corpus as its `times`-th import: votes come into the log behind the draw that is to be held against them."""
    whole = corpus()
    if times == 1:
        return whole
    return replace(whole, judgments=tuple(replace(j, id=f"{j.id}.{times}") for j in whole.judgments))


def of_release(place: Path) -> Corpus:
    """The rows of a sealed release, and nothing else."""
    return Corpus(
        **{part: tuple(jsonl.read(place / "data" / f"{part}.jsonl.gz", kind)) for part, kind in PARTS.items()}
    )


@dataclass(frozen=True, slots=True)
class Facts:
    """How much there is. `agreeing`: of two people's votes on one pair, the share that say the same."""

    votes: int
    people: int
    pairs: int
    agreeing: float


@lru_cache(maxsize=1)
def facts() -> Facts:
    """What the walk's votes are, counted."""
    on: dict[str, list[str]] = {}
    for vote in _of_people(corpus()):
        on.setdefault(vote.item_id, []).append(_word(vote))
    same = [a == b for said in on.values() for a, b in combinations(said, 2)]
    people = {vote.judge_id for vote in _of_people(corpus())}
    return Facts(sum(map(len, on.values())), len(people), len(on), sum(same) / max(len(same), 1))


def first(whole: Corpus, left_out: Collection[str] = ()) -> sceptic.Votes:
    """One vote a pair, the first in the order of the log, beside the AI judge's verdict; `ids` are the pairs'."""
    said = _said_by_machine(whole)
    people: dict[str, Judgment] = {}
    for vote in _of_people(whole):
        people.setdefault(vote.item_id, vote)
    pairs = sorted(people.keys() & said.keys() - set(left_out))
    columns = (pairs, [people[i].judge_id for i in pairs], [_word(people[i]) for i in pairs], [said[i] for i in pairs])
    return sceptic.Votes(JUDGE, tuple(pairs), *(np.array(c, dtype=object) for c in columns))


def agreement(whole: Corpus) -> float:
    """The share of all people's votes that the AI judge matches."""
    said = _said_by_machine(whole)
    return float(np.mean([_word(v) == said[v.item_id] for v in _of_people(whole) if v.item_id in said]))


def _machines(whole: Corpus) -> set[str]:
    return {j.id for j in whole.judges if isinstance(j, AiJudge)}


def _of_people(whole: Corpus) -> list[Judgment]:
    machine = _machines(whole)
    return sorted((j for j in whole.judgments if j.judge_id not in machine), key=lambda j: j.id)


def _said_by_machine(whole: Corpus) -> dict[str, str]:
    machine = _machines(whole)
    return {j.item_id: _word(j) for j in whole.judgments if j.judge_id in machine}


def rows(whole: Corpus) -> list[RankedRow]:
    """The ranked pairs that people's votes make, with the ids of the votes in each; ties make none."""
    judges = {j.id: j for j in whole.judges}
    responses = {r.id: r for r in whole.responses}
    on: dict[str, list[Judgment]] = {}
    for judgment in whole.judgments:
        if not isinstance(judges[judgment.judge_id], AiJudge):
            on.setdefault(judgment.item_id, []).append(judgment)
    kind, found = kinds.get("comparison"), []
    for item in whole.items:
        given = on.get(item.id, [])
        made = kind.rows(item, responses, kind.fold(item, given, judges), given) if given else []
        found += [row for row in made if isinstance(row, RankedRow) and len(set(row.ranks)) > 1]
    return found


def merged(one: Corpus, other: Corpus) -> Corpus:
    """Both; what both have is there once."""
    parts = {}
    for name in ("items", "responses", "judgments", "judges"):
        parts[name] = tuple({r.id: r for r in (*getattr(one, name), *getattr(other, name))}.values())
    return Corpus(**parts)


def simulated(groups: int = 26, each: int = 10, people: int = 40) -> Corpus:
    """Votes of nobody: made up where the real ones are not at hand, by simulated judges that no figure counts."""
    rng = np.random.default_rng(7)
    items, responses, judgments = [], [], []
    crowd = [Simulated(f"simulated-{n}", "prefers the reasoned answer on three votes of four") for n in range(people)]
    for g in range(groups):
        for n in range(each):
            place = f"{g}-{n}"
            good = f"The {WORDS[n % 12]} matters because it is {WORDS[(g + n) % 12]}, as everyone can see."
            poor = f"I do not know about the {WORDS[(g * n) % 12]}. Ask somebody else about it ({place})."
            first = bool(rng.integers(2))
            pair = [
                Response(f"r{place}-{k}", assistant(x)) for k, x in enumerate((good, poor) if first else (poor, good))
            ]
            responses += pair
            items.append(Item(f"i{place}", "comparison", user(f"What about the {WORDS[g % 12]}, case {g}?"),
                              responses=(pair[0].id, pair[1].id), group=f"g{g}"))  # fmt: skip
            for k, who in enumerate(rng.choice(people, 4, replace=False)):
                right = bool(rng.random() < 0.75)
                judgments.append(Judgment(f"v{place}-{k}", f"i{place}", crowd[who].id, _said(right == first)))
            judgments.append(Judgment(f"{JUDGE}-{place}", f"i{place}", JUDGE, _said((rng.random() < 0.7) == first)))
    machine = AiJudge(JUDGE, "a coin with a bias", family="simulated")
    return Corpus(tuple(items), tuple(responses), tuple(judgments), (*crowd, machine))


def _said(first: bool) -> dict[str, str]:
    return {"type": "prefer", "winner": "first" if first else "second"}


def _word(judgment: Judgment) -> str:
    return str(judgment.answer.get("winner", judgment.answer["type"]))


def few(whole: Corpus, size: int) -> list[Item]:
    """The shortest pairs of each prompt in turn, both answers said something: a few minutes of a person's reading.

    Only those on which people lean clearly one way, so that each trains a model whatever one more person says of it.
    """
    length = {r.id: sum(len(m.text) for m in r.messages) for r in whole.responses}
    leaning = _leaning(whole)
    spoken = [i for i in whole.items if i.id in leaning and min(length[r] for r in i.responses) > SHORTEST]
    turn: dict[str, int] = {}
    order = []
    for item in sorted(spoken, key=lambda i: (sum(length[r] for r in i.responses), i.id)):
        group = item.group or str(item.messages)
        turn[group] = turn.get(group, 0) + 1
        order.append((turn[group], item))
    return [item for _, item in sorted(order, key=lambda pair: pair[0])[:size]]


def _leaning(whole: Corpus) -> set[str]:
    """Pairs on which one answer leads every other opinion by two votes at least."""
    on: dict[str, Counter[str]] = {}
    for vote in _of_people(whole):
        on.setdefault(vote.item_id, Counter())[_word(vote)] += 1
    ranked = {pair: [*said.most_common(2), ("", 0)] for pair, said in on.items()}
    return {pair for pair, (top, other, *_) in ranked.items() if top[0] in SIDES and top[1] - other[1] >= LEAD}
