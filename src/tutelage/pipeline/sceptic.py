"""The sceptic's ten minutes as figures: an AI judge grades everything, a slice of people's votes certifies it, and then
the hidden votes open. Pure: votes in, figures out; the hall and the command line show them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tutelage.errors import BadInput
from tutelage.formats import import_file
from tutelage.formats.corpus import Corpus
from tutelage.measure.certify import Certificate, certify
from tutelage.measure.intervals import rate
from tutelage.measure.sample import plan_uniform
from tutelage.records import AiJudge, Estimate, Json, Judgment, Rate, Undefined

SHARE, LEVEL = 0.10, 0.95
ANSWER: dict[str, Json] = {
    "left": {"type": "prefer", "winner": "first"},
    "right": {"type": "prefer", "winner": "second"},
    "tie": {"type": "tie"},
}
Labels = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Votes:
    """People's votes beside an AI judge's verdict on the same pair; everything by row.

    ids     (N,) a name for each vote;  pair: (N,) what was voted on;  person: (N,) by whom
    human   (N,) left, right or tie;  ai: (N,) the judge's verdict on that pair
    """

    judge: str
    ids: tuple[str, ...]
    pair: Labels
    person: Labels
    human: Labels
    ai: Labels

    def __len__(self) -> int:
        return len(self.ids)

    def agreement(self) -> float:
        """The truth that a slice can only estimate: the share of all votes that the judge matches."""
        return float((self.human == self.ai).mean())


@dataclass(frozen=True, slots=True)
class Claim:
    """What may be said of the judge from the slice alone.

    drawn  (N,) whether a vote was drawn; anyone can draw it again from `seed`
    """

    seed: int
    drawn: npt.NDArray[np.bool_]
    certificate: Certificate

    @property
    def estimate(self) -> Estimate:
        """The judge's agreement with people."""
        return self.certificate.estimate


@dataclass(frozen=True, slots=True)
class Again:
    """The same draw made anew: whether each claim held against all votes."""

    seed: int
    lo: float
    hi: float
    held: bool


@dataclass(frozen=True, slots=True)
class Reveal:
    """All votes opened: the truth beside the claim, and beside the claims of other draws.

    held  of `draws` claims at level .95, how many contained the truth; with an interval
    """

    truth: float
    claim: Estimate
    inside: bool
    again: tuple[Again, ...]
    held: Rate | Undefined


def read_llmfao(folder: Path, judge: str = "gpt-4") -> Votes:
    """The votes of llmfao and one judge's stored verdicts. Raises BadInput where they are not there."""
    import polars as pl

    if not (folder / "votes.parquet").is_file():
        raise BadInput(f"There are no votes in {folder}.", expected="votes.parquet and judge_votes.parquet of llmfao",
                       remedy="Set TUTELAGE_DATA to the folder that holds llmfao.")  # fmt: skip
    said = pl.read_parquet(folder / "judge_votes.parquet").filter(pl.col("judge") == judge)
    table = pl.read_parquet(folder / "votes.parquet").join(
        said.select("pair_id", pl.col("winner").alias("ai")), on="pair_id"
    )
    table = table.sort("pair_id", "worker").with_row_index()
    ids = tuple(f"{p}/{w}/{i}" for p, w, i in zip(table["pair_id"], table["worker"], table["index"], strict=True))
    return Votes(judge, ids, *(_labels(table[c].to_list()) for c in ("pair_id", "worker", "winner", "ai")))


def read_corpus(folder: Path, judge: str = "gpt-4") -> Corpus:
    """The same as records: pairs with both answers, people's votes, and the judge's verdicts as an AI judge's.

    Ids are rows of the source, the same wherever it is read: so is what a seed draws.
    """
    import polars as pl

    found = import_file(folder / "pairs.parquet", "comparison", joins=[f"{folder}/votes.parquet:pair_id"]).corpus
    said = pl.read_parquet(folder / "judge_votes.parquet").filter(pl.col("judge") == judge)
    machine = AiJudge(judge, judge, family=judge.rpartition("-")[0])
    pair = {item.id: f"pair-{item.source.row:>04}" if item.source else item.id for item in found.items}
    items = tuple(replace(item, id=pair[item.id]) for item in found.items)
    votes = tuple(replace(j, id=f"vote-{j.source.row:>05}" if j.source else j.id, item_id=pair[j.item_id])
                  for j in found.judgments)  # fmt: skip
    graded = tuple(
        Judgment(f"{judge}-{row}", f"pair-{row:>04}", judge, ANSWER[winner])
        for row, winner in zip(said["pair_id"], said["winner"], strict=True)
    )
    return replace(found, items=items, judgments=votes + graded, judges=(*found.judges, machine))


def claim(votes: Votes, *, seed: int, share: float = SHARE, require: float | None = None) -> Claim:
    """Draw a share of the votes, committed to by the seed, and say what they show of the judge."""
    draw = plan_uniform(votes.ids, round(share * len(votes)), seed=seed)
    drawn = draw.drawn()
    human = votes.human.copy()
    human[~drawn] = None
    made = certify(votes.ai, human, target="agreement", require=require, pi=draw.pi, level=LEVEL, seed=seed)
    return Claim(seed, drawn, made)


def again(votes: Votes, seeds: Sequence[int], *, share: float = SHARE) -> Iterator[Again]:
    """The claim of each seed's draw held against all votes, one at a time so that a page can show them come."""
    truth = votes.agreement()
    for seed in seeds:
        found = claim(votes, seed=seed, share=share).estimate
        yield Again(seed, found.lo, found.hi, found.lo <= truth <= found.hi)


def reveal(votes: Votes, claimed: Claim, others: Sequence[Again]) -> Reveal:
    """Truth against claim, and how often claims of other draws held."""
    truth, found = votes.agreement(), claimed.estimate
    held = rate(sum(a.held for a in others), len(others), level=LEVEL)
    return Reveal(truth, found, found.lo <= truth <= found.hi, tuple(others), held)


def _labels(values: Sequence[object]) -> Labels:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out
