"""Constitutional AI as data to train on: a model's revisions and labels beside people's work, in a stated ratio.

A directory of revisions or of pairs holds `train.jsonl` and `origins.jsonl` (every row is a model's), the contributions
with their AI judges, and what was unusable. A mix joins it with people's rows; any method learns from it, its lineage
counts people and models apart, and the guard against collapse (`tutelage.curation`) is asked again by training.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tutelage import curation, provenance
from tutelage.curation import Guard, Human, Sampled, Shares, Sourced
from tutelage.errors import BadInput, Where
from tutelage.formats import Corpus
from tutelage.formats.corpus import refuse_to_overwrite
from tutelage.judges.constitution import Chain, Constitution, Label, pairs, to_toml
from tutelage.judges.protocol import Duel
from tutelage.measure import mean
from tutelage.models import Policy, Prompt, RewardModel
from tutelage.records import (
    AiJudge,
    Artefact,
    DemonstrationRow,
    Figure,
    Item,
    Json,
    Judge,
    Judgment,
    RankedRow,
    Response,
    Row,
    Undefined,
    assistant,
    decode,
    jsonl,
)
from tutelage.store import digest, digest_path
from tutelage.training.dataset import read_rows

FILE = "constitution.toml"
MIX = "mix.json"
LICENCE = "unknown"
PARTS = 10**6  # weights are cut to millionths, downwards: a share never exceeds what was asked for


@contextmanager
def _made(out: Path, mark: str) -> Iterator[Path]:
    """A directory that appears whole; one that holds `mark` (ours, made before) is replaced."""
    refuse_to_overwrite(out, force=(out / mark).is_file())
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def demonstrations(
    chains: Sequence[Chain], judge: AiJudge, *, generation: int = 1
) -> tuple[list[Sourced], list[Artefact]]:
    """The last usable revision of each chain as a row to imitate and as an artefact that names model and principles."""
    rows, works = [], []
    for chain in chains:
        if chain.revised is None:
            continue
        content = {"draft": chain.draft.digest, "principles": list(chain.principles), "seed": chain.steps[0].seed,
                   "constitution": chain.steps[0].constitution, "text": chain.revised}  # fmt: skip
        name = _name(judge.id, content)
        works.append(Artefact(name, "demonstration", judge.id, content, LICENCE))
        row = DemonstrationRow(chain.draft.prompt, assistant(chain.revised), (name,), digest(chain.draft.prompt))
        rows.append(Sourced(row, Sampled(str(judge.revision), generation)))
    return rows, works


def write_revisions(out: Path, chains: Sequence[Chain], constitution: Constitution, judge: AiJudge) -> int:
    """Rows, artefacts, every round with its outcome, and the pairs (answer, revision) a judge can be asked about.

    Returns how many rows. The sides of a pair are dealt by its content: neither is always the revision.
    """
    rows, works = demonstrations(chains, judge)
    with _made(out, FILE) as partial:
        curation.write(partial, rows)
        jsonl.write(partial / "revisions.jsonl", [s for c in chains for s in c.steps])
        jsonl.write(partial / "pairs.jsonl", [_pair(c) for c in chains if c.revised is not None])
        jsonl.write(partial / "artefacts.jsonl", works)
        jsonl.write(partial / "judgments.jsonl", [])
        jsonl.write(partial / "judges.jsonl", [judge] if works else [])
        (partial / FILE).write_text(to_toml(constitution), "utf-8")
    return len(rows)


def _pair(chain: Chain) -> Json:
    before = chain.steps[0].before
    sides = [before, str(chain.revised)]
    if int(chain.draft.digest[-1], 16) % 2:
        sides.reverse()
    return {"item": chain.draft.digest, "prompt": chain.draft.prompt[-1].text, "first": sides[0], "second": sides[1]}


def write_pairs(
    out: Path, duels: Sequence[Duel], labels: Sequence[Label], judges: Sequence[AiJudge], constitution: Constitution
) -> int:
    """Labelled pairs as soft rows and as judgments of AI judges; `labels.jsonl` also holds what has no label.

    Returns how many rows.
    """
    found = [(d, x, pairs.row(d, x, _name(x.judge, x))) for d, x in zip(duels, labels, strict=True)]
    kept = [(d, x, r) for d, x, r in found if r is not None]
    digests = {j.id: str(j.revision or j.prompt_hash) for j in judges}
    corpus = Corpus(
        tuple(Item(d.item, "comparison", d.prompt, responses=_sides(d)) for d, _, _ in kept),
        tuple(
            Response(name, side) for d, _, _ in kept for name, side in zip(_sides(d), (d.first, d.second), strict=True)
        ),
        tuple(_judgment(d, x, r) for d, x, r in kept),
        tuple(j for j in judges if j.id in {x.judge for _, x, _ in kept}),
    )
    with _made(out, FILE) as partial:
        corpus.write(partial)
        curation.write(partial, [Sourced(r, Sampled(digests[x.judge], 1)) for _, x, r in kept])
        jsonl.write(partial / "labels.jsonl", labels)
        (partial / FILE).write_text(to_toml(constitution), "utf-8")
    return len(kept)


def _sides(duel: Duel) -> tuple[str, str]:
    return f"{duel.item}/first", f"{duel.item}/second"


def _judgment(duel: Duel, found: Label, row: RankedRow) -> Judgment:
    tie, first = row.ranks == (1, 1), row.ranks == (1, 2)
    answer = {"type": "tie"} if tie else {"type": "prefer", "winner": "first" if first else "second"}
    told = {"principle": found.principle, "first": found.first, "orders": list(found.orders), "seed": found.seed}
    return Judgment(row.contributions[0], duel.item, found.judge, answer, conditions=told)


def _name(judge: str, content: object) -> str:
    """An id that follows from the content: a resumed run names the same work the same."""
    return f"{judge}/{digest(content).removeprefix('sha256:')[:24]}"


@dataclass(frozen=True, slots=True)
class Part:
    """One side of a mix.

    aim        what it is for;  judges: contributions in it by sort of judge, "unnamed" where nobody says whose
    rows       rows trained on, of weight `weight` each;  held_out: rows kept apart by group
    """

    aim: Literal["harmlessness", "helpfulness"]
    source: str
    digest: str
    rows: int
    weight: float
    held_out: int
    judges: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Mixture:
    """What `mix.json` holds. ai_share is the share asked for; `shares` what it came to, by weight.

    overlap  training rows left out because their prompt is held out on the other side
    """

    ai_share: float
    seed: int
    harmless: Part
    helpful: Part
    shares: Shares
    guard: Guard
    overlap: int = 0
    warnings: tuple[str, ...] = ()
    schema: Literal["mix/1"] = "mix/1"


@dataclass(frozen=True)
class Recipe:
    """How a mix is made.

    ai_share  of the weight, from the model;  held_out: share of groups kept apart on both sides
    guard     what it must keep to: at most `cap` that nobody verified, at least `people` from people
    """

    ai_share: float = 0.2
    held_out: float = 0.2
    seed: int = 0
    guard: Guard = field(default_factory=Guard)

    def __post_init__(self) -> None:
        for name in ("ai_share", "held_out"):
            if not 0 < getattr(self, name) < 1:
                raise BadInput(f"Saw {getattr(self, name)}.", expected="a share between 0 and 1", remedy="Correct it.",
                               where=Where(field=name))  # fmt: skip


def mix(ai: Path, people: Path, out: Path, recipe: Recipe | None = None) -> Mixture:
    """Join a model's rows with people's and write a data set that every method reads.

    Every row is kept; the model's weigh so much less (or more) that their share is the one asked for. People's rows
    must be people's: a contribution of an AI or simulated judge among them is refused.
    Raises BadInput for that, where the guard is broken, and where one side is empty.
    """
    recipe = recipe or Recipe()
    theirs = [s for s in curation.read(ai) if isinstance(s.origin, Sampled)]
    kind = type(theirs[0].row) if theirs else RankedRow
    ours, known = _of_people(people, kind)
    given = _Given(_split(theirs, recipe), _split(ours, recipe))
    for side, place in ((given.ai, ai), (given.people, people)):
        if not side[0]:
            raise BadInput(f"There is no {kind.__name__} to train on here.", expected="rows of one kind on both sides",
                           remedy="Lower --held-out, or name another directory.", where=Where(str(place)))  # fmt: skip
    apart = {digest(s.row.prompt) for side in (given.ai[1], given.people[1]) for s in side}
    (theirs, ours), dropped = _without(apart, given.ai[0], given.people[0])
    scale = recipe.ai_share / (1 - recipe.ai_share) * _weight(ours) / max(_weight(theirs), 1e-12)
    weighed = [replace(s, row=replace(s.row, weight=_cut(s.row.weight * scale))) for s in theirs]
    admitted = curation.shares(ours + weighed)
    known = known | provenance.work_of(ai)
    made = Mixture(
        recipe.ai_share, recipe.seed,
        _part("harmlessness", ai, weighed, scale, given.ai[1], known),
        _part("helpfulness", people, ours, 1.0, given.people[1], known),
        admitted, recipe.guard, dropped, _warnings(ours + weighed, ours, recipe, kind),
    )  # fmt: skip
    with _made(out, MIX) as partial:
        curation.write(partial, ours + weighed)
        jsonl.write(partial / "guard.json", [recipe.guard])
        curation.checked(partial, [s.row for s in ours + weighed])
        jsonl.write(partial / "held_out" / "harmless.jsonl", [s.row for s in given.ai[1]])
        jsonl.write(partial / "held_out" / "helpful.jsonl", [s.row for s in given.people[1]])
        _write_work(partial, (ai, people), {c for s in ours + weighed for c in s.row.contributions})
        jsonl.write(partial / MIX, [made])
    return made


def read(directory: Path) -> Mixture:
    """The mix of a directory. Raises BadInput."""
    place = directory / MIX
    if not place.is_file():
        raise BadInput("This directory holds no mix.", expected=f"a {MIX}",
                       remedy="Make one with `tutelage constitution mix`.", where=Where(str(directory)))  # fmt: skip
    found: Mixture = decode(Mixture, jsonl.parse(place.read_bytes(), place))
    return found


def sealed(dataset: Path) -> provenance.Sealed:
    """A data set as it stands in a checkpoint's lineage; a mix says its ratio and its work by sort of judge as well."""
    if not (dataset / MIX).is_file():
        return provenance.Sealed(dataset.name, digest_path(dataset))
    made = read(dataset)
    facts = {
        "ai_share": made.ai_share, "shares": {"people": made.shares.human, "models": made.shares.synthetic},
        "harmlessness": dict(made.harmless.judges), "helpfulness": dict(made.helpful.judges),
    }  # fmt: skip
    return provenance.Sealed(dataset.name, digest_path(dataset), facts)


@dataclass(frozen=True)
class _Given:
    """(rows to train on, rows held out) of each side."""

    ai: tuple[list[Sourced], list[Sourced]]
    people: tuple[list[Sourced], list[Sourced]]


def _of_people(place: Path, kind: type[Row]) -> tuple[list[Sourced], dict[str, provenance.Work]]:
    """People's rows of one kind, and the work behind them where judgments are at hand."""
    rows = [r for r in read_rows(place) if isinstance(r, kind)]
    if place.is_dir() and (place / curation.origins.FILE).is_file():
        models = [s for s in curation.read(place) if isinstance(s.origin, Sampled)]
        if models:
            raise _not_people(place, f"{len(models)} rows are written or chosen by a model.")
    known = provenance.work_of(place) if (place / "judgments.jsonl").is_file() else {}
    used = {c for r in rows for c in r.contributions}
    others = Counter(w.judge for i, w in known.items() if i in used and w.judge in ("ai", "simulated"))
    if others:
        raise _not_people(place, f"{others.total()} contributions are of judges that are {' or '.join(others)}.")
    return [Sourced(r, Human()) for r in rows], known


def _not_people(place: Path, seen: str) -> BadInput:
    return BadInput(seen, expected="people's work alone", remedy="Leave it out: it may go on the other side.",
                    where=Where(str(place)))  # fmt: skip


def _split(rows: Sequence[Sourced], recipe: Recipe) -> tuple[list[Sourced], list[Sourced]]:
    """By group, from seed and name alone: the same group falls on the same side in every mix of this seed."""
    out: tuple[list[Sourced], list[Sourced]] = ([], [])
    for sourced in rows:
        seen = hashlib.sha256(f"{recipe.seed}\0{sourced.row.group}".encode()).digest()[:8]
        out[int.from_bytes(seen, "big") / 2**64 < recipe.held_out].append(sourced)
    return out


def _without(apart: set[str], *sides: list[Sourced]) -> tuple[list[list[Sourced]], int]:
    kept = [[s for s in side if digest(s.row.prompt) not in apart] for side in sides]
    return kept, sum(map(len, sides)) - sum(map(len, kept))


def _part(
    aim: Literal["harmlessness", "helpfulness"], place: Path, rows: Sequence[Sourced], weight: float,
    held: Sequence[Sourced], known: Mapping[str, provenance.Work],
) -> Part:  # fmt: skip
    return Part(aim, place.name, digest_path(place), len(rows), weight, len(held), _sorts(rows, known))


def _weight(rows: Iterable[Sourced]) -> float:
    return sum(s.row.weight for s in rows)


def _cut(weight: float) -> float:
    return int(weight * PARTS) / PARTS


def _warnings(rows: list[Sourced], anchor: list[Sourced], recipe: Recipe, kind: type[Row]) -> tuple[str, ...]:
    """Of texts that will be imitated the tail is looked at as well; of pairs only who chose matters."""
    if kind is not DemonstrationRow:
        return ()
    rng = np.random.default_rng([recipe.seed, len(rows)])
    return curation.admit(rows, recipe.guard, anchor=[s.row for s in anchor], rng=rng).warnings


def _sorts(rows: Iterable[Sourced], known: Mapping[str, provenance.Work]) -> dict[str, int]:
    used = {c for s in rows for c in s.row.contributions}
    return dict(sorted(Counter(known[c].judge if c in known else "unnamed" for c in used).items()))


def _write_work(partial: Path, sources: Sequence[Path], used: set[str]) -> None:
    """The contributions behind the rows, and their judges: what lineage is traced from."""
    given: dict[str, list[Any]] = {"judgments": [], "artefacts": [], "judges": []}
    kinds: dict[str, Any] = {"judgments": Judgment, "artefacts": Artefact, "judges": Judge}
    for source in sources:
        for name, kind in kinds.items():
            if source.is_dir() and (source / f"{name}.jsonl").is_file():
                given[name] += jsonl.read(source / f"{name}.jsonl", kind)
    work = {name: [w for w in given[name] if w.id in used] for name in ("judgments", "artefacts")}
    whose = {j.judge_id for j in work["judgments"]} | {a.author_id for a in work["artefacts"]}
    judges = {j.id: j for j in given["judges"] if j.id in whose}
    for name, records in (work | {"judges": list(judges.values())}).items():
        jsonl.write(partial / f"{name}.jsonl", records)


class Implied:
    """The reward that a preference-trained policy implies: log p under it less log p under its reference, nats."""

    def __init__(self, policy: Policy, reference: Policy) -> None:
        self._policy, self._reference = policy, reference
        self.name, self.digest = policy.name, digest([policy.digest, reference.digest])

    def scores(self, prompts: Sequence[Prompt], responses: Sequence[Prompt]) -> npt.NDArray[np.float64]:
        """(n,) up to a constant of each prompt. See `RewardModel.scores`."""
        both = [p.logprobs(prompts, responses) for p in (self._policy, self._reference)]
        return np.array([a.total - b.total for a, b in zip(*both, strict=True)])


def agreement(model: RewardModel, rows: Sequence[Row], *, level: float = 0.95) -> Figure:
    """How often the answer that a row calls better scores higher, clustered by group; stated ties are left out."""
    ranked = [(r, i, j) for r in rows if isinstance(r, RankedRow) for i, j in r.pairs()]
    if not ranked:
        return Undefined("no row here prefers an answer")
    asked = [r.prompt for r, _, _ in ranked for _ in "ab"], [r.responses[k] for r, i, j in ranked for k in (i, j)]
    scores = np.asarray(model.scores(*asked)).reshape(-1, 2)
    right = (np.sign(scores[:, 0] - scores[:, 1]) + 1) / 2
    return mean(right, clusters=[r.group for r, _, _ in ranked], level=level, bounds=(0.0, 1.0))
