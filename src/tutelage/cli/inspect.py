"""`tutelage inspect`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console

if TYPE_CHECKING:
    import numpy as np

    from tutelage.formats.frames import Frame
    from tutelage.integrity.delivery import Delivery
    from tutelage.integrity.inspection import Inspection
    from tutelage.integrity.wording import Reader

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)
OWN_WORDS = "agreement: demonstrations are people's own words, so that two that differ may both be good"
WRITTEN = ("demonstration", "dialogue", "problem")
TEXTS = ("demonstration", "dialogue", "problem", "completion", "response", "output", "answer", "messages", "text")
PAIRS = ("item", "item_id", "pair", "pair_id", "comparison", "comparison_id", "task_id")
COMPARED = (
    ("prompt", "question", "instruction", "query", "question_id"),
    ("left", "model_a", "response_a", "first", "a"),
    ("right", "model_b", "response_b", "second", "b"),
)
EXIT = {"accept": 0, "reject": 3, "insufficient": 4}


@click.command(epilog="Example:  tutelage inspect delivery.csv --map judge=worker --gold gold.csv")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--kind", help="What was asked: comparison, rating, demonstration …")
@click.option("--trust", type=FILE, help="Of a release: its operator's key.")
@click.option("--map", "maps", multiple=True, metavar="ROLE=COLUMN",
              help="item, judge, value, reason, seconds, at (- for none).")  # fmt: skip
@click.option("--gold", help="A file with the item column and `gold`, or a column.")
@click.option("--reference", type=FILE, help="Texts of this work: columns text, model (yes/no), group.")
@click.option("--draw", type=int, help="Draw this many rows to judge again, into --out.")
@click.option("--out", type=OUT, help="Where the drawn rows go (.csv, .jsonl, .parquet).")
@click.option("--recheck", type=FILE, help="The drawn rows, judged again: `value`, `bad` or both.")
@click.option("--aql", type=float, default=0.01, show_default=True, help="Contamination of a good lot.")
@click.option("--ltpd", type=float, default=0.10, show_default=True, help="Contamination that must not pass.")
@click.option("--producer", type=float, default=0.05, show_default=True, help="Risk of rejecting a good lot.")
@click.option("--buyer", type=float, default=0.10, show_default=True, help="Risk of accepting a bad lot.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path, kind: str | None, trust: Path | None, maps: tuple[str, ...], gold: str | None, reference: Path | None,
    draw: int | None,
    out: Path | None, recheck: Path | None, aql: float, ltpd: float, producer: float, buyer: float, seed: int,
    as_json: bool,
) -> None:  # fmt: skip
    """Accept or reject a delivery, or verify a release; exits 0 yes, 3 no, 4 open."""
    from tutelage import kinds
    from tutelage.formats.frames import read_frame
    from tutelage.integrity.delivery import read
    from tutelage.integrity.lot import Risks
    from tutelage.provenance import inspected
    from tutelage.records import encode

    if kind is not None:
        kinds.get(kind)
    if file.is_dir():
        raise SystemExit(_release(file, trust, as_json))
    risks = Risks(aql, ltpd, producer, buyer)
    frame = read_frame(file)
    lot = read(frame, _usual(kind, frame) | _mapped(maps, gold, frame))
    if draw is not None or out is not None:
        _draw(frame, lot, draw, out, seed)
        return
    found = _inspect(frame, lot, risks, gold, reference, recheck, seed)
    if kind == "demonstration":
        found = replace(found, not_examined=(*found.not_examined, OWN_WORDS))
    whose = inspected.of_file(frame, found.columns.get("judge"))
    if as_json:
        console.emit({**encode(found), "provenance": whose})
    else:
        _say(found)
        console.say(inspected.to_text(whose))
    raise SystemExit(EXIT[found.decision])


def _release(path: Path, trust: Path | None, as_json: bool) -> int:
    """A directory: verified as a sealed release; its exit status."""
    from tutelage.errors import BadInput, Where
    from tutelage.provenance import inspected

    if not inspected.is_release(path):
        raise BadInput("The directory is no sealed release.", expected="a file of judgments, or a sealed release",
                       remedy="Name the file itself.", where=Where(str(path)))  # fmt: skip
    whose = inspected.of_release(path, trust)
    if as_json:
        console.emit({"decision": "accept" if whose.holds else "reject", "provenance": whose})
    else:
        console.say("VERIFIED" if whose.holds else "NOT VERIFIED")
        console.say(inspected.to_text(whose))
    return 0 if whose.holds else EXIT["reject"]


def _usual(kind: str | None, frame: Frame) -> dict[str, str]:
    """What only the kind gives away: what somebody wrote is the answer, what was compared is prompt and pair."""
    by_lower = {name.lower(): name for name in reversed(frame.columns)}

    def first(names: tuple[str, ...]) -> str | None:
        return next((by_lower[name] for name in names if name in by_lower), None)

    if kind in WRITTEN:
        text = first(TEXTS)
        return {} if text is None else {"value": text, "reason": text}  # read for copies and model use as reasons are
    if kind != "comparison" or first(PAIRS) is not None:
        return {}
    shown = [first(names) for names in COMPARED]
    return {} if None in shown[1:] else {"item": ",".join(name for name in shown if name is not None)}


def _mapped(maps: tuple[str, ...], gold: str | None, frame: Frame) -> dict[str, str]:
    from tutelage.errors import BadInput, Where

    out = {}
    for text in maps:
        role, equals, column = text.partition("=")
        if not equals or not column:
            raise BadInput(
                f"Saw {text!r}.", expected="ROLE=COLUMN", remedy="Correct --map.", where=Where(field="--map")
            )
        out[role] = column
    if gold is not None and gold in frame.columns:
        out["gold"] = gold  # so that it is not taken for an answer
    return out


def _inspect(
    frame: Frame, lot: Delivery, risks: Any, gold: str | None, reference: Path | None, recheck: Path | None, seed: int
) -> Inspection:
    import numpy as np

    from tutelage.formats.frames import read_frame
    from tutelage.integrity import recheck as slices
    from tutelage.integrity.inspection import inspect

    rng = np.random.default_rng(seed)
    known = None if gold is None else _gold(gold, frame, lot)
    back = None if recheck is None else slices.read(read_frame(recheck), lot)
    reader = None if reference is None else _reader(reference, rng)
    return inspect(lot, risks=risks, rng=rng, gold=known, rechecked=back, reader=reader)


def _gold(gold: str, frame: Frame, lot: Delivery) -> np.ndarray[Any, Any]:
    """(items,) known answers as value codes, from a column of the delivery or a file of its own."""
    import numpy as np

    from tutelage.errors import BadInput, Where
    from tutelage.formats.frames import read_frame

    source = frame if gold in frame.columns else read_frame(_there(gold))
    column = gold if gold in frame.columns else "gold"
    item = lot.columns["item"]
    item = item if source is frame or all(c in source.columns for c in item.split(",")) else "item"
    parts = [source.names(c).tolist() for c in item.split(",")]
    names = [None if None in row else " · ".join(row) for row in zip(*parts, strict=True)]
    place = {name: k for k, name in enumerate(lot.item_names)}
    code = {name: k for k, name in enumerate(lot.value_names)}
    out = np.full(len(lot.item_names), -1)
    for name, answer in zip(names, source.names(column).tolist(), strict=True):
        if name in place and answer is not None:
            out[place[name]] = code.get(answer, -1)
    if (out < 0).all():
        raise BadInput("No known answer fits an item and an answer of the delivery.", expected="the same spellings",
                       remedy="Compare the columns.", where=Where(str(source.path), field=column))  # fmt: skip
    return out


def _there(gold: str) -> Path:
    from tutelage.errors import BadInput, Where

    path = Path(gold)
    if not path.is_file():
        raise BadInput(f"{gold!r} is neither a column nor a file.", expected="one of the two",
                       remedy="Correct --gold.", where=Where(field="--gold"))  # fmt: skip
    return path


def _reader(reference: Path, rng: np.random.Generator) -> Reader:
    import numpy as np

    from tutelage.formats.frames import read_frame
    from tutelage.integrity.wording import train

    frame = read_frame(reference)
    said = frame.every_name("text").tolist()
    groups = frame.every_name("group").tolist() if "group" in frame.columns else None
    return train(said, np.asarray(frame.truths("model"), dtype=np.int64), rng=rng, groups=groups)


def _draw(frame: Frame, lot: Delivery, size: int | None, out: Path | None, seed: int) -> None:
    """Write the blind slice: the row's number and what the item shows, not who said what."""
    import numpy as np
    import polars as pl

    from tutelage.errors import BadInput, Where
    from tutelage.formats.frames import write_frame
    from tutelage.integrity import recheck as slices

    if size is None or out is None:
        raise BadInput(
            "--draw and --out go together.", expected="both", remedy="Give both.", where=Where(field="--out")
        )
    rows = slices.draw(len(lot), size, rng=np.random.default_rng(seed))
    hidden = {c for role in slices.HIDDEN for c in lot.columns.get(role, "").split(",")} | {"gold"}
    shown = frame.table[lot.place[rows].tolist()].select([c for c in frame.columns if c not in hidden])
    shown = shown.drop([c for c in (slices.ROW, slices.VALUE, slices.BAD) if c in shown.columns])
    first = pl.DataFrame({slices.ROW: lot.place[rows] + 1})
    blank = pl.DataFrame({slices.VALUE: [""] * size, slices.BAD: [""] * size})
    write_frame(pl.concat([first, shown, blank], how="horizontal"), out)
    console.note(f"Wrote {size} of {len(lot):,} rows to {out} (seed {seed}). Fill in `value` blind; then, where it "
                 "differs from the delivery, `bad`: yes if no careful person could have given it.")  # fmt: skip


def _say(found: Inspection) -> None:
    console.say(f"{found.decision.upper()}  {found.why}")
    console.say(
        f"{found.rows:,} rows, {found.items:,} items, {found.judges:,} judges. Contamination: {found.contamination}"
    )
    console.say("Columns: " + ", ".join(f"{role} = {column}" for role, column in found.columns.items()))
    for each in found.findings[:20]:
        chance = f" (p {each.p:.2g})" if each.p is not None else ""
        rows = ", ".join(str(r) for r in each.rows[:5]) + (" …" if each.row_count > 5 else "")
        console.say(f"- {each.check}: {each.evidence}{chance}; rows {rows}. {each.note}.")
    if len(found.findings) > 20:
        console.say(f"  … and {len(found.findings) - 20} more (--json lists them)")
    for blind in found.not_examined:
        console.say(f"Not examined – {blind}")
