"""A certificate as an artefact: a committed draw, the rows that it was drawn from, and the claims computed from them.

A directory of two files, canonical and written whole: `certificate.json` (`Sheet`) and `rows.jsonl.gz`, one line an
item, sorted. Anyone recomputes the claims from the rows, and the draw from its seed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from tutelage.errors import BadInput, Where
from tutelage.measure import sample
from tutelage.measure.certify import Certificate, Target, certify
from tutelage.measure.certify.silent import as_names, least_sure, spoken, there
from tutelage.records import Json, decode, encode, jsonl
from tutelage.store import canonical, write_whole

FOLDER, CLAIMS, ROWS = "certificate", "certificate.json", "rows.jsonl.gz"
TARGETS: tuple[Target, ...] = ("agreement", "mean", "residual")
CLOSE = 1e-9  # figures computed elsewhere, with another numpy, may differ in their last digits


@dataclass(frozen=True, slots=True)
class Drawn:
    """`slice/1`: which draw was meant, before anyone looked. Its place in the log is what dates it.

    commitment  SHA-256 over seed, design, ids, cells and chances (see `measure.sample.Draw`)
    batch       SHA-256 over the sorted ids: two draws over the same items have the same
    """

    commitment: str
    batch: str
    design: Literal["fixed", "poisson"]
    seed: int
    items: int
    size: int
    schema: Literal["slice/1"] = "slice/1"

    @classmethod
    def of(cls, draw: sample.Draw) -> Drawn:
        """What is to be committed of a draw."""
        size = sum(draw.takes) if draw.design == "fixed" else int(draw.drawn().sum())
        return cls(draw.commitment, batch_of(draw.ids), draw.design, draw.seed, len(draw.ids), size)

    def payload(self) -> bytes:
        """The bytes of its leaf."""
        return canonical(self)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the claims were asked for: arguments of `certify`. `require` goes with `target`, the question put."""

    target: Target
    require: float | None = None
    error: float = 0.05
    level: float = 0.95
    values: dict[str, float] | None = None
    bounds: tuple[float, float] | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """`certificate.json`.

    claims    by target; residual only where the judge gave its confidence
    leaf      in a release: where the log holds the committed draw
    spelling  in a release: label on a row -> what the judgments of the release call it
    """

    judge: str
    draw: Drawn
    asked: Asked
    claims: dict[str, Json]
    leaf: int | None = None
    spelling: dict[str, str] | None = None
    schema: Literal["judge-certificate/1"] = "judge-certificate/1"


def batch_of(ids: Sequence[str]) -> str:
    """`sha256:` over the sorted ids, a line each."""
    return "sha256:" + hashlib.sha256("".join(f"{i}\n" for i in sorted(ids)).encode()).hexdigest()


def made(judge: str, rows: Sequence[Json], seed: int, design: str, asked: Asked) -> tuple[Sheet, list[Json]]:
    """A certificate of rows, and its rows in order.

    rows  {item, ai, human, second, confidence, pi, cell, in_slice, domain, never}; None where nothing was said
    """
    ordered = sorted(rows, key=lambda r: str(r["item"]))
    draw = redrawn(ordered, seed, design)
    return Sheet(judge, Drawn.of(draw), asked, encode(claims(ordered, asked))), ordered


def redrawn(rows: Sequence[Json], seed: int, design: str) -> sample.Draw:
    """The draw that rows claim to be. Raises BadInput where their chances belong to none."""
    ids = [str(r["item"]) for r in rows]
    how = cast(sample.Design, design)
    return sample.redraw(ids, [r["pi"] for r in rows], [r["cell"] for r in rows], seed=seed, design=how)


def claims(rows: Sequence[Json], asked: Asked) -> dict[Target, Certificate]:
    """The claim for every target that the rows allow."""
    sure = _numbers([r.get("confidence") for r in rows])
    wanted = [t for t in TARGETS if t != "residual" or not np.isnan(sure).all()]
    return {target: _claim(rows, asked, target, sure) for target in wanted}


def _claim(rows: Sequence[Json], asked: Asked, target: Target, sure: Any) -> Certificate:
    machine, people, again = _labels([[r.get(c) for r in rows] for c in ("ai", "human", "second")])
    silent = ~there(machine)
    never = np.array([bool(r.get("never")) for r in rows])
    machine, _ = spoken(machine, target)
    if silent.any() and target != "mean":
        people, again = as_names(people), as_names(again)
    if target == "residual" and silent.any():
        sure, never = least_sure(sure, silent), never | silent
    domain = [r.get("domain") for r in rows]
    return certify(
        machine, people, target=target, require=asked.require if target == asked.target else None, error=asked.error,
        level=asked.level, confidence=sure if target == "residual" else None, pi=[r["pi"] for r in rows],
        domain=domain if any(domain) else None, second=again if there(again).any() else None, values=asked.values
        if target == "mean" else None, bounds=asked.bounds, never=never if never.any() else None, seed=asked.seed,
    )  # fmt: skip


def _labels(columns: Sequence[Sequence[Any]]) -> list[Any]:
    """Columns of numbers where every label is one, of names otherwise."""
    said = [v for column in columns for v in column if v is not None]
    if said and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in said):
        return [_numbers(column) for column in columns]
    return [np.array([None if v is None else str(v) for v in column], dtype=object) for column in columns]


def _numbers(column: Sequence[Any]) -> Any:
    return np.array([math.nan if v is None else float(v) for v in column])


def write(sheet: Sheet, rows: Sequence[Json], directory: Path) -> None:
    """Both files, rows first; what stood there is replaced."""
    for name, data in packed(sheet, rows).items():
        write_whole(directory / name, data)


def packed(sheet: Sheet, rows: Sequence[Json]) -> dict[str, bytes]:
    """The files of a certificate by name: equal certificates are equal bytes."""
    lines = b"".join(canonical(r) + b"\n" for r in rows)
    return {ROWS: gzip.compress(lines, 6, mtime=0), CLAIMS: canonical(sheet) + b"\n"}


def read(directory: Path) -> tuple[Sheet, list[Json]]:
    """A certificate from its directory, or from the release that holds it. Raises BadInput."""
    place = directory / FOLDER if (directory / FOLDER / CLAIMS).is_file() else directory
    path = place / CLAIMS
    if not path.is_file():
        raise BadInput(
            "There is no certificate here.",
            expected=f"{CLAIMS} and {ROWS}, or a release with them",
            remedy="Write one with `tutelage certify … --out DIR`.",
            where=Where(str(directory)),
        )
    try:
        sheet: Sheet = decode(Sheet, jsonl.parse(path.read_bytes(), path))
    except BadInput as error:
        raise error.at(file=str(path)) from None
    return sheet, [row for _, row in jsonl.objects(place / ROWS)]


def differences(sheet: Sheet, rows: Sequence[Json]) -> list[str]:
    """What the rows do not bear out: the draw from its seed, then every figure and word of the claims. [] if equal."""
    try:
        draw = redrawn(rows, sheet.draw.seed, sheet.draw.design)
        again = encode(claims(rows, sheet.asked))
    except (BadInput, KeyError, TypeError, ValueError) as problem:
        return [f"the rows give no certificate: {getattr(problem, 'seen', problem)}"]
    found = sample.check(draw, sheet.draw.commitment, [r["in_slice"] for r in rows])
    if Drawn.of(draw) != sheet.draw:
        found.append(f"the draw is stated as {encode(sheet.draw)}, the rows give {encode(Drawn.of(draw))}")
    outside = [r for r in rows if r.get("human") is not None and not r["in_slice"]]
    found += [f"{r['item']}: a label outside the slice" for r in outside]
    return found + _unequal("claims", sheet.claims, again)


def _unequal(path: str, stated: Any, found: Any) -> list[str]:
    if isinstance(stated, Mapping) and isinstance(found, Mapping):
        names = sorted(stated.keys() | found.keys())
        return [x for n in names for x in _unequal(f"{path}.{n}", stated.get(n), found.get(n))]
    if isinstance(stated, list) and isinstance(found, list) and len(stated) == len(found):
        return [x for i, (a, b) in enumerate(zip(stated, found, strict=True)) for x in _unequal(f"{path}[{i}]", a, b)]
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (stated, found))
    same = math.isclose(stated, found, rel_tol=CLOSE, abs_tol=CLOSE) if numbers else stated == found
    return [] if same else [f"{path} is stated as {json.dumps(stated)}, the rows give {json.dumps(found)}"]
