"""`tutelage certify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tutelage.cli import console
from tutelage.cli.slice import ADDED, FILE, TARGET, distinct, recheck, uncommitted
from tutelage.errors import FAILED, NOT_ENOUGH, BadInput, Failed, Where

if TYPE_CHECKING:
    from tutelage.formats.frames import Floats, Frame, Names
    from tutelage.measure.certify import Certificate
    from tutelage.measure.sample import Draw

EXIT = {True: 0, False: FAILED, None: NOT_ENOUGH}


@click.command(epilog="Example:  tutelage certify s.csv --item id --ai ai --human who --require .9")
@click.argument("file", type=FILE)
@click.option("--item", required=True, metavar="C", help="Column of item ids, one row each.")
@click.option("--ai", required=True, metavar="C", help="Column of the AI judge's verdicts.")
@click.option("--human", required=True, metavar="C", help="People's labels; empty: not in the slice.")
@click.option("--target", type=TARGET, default="agreement", metavar="T", help="mean, agreement (default) or residual.")
@click.option("--require", type=float, metavar="X", help="The least that is enough; exits 0 yes, 3 no, 4 open.")
@click.option("--error", default=0.05, show_default=True, metavar="X", help="Residual: error allowed.")
@click.option("--level", default=0.95, show_default=True, metavar="X", help="Confidence of the claim.")
@click.option("--confidence", metavar="C", help="The judge's own, more is surer: for residual.")
@click.option("--pi", metavar="C", help="Recorded chances; taken from a drawn slice.")
@click.option("--order", metavar="C", hidden=True, help="Rank or time at which labels came: for --sequential.")
@click.option("--domain", metavar="C", help="Decide per domain, false discoveries held.")
@click.option("--second", metavar="C", help="A second person's labels: takes human noise out.")
@click.option("--values", metavar="V", help="For mean: left=1,tie=.5,right=0 or bounds: 1..5.")
@click.option("--never", metavar="C", hidden=True, help="Truths: items that go to a person anyway.")
@click.option("--sequential", is_flag=True, help="Bounds that hold at every look (--order C: as labels came).")
@click.option("--seed", default=0, metavar="N", help="Of the order of bets.  [default: 0]")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write every claim and its rows, for a release.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path, item: str, ai: str, human: str, target: Any, require: float | None, error: float, level: float,
    confidence: str | None, pi: str | None, order: str | None, domain: str | None, second: str | None,
    values: str | None, never: str | None, sequential: bool, seed: int, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say what may be claimed of an AI judge. --never C: items for people anyway."""
    from tutelage.formats.frames import read_frame
    from tutelage.measure.certify import certify
    from tutelage.measure.certify.silent import as_names, least_sure, spoken, there

    frame = read_frame(file)
    distinct(frame, item)
    if human == ai:
        raise BadInput(f"--ai and --human are one column, `{ai}`.", expected="what people said beside what it said",
                       remedy="Name people's column.", where=Where(str(file), field="--human"))  # fmt: skip
    warnings: list[str] = []
    machine, people, again = _labels(frame, ai, human, second, warnings)
    silent = ~there(machine)
    if silent.all():
        return _nothing(target, require, len(frame), as_json)
    sure = frame.every_number(confidence) if confidence and not silent.any() else None
    left = frame.truths(never) if never else None
    if silent.any():
        machine, warning = spoken(machine, target)
        warnings.append(warning)
        if target != "mean":
            people, again = as_names(people), None if again is None else as_names(again)
        if target == "residual" and confidence:
            sure = least_sure(frame.numbers(confidence), silent)
            left = silent if left is None else left | silent
    chance = frame.every_number(pi) if pi else None
    rank = _rank(frame, order) if order else None
    drawn = _verified(frame)
    if drawn is not None:
        people, again = _only_drawn(frame, drawn, people, again, item, warnings)
        warnings += [text] if (text := uncommitted(frame, ai)) else []
        if chance is None:
            chance = _chances(drawn, people, sequential)
        rank = drawn.order().astype("float64") if rank is None and sequential else rank
    worth, bounds = _values(values)
    found = certify(
        machine, people, target=target, require=require, error=error, level=level,
        confidence=sure, pi=chance, order=rank,
        domain=frame.every_name(domain) if domain else None, second=again, values=worth, bounds=bounds,
        never=left, sequential=sequential, seed=seed,
    )  # fmt: skip
    if out is not None:
        columns = Columns(item, ai, human, second, confidence, domain, never)
        _write(frame, drawn, columns, Asking(target, require, error, level, worth, bounds, seed), sequential, out)
    if as_json:
        console.emit(_json(found, warnings))
    else:
        _show(found, warnings)
    raise SystemExit(0 if require is None else EXIT[found.usable])


class Columns(NamedTuple):
    """The names of a file's columns."""

    item: str
    ai: str
    human: str
    second: str | None
    confidence: str | None
    domain: str | None
    never: str | None


class Asking(NamedTuple):
    """What was asked, as `provenance.certificate.Asked` has it."""

    target: Any
    require: float | None
    error: float
    level: float
    values: dict[str, float] | None
    bounds: tuple[float, float] | None
    seed: int


def _write(frame: Frame, drawn: Draw | None, named: Columns, asking: Asking, sequential: bool, out: Path) -> None:
    """The certificate as an artefact: only of a draw that anyone can repeat, and of one look."""
    from tutelage.provenance import certificate

    if drawn is None or sequential:
        raise BadInput(
            "A certificate is written " + ("of one look, not of a sequence." if drawn else "of a recorded draw only."),
            expected="the columns that `tutelage slice draw` wrote, and no --sequential",
            remedy="Draw the slice first, or leave out --out.", where=Where(str(frame.path), field="--out"),
        )  # fmt: skip
    inside = drawn.drawn().tolist()
    machine, people, again = _labels(frame, named.ai, named.human, named.second, [])
    sure = frame.numbers(named.confidence) if named.confidence else None
    domains = frame.names(named.domain).tolist() if named.domain else None
    left = frame.truths(named.never).tolist() if named.never else None
    rows = [
        {"item": name, "ai": _said(machine[i]), "pi": float(drawn.pi[i]), "cell": int(drawn.cell[i]),
         "in_slice": inside[i], "human": _said(people[i]) if inside[i] else None,
         "second": _said(again[i]) if again is not None and inside[i] else None,
         "confidence": None if sure is None else _said(sure[i]), "domain": None if domains is None else domains[i],
         "never": bool(left and left[i])}
        for i, name in enumerate(drawn.ids)
    ]  # fmt: skip
    judges = sorted(set(frame.every_name("judge").tolist())) if "judge" in frame.columns else [named.ai]
    asked = certificate.Asked(*asking)
    sheet, ordered = certificate.made(", ".join(judges), rows, drawn.seed, drawn.design, asked)
    certificate.write(sheet, ordered, out)
    console.note(f"Wrote {', '.join(sheet.claims)} and {len(rows):,} rows to {out}.")


def _said(value: Any) -> Any:
    return None if value is None or value != value else value if isinstance(value, str) else float(value)


def _nothing(target: str, require: float | None, items: int, as_json: bool) -> None:
    """What may be claimed of a judge that never spoke."""
    from tutelage.records import Undefined

    claim = f"The judge gave no verdict on any of {items:,} items: it is not usable, and nothing is claimed of it."
    if as_json:
        console.emit({target: Undefined("the judge gave no verdict"), "usable": False, "claim": claim, "open": "",
                      "warnings": []})  # fmt: skip
    else:
        console.say(claim)
    raise SystemExit(0 if require is None else FAILED)


def _labels(
    frame: Frame, ai: str, human: str, second: str | None, warnings: list[str] | None = None
) -> tuple[Any, Any, Any]:
    """Verdicts and labels: numbers where all of them are, names otherwise, so that 1 and "1.0" are one label.

    The words NULL and NaN are empty cells, as everywhere: nobody's label.
    """
    from tutelage.cli.measure.columns import blanked

    named = [ai, human, *([second] if second else [])]
    for name in named:
        frame, note = blanked(frame, name)
        if note and warnings is not None:
            warnings.append(f"{note}.")
    read = frame.numbers if all(frame.is_numeric(c) for c in named) else frame.names
    columns: list[Floats | Names] = [read(c) for c in named]
    return columns[0], columns[1], columns[2] if second else None


def _rank(frame: Frame, order: str) -> Floats:
    """(N,) when labels came, from ranks, dates or times as ISO 8601 writes them; NaN where empty."""
    import numpy as np
    import polars as pl

    spelled = frame.names(order)  # refuses a column that is not there
    if frame.is_numeric(order):
        return frame.numbers(order)
    times = pl.Series(order, spelled.tolist(), dtype=pl.String).str.to_datetime(strict=False, time_zone="UTC")
    if times.null_count() > int((spelled == np.array(None)).sum()):
        return frame.numbers(order)  # names the first row that is neither
    return times.dt.epoch("us").cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)


def _verified(frame: Frame) -> Draw | None:
    """The draw this file carries, repeated; None where it carries none. Raises Failed where it is another one."""
    if not set(ADDED) <= set(frame.columns):
        return None
    repeated, differs = recheck(frame)
    if differs or repeated is None:
        raise Failed(
            f"The file does not hold the draw that it claims: {differs[0]}"
            + (f" (and {len(differs) - 1} more differences)." if len(differs) > 1 else "."),
            expected="items, pi, cell, draw and in_slice as `tutelage slice draw` wrote them",
            remedy="See `tutelage slice check`. Without the column `draw` the slice is taken as declared.",
            where=Where(str(frame.path), field="draw"),
        )
    return repeated


def _only_drawn(frame: Frame, drawn: Draw, people: Any, again: Any, item: str, warnings: list[str]) -> tuple[Any, Any]:
    """Labels of the slice alone: what people labelled besides was chosen by someone, not drawn."""
    import numpy as np

    from tutelage.measure.certify.silent import there

    inside, labelled = drawn.drawn(), there(people)
    extra = np.flatnonzero(labelled & ~inside)
    if extra.size:
        name = frame.names(item)[extra[0]]
        warnings.append(
            f"{extra.size:,} labels are on items outside the slice (the first on {name!r}) and were left out: "
            "hand-picked items are no random slice."
        )
    silent = int((inside & ~labelled).sum())
    if silent:
        warnings.append(
            f"{silent:,} of the {int(inside.sum()):,} items drawn carry no label: the claim holds only if which ones "
            "are missing has nothing to do with the judge being right."
        )
    gone = np.nan if people.dtype.kind == "f" else None
    return np.where(inside, people, gone), None if again is None else np.where(inside, again, gone)


def _chances(drawn: Draw, people: Any, sequential: bool) -> Floats:
    """The recorded pi; a slice looked at before it is finished is a smaller uniform one."""
    import numpy as np

    from tutelage.measure.certify.silent import there

    if sequential and len(drawn.takes) == 1:
        return np.full(len(drawn.ids), there(people).mean())
    return drawn.pi


def _values(text: str | None) -> tuple[dict[str, float] | None, tuple[float, float] | None]:
    """`left=1,tie=.5` as what each label is worth; `1..5` as the least and greatest value."""
    if text is None:
        return None, None
    try:
        if ".." in text and "=" not in text:
            low, high = text.split("..")
            return None, (float(low), float(high))
        pairs = (part.rsplit("=", 1) for part in text.split(","))
        return {name.strip(): float(worth) for name, worth in pairs}, None
    except ValueError:
        raise BadInput(f"`--values` is {text!r}.", expected="left=1,tie=.5,right=0 – or 1..5 for scores",
                       remedy="Name a number for every label.", where=Where(field="--values")) from None  # fmt: skip


def _json(found: Certificate, warnings: list[str]) -> dict[str, Any]:
    """The certificate with its target's figure first, under its own name; the threshold is beside the share."""
    from tutelage.records import encode

    whole: dict[str, Any] = encode(found)
    figures = whole.pop("figures")
    if found.target == "residual":
        figures["residual"]["threshold"] = found.threshold
    return {found.target: figures.pop(found.target), **figures, "usable": whole.pop("usable"),
            "claim": whole.pop("claim"), **whole, "warnings": [*warnings, *found.warnings]}  # fmt: skip


def _show(found: Certificate, warnings: list[str]) -> None:
    console.say(found.claim)
    console.say(found.open)
    for name, figure in found.figures.items():
        console.say(f"  {name:<16} {figure}")
    if found.noise is not None:
        console.say(f"  {'between people':<16} {found.noise.between_people}")
        console.say(f"  {'judge error':<16} {found.noise.judge_error}")
    for part in found.domains:
        met = "" if part.e_value is None else " meets it" if part.meets else " not shown"
        console.say(f"  {part.domain:<16} {part.figure}{met}")
    for text in (*warnings, *found.warnings):
        console.note(f"Note: {text}")
