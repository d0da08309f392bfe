"""Training the fast reward model: Bradley–Terry on feature differences, one ridge strength a block, all by grouped CV.

Nothing is chosen on rows outside the call: strengths and temperature come from folds inside it, groups kept whole.
numpy and scipy alone, unless the MiniLM block is asked for or found.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from tutelage.errors import BadInput
from tutelage.models import Prompt
from tutelage.models.features import SURFACE_NAMES
from tutelage.models.head import BLOCKS, SCHEMA, Block, arrays_of, contestable, raw_blocks, scaled
from tutelage.records import RankedRow
from tutelage.training.spread import Spread, fit_spread, foretold

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
GRID = (0.0, 1.0, 3.0, 10.0)  # block scales tried; the ridge of a block is 1 / scale², 0 leaves it out
RIDGE = 0.05  # at scale 1, beside a mean loss in nats
_NAMED = 10  # leanings that are named
START = {"surface": 1.0, "ngrams": 3.0, "minilm": 3.0}


@dataclass(frozen=True)
class HeadConfig:
    """What a fit is told.

    blocks  of "surface", "ngrams", "minilm"; None takes all that are installed
    folds   groups are dealt into this many folds to choose strengths and temperature
    cache   a folder that keeps MiniLM embeddings between fits; changes nothing else
    margin_logits  margin demanded of a pair at strength 1 (Touvron et al. 2023)
    spread  also learn how far people differ about an answer; kept only where it foretells held-out votes better
    """

    blocks: tuple[str, ...] | None = None
    folds: int = 4
    cache: Path | None = None
    margin_logits: float = 0.0
    spread: bool = False

    def __post_init__(self) -> None:
        unknown = set(self.blocks or ()) - set(BLOCKS)
        if unknown or self.blocks == ():
            raise BadInput(f"blocks {self.blocks}.", expected=f"some of {BLOCKS}", remedy="Correct `blocks`.")
        if self.folds < 2:
            raise BadInput(f"{self.folds} folds.", expected="2 or more", remedy="Correct `folds`.")
        if self.margin_logits < 0:
            raise BadInput(f"margin {self.margin_logits}.", expected="0 or more", remedy="Correct `margin_logits`.")


@dataclass(frozen=True)
class Pairs:
    """Comparisons as arrays over m answers and p pairs.

    first, second  (p,) answers compared
    target         (p,) probability that the first is better: its certainty, ½ for a tie
    weight         (p,) K ranked answers weigh K − 1 pairs together, times the row's own weight
    group          (p,) code of the row's group
    strength       (p,) how much better the better one is, in [0, 1]; 0 for a tie
    """

    prompts: list[Prompt]
    responses: list[Prompt]
    first: Index
    second: Index
    target: Floats
    weight: Floats
    group: Index
    strength: Floats


def pairs_of(rows: Sequence[RankedRow]) -> Pairs:
    """Every pair and tie that ranked rows state; an answer that stands in many rows is featurised once."""
    answers: dict[tuple[Prompt, Prompt], int] = {}
    groups: dict[str, int] = {}
    found: list[tuple[int, int, float, float, int, float]] = []
    for row in rows:
        at = [answers.setdefault((row.prompt, r), len(answers)) for r in row.responses]
        group = groups.setdefault(row.group, len(groups))
        weight = row.weight * 2 / len(at)
        found += [(at[i], at[j], row.certainty, weight, group, row.strength) for i, j in row.pairs()]
        found += [(at[i], at[j], 0.5, weight, group, 0.0) for i, j in row.ties()]
    if not found:
        raise BadInput(
            f"{len(rows)} ranked rows state no comparison.",
            expected="rows with two ranked answers or more",
            remedy="Export comparisons or rankings with verdicts.",
        )
    table = np.array(found, np.float64)  # (p, 6); indices are exact in float64
    first, second, groups_at = (table[:, c].astype(np.int64) for c in (0, 1, 4))
    texts = [p for p, _ in answers], [r for _, r in answers]
    return Pairs(*texts, first, second, table[:, 2], table[:, 3], groups_at, table[:, 5])


def bradley_terry(
    blocks: Sequence[Block],
    scales: Sequence[float],
    pairs: Pairs,
    chosen: Index,
    *,
    ridge: float = RIDGE,
    margin: float = 0.0,
) -> tuple[list[Floats], Floats]:
    """Weights of each block (in the block's own units) and the scores (m,) of all answers, fitted on `chosen` pairs.

    Minimises Σ weight · cross-entropy(target, σ(s_first − s_second − margin·strength)) / Σ weight
    + ½·ridge·Σ_b |w_b|² / scale_b² by L-BFGS; convex, so the start does not matter.
    Scores are products with answers, never with pairs.
    """
    kept = [(X, c) for X, c in zip(blocks, scales, strict=True) if c > 0]
    m = len(pairs.prompts)
    i, j, y = pairs.first[chosen], pairs.second[chosen], pairs.target[chosen]
    w = pairs.weight[chosen] / pairs.weight[chosen].sum()
    asked = margin * pairs.strength[chosen]
    ends = np.cumsum([X.shape[1] for X, _ in kept])

    def score(theta: Floats) -> Floats:
        parts = np.split(theta, ends[:-1])
        return np.asarray(sum(c * (X @ t) for (X, c), t in zip(kept, parts, strict=True)), np.float64)

    def loss(theta: Floats) -> tuple[float, Floats]:
        s = score(theta)
        z = s[i] - s[j] - asked
        value = float((w * (np.logaddexp(0, z) - y * z)).sum() + 0.5 * ridge * theta @ theta)
        r = w * (special.expit(z) - y)
        g = np.bincount(i, r, m) - np.bincount(j, r, m)
        return value, np.concatenate([c * (X.T @ g) for X, c in kept]) + ridge * theta

    if not kept:
        return [np.zeros(X.shape[1]) for X in blocks], np.zeros(m)
    found = optimize.minimize(
        loss, np.zeros(int(ends[-1])), jac=True, method="L-BFGS-B", options={"maxiter": 100, "gtol": 3e-5}
    )
    weights = iter(np.split(found.x, ends[:-1]))
    return [c * next(weights) if c > 0 else np.zeros(X.shape[1]) for X, c in zip(blocks, scales, strict=True)], score(
        found.x
    )


def grouped_folds(group: Index, k: int, rng: np.random.Generator) -> Index:
    """(p,) fold of each pair: whole groups dealt at random, the fullest first, always into the emptiest fold."""
    sizes = np.bincount(group)
    order = rng.permutation(sizes.size)
    order = order[np.argsort(-sizes[order], kind="stable")]
    load, fold = np.zeros(min(k, sizes.size)), np.empty(sizes.size, np.int64)
    for g in order:
        fold[g] = int(np.argmin(load))
        load[fold[g]] += sizes[g]
    return fold[group]


def out_of_fold(
    blocks: Sequence[Block], scales: Sequence[float], pairs: Pairs, fold: Index, *, margin: float = 0.0
) -> Floats:
    """(p,) score difference of each pair, from a fit that saw nothing of its group."""
    z = np.empty(pairs.first.size)
    for f in range(int(fold.max()) + 1):
        inside = np.flatnonzero(fold == f)
        _, s = bradley_terry(blocks, scales, pairs, np.flatnonzero(fold != f), margin=margin)
        z[inside] = s[pairs.first[inside]] - s[pairs.second[inside]]
    return z


def _temperature(z: Floats, pairs: Pairs) -> tuple[float, float]:
    """(temperature, loss in nats): the one stretch of the out-of-fold differences that fits the targets best."""

    def loss(log_t: float) -> float:
        u = z * np.exp(-log_t)
        return float((pairs.weight * (np.logaddexp(0, u) - pairs.target * u)).sum() / pairs.weight.sum())

    found = optimize.minimize_scalar(loss, bounds=(-4, 4), method="bounded")
    return float(np.exp(found.x)), float(found.fun)


def choose_scales(
    blocks: Mapping[str, Block], pairs: Pairs, fold: Index, *, grid: Sequence[float] = GRID, margin: float = 0.0
) -> tuple[dict[str, float], float, float]:
    """(scale of each block, temperature, loss) with the least out-of-fold loss, one block at a time until none moves.

    The loss is after calibration, so that it compares orders and margins, not the ridge's own shrinkage.
    """
    names = list(blocks)
    tried: dict[tuple[float, ...], tuple[float, float]] = {}

    def judge(scales: tuple[float, ...]) -> tuple[float, float]:
        if scales not in tried:
            tried[scales] = _temperature(out_of_fold([*blocks.values()], scales, pairs, fold, margin=margin), pairs)
        return tried[scales]

    best = tuple(START[n] for n in names)
    for _ in range(3):
        before = best
        for at in range(len(names)):
            options = [(*best[:at], c, *best[at + 1 :]) for c in grid]
            best = min((best, *(o for o in options if any(o))), key=lambda o: judge(o)[1])
        if best == before:
            break
    temperature, loss = judge(best)
    return dict(zip(names, best, strict=True)), temperature, loss


def fit(rows: Sequence[RankedRow], *, out: Path, config: HeadConfig | None = None, rng: np.random.Generator) -> Path:
    """Train on ranked rows and write `head.json` and `head.npz` to `out`, which must not exist. Returns `out`.

    rng  deals the groups into folds; the same rows, config and rng state give the same bytes
    Raises BadInput (no comparison, `out` exists), MissingExtra (a MiniLM block asked for and absent).
    """
    config = config or HeadConfig()
    if out.exists():
        raise BadInput(f"{out} exists.", expected="a new directory", remedy="Choose another `out`.")
    names = config.blocks or installed_blocks()
    pairs = pairs_of(rows)
    raw = raw_blocks(pairs.prompts, pairs.responses, names, cache=config.cache)
    arrays = arrays_of(raw)
    blocks = scaled(raw, arrays)
    scales, temperature, loss = {n: START[n] for n in names}, 1.0, None
    several, asked, fold = bool(pairs.group.max() > 0), config.margin_logits, np.zeros(0, np.int64)
    if several:
        fold = grouped_folds(pairs.group, config.folds, rng)
        scales, temperature, loss = choose_scales(blocks, pairs, fold, margin=asked)
    strengths = [scales[n] for n in blocks]
    found = {"scales": scales, "temperature": temperature, "out_of_fold_nats": loss}
    if config.spread and several:
        z = out_of_fold([*blocks.values()], strengths, pairs, fold, margin=asked)
        spread, said = _spread(blocks, pairs, z, fold)
        found["spread"] = said
        if spread is not None:
            arrays["leaning"], temperature = spread.leaning, spread.temperature
            found["temperature"] = temperature
    weights, _ = bradley_terry([*blocks.values()], strengths, pairs, np.arange(pairs.first.size), margin=asked)
    for name, weight in zip(blocks, weights, strict=True):
        arrays[f"{name}_weight"] = weight / temperature
    _write(out, arrays, {**found, **_about(rows, pairs, names, config)})
    return out


def _spread(blocks: Mapping[str, Block], pairs: Pairs, z: Floats, fold: Index) -> tuple[Spread | None, dict[str, Any]]:
    """The leanings, or None where they do not foretell the votes of other groups better; and what was seen."""
    about = contestable(blocks)
    apart = np.square(about[pairs.first] - about[pairs.second])  # (p, k)
    nats = foretold(z, apart, pairs.target, pairs.weight, fold)
    alone = foretold(z, apart[:, :0], pairs.target, pairs.weight, fold)
    kept = nats < alone
    said: dict[str, Any] = {"kept": kept, "nats_with": nats, "nats_without": alone}
    if not kept:
        return None, said
    spread = fit_spread(z, apart, pairs.target, pairs.weight)
    if "surface" in blocks:
        variance = np.square(spread.leaning) * np.average(apart, axis=0, weights=pairs.weight)
        order = np.argsort(-variance, kind="stable")[:_NAMED]
        said["about"] = {SURFACE_NAMES[n]: float(variance[n]) for n in order if variance[n] > 0}
    return spread, said


def _about(rows: Sequence[RankedRow], pairs: Pairs, names: Sequence[str], config: HeadConfig) -> dict[str, Any]:
    """What `head.json` says of a fit beside its findings: how it was chosen, and the human work in it."""
    groups = int(pairs.group.max()) + 1
    crossed = f"grouped {min(config.folds, groups)}-fold cross-validation"
    return {
        "schema": SCHEMA,
        "blocks": list(names),
        "absent_blocks": [b for b in BLOCKS if b not in names],
        "minilm": _minilm_digest() if "minilm" in names else None,
        "chosen_by": crossed if groups > 1 else "one group only: the defaults stand and scores are not calibrated",
        "rows": len(rows),
        "pairs": int(pairs.first.size),
        "groups": groups,
        "config": {k: v for k, v in asdict(config).items() if k != "cache"},
        "contributions": sorted({c for row in rows for c in row.contributions}),
    }


def installed_blocks() -> tuple[str, ...]:
    """The blocks this machine can compute: MiniLM only with its weights, torch and transformers."""
    from tutelage.models import local_minilm

    return BLOCKS if local_minilm.available() else tuple(b for b in BLOCKS if b != "minilm")


def _minilm_digest() -> str:
    from tutelage.models import local_minilm

    return local_minilm.digest()


def _write(out: Path, arrays: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    np.savez(partial / "head.npz", allow_pickle=False, **arrays)
    (partial / "head.json").write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", "utf-8")
    partial.rename(out)
