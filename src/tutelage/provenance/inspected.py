"""What can be known of whose judgments a delivery holds: who signed, at which level, what nobody can know from it."""

from __future__ import annotations

import argparse
import json
import sys
import types
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutelage.errors import BadInput
from tutelage.formats.frames import Frame
from tutelage.provenance.levels import MEANING
from tutelage.provenance.receipts import Receipt
from tutelage.provenance.release.manifest import FILE

RECEIPT = "receipt"
UNSIGNED = "Nobody signed this: whose judgment it was cannot be known from it."
NEVER_KNOWN = (
    "whether the person typed a model's answer",
    "whether a key or an account was lent",
    "what the page displayed",
)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Provenance:
    """What was found.

    holds      True: everything that is signed verifies; False: something does not; None: nothing is signed to verify
    signed_by  in words: who signed, as far as shown
    levels     rows by how far the person behind them is known (H0 … H4); shares of all rows
    simulated_share  of the rows, by simulated contributors, who are never people; None where nobody states the sort
    conflicts  where receipts and rows, or files and signatures, contradict each other
    unknown    what cannot be known from this delivery
    """

    holds: bool | None
    signed_by: str
    rows: int
    levels: dict[str, int]
    shares: dict[str, float]
    simulated_share: float | None
    conflicts: tuple[str, ...]
    unknown: tuple[str, ...]


def of_file(frame: Frame, judge: str | None = None) -> Provenance:
    """A plain file: nothing is signed unless rows carry receipts in a column `receipt` (payload or DSSE envelope).

    judge  the column that names who judged
    """
    rows = len(frame)
    texts = frame.texts(RECEIPT) if RECEIPT in frame.columns else [""] * rows
    if not any(t.strip() for t in texts):
        return Provenance(None, UNSIGNED, rows, {"H0": rows}, {"H0": 1.0}, None, (), ("whose judgment each row is",
                          "whether a person gave it", *NEVER_KNOWN))  # fmt: skip
    found = [_receipt(t) for t in texts]
    names = frame.names(judge).tolist() if judge in frame.columns and judge is not None else [None] * rows
    conflicts = _conflicts(texts, found, names)
    with_one = sum(r is not None for r in found)
    # a receipt's own level is a claim: without log, openings and keys nothing of it is shown
    unknown = (
        f"whose judgment the {rows - with_one:,} rows without a receipt are" if with_one < rows else "",
        "whether the receipts belong to these rows: what opens their commitments is in the sealed release",
        "whether they are in a log that an operator signed",
        *NEVER_KNOWN,
    )
    said = Counter(r.level for r in found if r is not None)
    claims = ", ".join(f"{level} {n:,}" for level, n in sorted(said.items()))
    words = f"{with_one:,} of {rows:,} rows carry a receipt; their own word, shown by nothing here, is: {claims}."
    holds = False if conflicts else None
    left = tuple(u for u in unknown if u)
    return Provenance(holds, words, rows, {"H0": rows}, {"H0": 1.0}, None, tuple(conflicts[:SHOWN]), left)


def _receipt(text: str) -> Receipt | None:
    import base64

    try:
        value = json.loads(text)
        payload = base64.b64decode(value["payload"]) if "payload" in value else text.encode()
        return Receipt.parse(payload)
    except (ValueError, TypeError, KeyError, BadInput, RecursionError):
        return None


def _conflicts(texts: Sequence[str], found: Sequence[Receipt | None], names: Sequence[str | None]) -> list[str]:
    out = [f"row {i}: its receipt is none" for i, (t, r) in enumerate(zip(texts, found, strict=True), 1)
           if t.strip() and r is None]  # fmt: skip
    first: dict[str, int] = {}
    nym_of: dict[str, str] = {}
    for row, (receipt, name) in enumerate(zip(found, names, strict=True), 1):
        if receipt is None:
            continue
        if first.setdefault(receipt.id, row) != row:
            out.append(f"row {row}: it carries the receipt of row {first[receipt.id]}")
        elif name is not None and nym_of.setdefault(receipt.nym, name) != name:
            out.append(f"row {row}: its receipt is {nym_of[receipt.nym]!r}'s, the row says {name!r}")
    return out


def is_release(path: Path) -> bool:
    """Whether a directory is a sealed release."""
    return (path / FILE).is_file() and (path / "SHA256SUMS").is_file()


def of_release(path: Path, trust: Path | None = None) -> Provenance:
    """A sealed release, verified by our own copy of the verifier – never the one that lies in it.

    trust  the operator's key or a trust list; without it the key out of the release, which shows only that it is whole
    """
    from tutelage.provenance.verifier import script

    module = types.ModuleType("tutelage_verify")
    sys.modules[module.__name__] = module  # its dataclasses and named tuples look themselves up
    exec(compile(script(), "verify.py", "exec"), module.__dict__)  # noqa: S102  our own text, joined from our own files
    key = trust or path / "keys" / "operator.pub"
    asked = argparse.Namespace(trust=str(key), explain=None, revocations=None, require=None, known=None)
    release = module.Release(str(path), asked)
    holds = release.verify()
    faults = tuple(f"{name}: {fault}" for name, found, _ in release.checks for fault in found)
    rows = len(release.rows)
    levels = Counter(_level(one) for one in release.levels) if release.levels else Counter({"H0": rows})
    sorts = Counter(release.sorts.get(judge, "unknown") for _, _, judge in release.rows)
    whose = "the operator whose key you gave" if trust else "a key that lies in the release: whole, but not whose"
    signed = f"The release is signed by {whose}." if holds else "Its signatures, files or rows do not hold."
    unknown = (*(() if trust else ("whose the operator's key is: get it by another way, and give it with --trust",)),
               *(f"who gave the {levels[x]:,} rows at {x} ({MEANING[x]})" for x in ("H0", "H1") if levels[x]),
               *NEVER_KNOWN)  # fmt: skip
    counted: dict[str, int] = {x: levels[x] for x in MEANING if levels[x]}
    return Provenance(
        holds, signed, rows, counted, {x: n / max(rows, 1) for x, n in counted.items()},
        sorts["simulated"] / max(rows, 1), faults[:SHOWN], unknown,
    )  # fmt: skip


def _level(one: Any) -> Any:
    return one if isinstance(one, str) else one[0]


def to_text(found: Provenance) -> str:
    """For people. It never says that anything is certainly human."""
    lines = [f"Provenance – {found.signed_by}"]
    if found.holds is not None:
        lines.append("  levels: " + ", ".join(
            f"{x} {n:,} ({found.shares[x]:.1%}, {MEANING[x]})" for x, n in found.levels.items()  # type: ignore[index]  # its keys are levels
        ))  # fmt: skip
    if found.simulated_share is not None:
        lines.append(f"  simulated: {found.simulated_share:.1%} of rows, never counted as people")
    lines += [f"  conflict – {one}" for one in found.conflicts]
    return "\n".join([*lines, "  cannot be known from it: " + "; ".join(found.unknown) + "."])
