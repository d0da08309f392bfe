"""`tutelage slice draw | check`, and the columns by which a slice file proves how it was drawn."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tutelage.cli import console
from tutelage.errors import FAILED, BadInput, Where

if TYPE_CHECKING:
    from tutelage.formats.frames import Frame, Names
    from tutelage.measure.sample import Draw

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, path_type=Path)
TARGET = click.Choice(["mean", "agreement", "residual"])
ADDED = ("in_slice", "pi", "cell", "draw")
# `draw` says on every row what, beside the ids, pi and cell, is needed to repeat the draw: it survives every format
# and what the judge had said by then: verdicts that were changed once the labels were known certify nothing
STAMP = "tutelage-draw/2 {design} seed={seed} {commitment} verdicts={verdicts} columns={columns}"
STAMPED = (
    re.compile(r"tutelage-draw/2 (fixed|poisson) seed=(-?\d+) (sha256:[0-9a-f]{64}) "
               r"verdicts=(sha256:[0-9a-f]{64}) columns=(\[.+\])"),
    re.compile(r"tutelage-draw/1 (fixed|poisson) seed=(-?\d+) (sha256:[0-9a-f]{64})()() item=(.+)"),
)  # fmt: skip


class Stamp(NamedTuple):
    """What `draw` says on every row. verdicts: their digest, and ai and confidence the columns; "" in files of old."""

    design: str
    seed: int
    commitment: str
    verdicts: str
    item: str
    ai: str
    confidence: str

    @classmethod
    def of(cls, text: str) -> Stamp | None:
        """Read it; None where the text is no stamp."""
        for pattern in STAMPED:
            if found := pattern.fullmatch(text):
                design, seed, commitment, verdicts, columns, *old = found.groups()
                try:
                    item, ai, confidence = json.loads(columns) if columns else (*old, "", "")
                except ValueError:
                    return None
                return cls(design, int(seed), commitment, verdicts, item, ai, confidence)
        return None


@click.group(epilog="Example:  tutelage slice check slice.parquet")
def command() -> None:
    """Draw the items that people look at; check that a slice is the draw it claims to be."""


@command.command(
    epilog="Example:  tutelage slice draw ai.csv --item id --ai verdict --confidence p"
    " --target residual --size 600 --seed 7 --out slice.csv"
)
@click.argument("file", type=FILE)
@click.option("--item", required=True, metavar="C", help="Column of item ids; each occurs once.")
@click.option("--ai", required=True, metavar="C", help="Column of the AI judge's verdicts.")
@click.option("--confidence", metavar="C", help="Column of its confidence, for residual.")
@click.option("--target", type=TARGET, default="agreement", metavar="T", help="mean, agreement (default) or residual.")
@click.option("--error", default=0.05, show_default=True, metavar="X", help="Residual: error allowed.")
@click.option("--level", default=0.95, show_default=True, metavar="X", help="Residual: confidence wanted.")
@click.option("--strata", metavar="C", help="Column of strata; each gets --minimum items.")
@click.option("--minimum", default=0, metavar="N", help="Least items of the slice per stratum.")
@click.option("--size", required=True, type=int, metavar="N", help="Items people look at.")
@click.option("--seed", required=True, type=int, metavar="S", help="Anyone repeats the draw from it.")
@click.option("--out", required=True, type=OUT, metavar="FILE", help="A .parquet, .jsonl or .csv.")
@click.option("--project", metavar="NAME", help="Log the draw there, before anyone looks.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def draw(
    file: Path, item: str, ai: str, confidence: str | None, target: str, error: float, level: float,
    strata: str | None, minimum: int, size: int, seed: int, out: Path, project: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Draw a slice: FILE's rows with in_slice, pi, cell and draw.

    Mean and agreement: uniform. Residual: dense where acceptance is decided.
    """
    import polars as pl

    from tutelage.formats.frames import read_frame, write_frame
    from tutelage.measure.certify.silent import there

    frame = read_frame(file)
    taken = [name for name in ADDED if name in frame.columns]
    if taken:
        raise BadInput(
            f"There is a column `{taken[0]}` already.", expected=f"no columns {', '.join(ADDED)}",
            remedy="Draw from the file as it was before the first draw, or rename the column.", where=Where(str(file)),
        )  # fmt: skip
    silent = ~there(frame.names(ai))
    planned = _planned(frame, item, silent, confidence, target, error, level, strata, minimum, size, seed)
    verdicts = verdicts_of(frame, item, ai, confidence)
    stamp = STAMP.format(
        design=planned.design, seed=seed, commitment=planned.commitment, verdicts=verdicts,
        columns=json.dumps([item, ai, confidence or ""], ensure_ascii=False),
    )  # fmt: skip
    columns = [
        pl.Series("in_slice", planned.drawn()), pl.Series("pi", planned.pi), pl.Series("cell", planned.cell),
        pl.Series("draw", [stamp]).new_from_index(0, len(frame)),
    ]  # fmt: skip
    try:
        write_frame(frame.table.with_columns(columns), out)
    except pl.exceptions.PolarsError as problem:
        raise BadInput(f"The rows do not fit this format: {problem}.", expected="a format that holds every column",
                       remedy="Write .parquet or .jsonl.", where=Where(str(out))) from None  # fmt: skip
    leaf = None if project is None else _logged(planned, project)
    if as_json:
        console.emit({"file": str(out), "items": len(frame), "size": sum(planned.takes), "seed": seed,
                      "target": target, "commitment": planned.commitment, "verdicts": verdicts,
                      "leaf": leaf})  # fmt: skip
        return
    console.say(f"{sum(planned.takes):,} of {len(frame):,} items are in the slice: {out}")
    kept = "publish it before anyone looks" if leaf is None else f"leaf {leaf} of the log of {project}"
    console.say(f"Commitment {planned.commitment}: {kept}.")
    console.say(f"Verdicts {verdicts}: what the judge said so far, so that a later change is seen.")
    console.say("Have people label the rows where in_slice is true; keep all rows and these columns.")


def _logged(planned: Draw, project: str) -> int:
    """The leaf that the draw has in a project's log: from then on it stands before every label that follows."""
    from tutelage.provenance.certificate import Drawn
    from tutelage.provenance.release.project import Project

    with Project.named(project).log() as log:
        return log.publish(Drawn.of(planned).payload())


def _planned(
    frame: Frame, item: str, silent: Any, confidence: str | None, target: str, error: float, level: float,
    strata: str | None, minimum: int, size: int, seed: int,
) -> Draw:  # fmt: skip
    from tutelage.measure.certify.silent import least_sure
    from tutelage.measure.sample import plan_residual, plan_uniform

    ids = tuple(distinct(frame, item))
    kinds = frame.every_name(strata).tolist() if strata else None
    if target != "residual":
        return plan_uniform(ids, size, seed=seed, strata=kinds, minimum=minimum)
    if confidence is None:
        raise BadInput("The judge's confidence is not named.", expected="--confidence for --target residual",
                       remedy="Name its column: more is surer.", where=Where(field="--confidence"))  # fmt: skip
    for name, value in (("--error", error), ("--level", level)):
        if not 0 < value < 1:
            raise BadInput(f"{name} is {value}.", expected="a share in (0, 1)", remedy="Write 5 % as .05.",
                           where=Where(field=name))  # fmt: skip
    sure = frame.every_number(confidence) if not silent.any() else least_sure(frame.numbers(confidence), silent)
    return plan_residual(ids, size, sure, error=error, seed=seed, level=level, strata=kinds, minimum=minimum)


@command.command(epilog="Example:  tutelage slice check slice.parquet --json")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(file: Path, as_json: bool) -> None:
    """Repeat the draw that FILE claims to be. Exits 0 where it is, 3 where it is not.

    Rows may be in any order and columns may have been added; items, verdicts, confidence, pi, cell, draw and in_slice
    may not have changed.
    """
    from tutelage.formats.frames import read_frame

    frame = read_frame(file)
    for name in ADDED:
        if name not in frame.columns:
            raise BadInput(f"There is no column `{name}`.", expected="a file written by `tutelage slice draw`",
                           remedy="Keep the columns that the draw added.", where=Where(str(file)))  # fmt: skip
    repeated, differs = recheck(frame)
    if as_json:
        console.emit({"redraws": not differs, "differs": differs, "items": len(frame),
                      "size": int(repeated.drawn().sum()) if repeated else None,
                      "seed": repeated.seed if repeated else None,
                      "commitment": repeated.commitment if repeated else None})  # fmt: skip
    elif differs or repeated is None:
        console.say("No: this is not the draw that it claims to be.")
        for line in differs:
            console.say(f"  {line}")
    else:
        console.say(f"Yes: seed {repeated.seed} draws exactly these {int(repeated.drawn().sum()):,} "
                    f"of {len(frame):,} items.")  # fmt: skip
    raise SystemExit(FAILED if differs else 0)


def distinct(frame: Frame, item: str) -> Names:
    """(N,) item ids as texts; BadInput names the first that occurs twice, and where."""
    ids = frame.every_name(item)
    first: dict[str, int] = {}
    for row, name in enumerate(ids.tolist()):
        if first.setdefault(name, row) != row:
            raise BadInput(
                f"Item {name!r} is on row {first[name] + 1} and on row {row + 1} "
                f"({len(ids) - len(set(ids.tolist())):,} rows repeat an item).",
                expected="one row per item", remedy="Keep one row of each; a second person's label is a column.",
                where=Where(str(frame.path), field=item),
            )  # fmt: skip
    return ids


def recheck(frame: Frame) -> tuple[Draw | None, list[str]]:
    """(the draw repeated from the file's own columns, what differs from it); (None, why) where it cannot be."""
    from tutelage.measure import sample

    stamps = sorted(set(frame.every_name("draw").tolist()))
    stamp = Stamp.of(stamps[0])
    if len(stamps) > 1 or stamp is None:
        return None, [f"`draw` holds {len(stamps)} different texts" if stamp else f"`draw` holds {stamps[0][:80]!r}"]
    if stamp.item not in frame.columns:
        return None, [f"the draw was over the ids in a column {stamp.item!r}, which is not there"]
    ids = tuple(distinct(frame, stamp.item))
    pi, cell, given = frame.every_number("pi"), frame.every_number("cell"), frame.truths("in_slice")
    design: sample.Design = "fixed" if stamp.design == "fixed" else "poisson"
    try:
        repeated = sample.redraw(ids, pi, cell, seed=stamp.seed, design=design)
    except BadInput as problem:
        size = int(given.sum())
        return None, [f"{problem.seen} ({len(ids):,} rows, {size:,} in the slice: rows or chances were changed)"]
    return repeated, [*sample.check(repeated, stamp.commitment, given), *_revised(frame, stamp)]


def verdicts_of(frame: Frame, item: str, ai: str, confidence: str | None) -> str:
    """`sha256:…` over every item's verdict and confidence, whatever the order of rows and the digits a format keeps."""
    said = [x.lower() if x in ("True", "False", "TRUE", "FALSE") else x for x in frame.names(ai).tolist()]
    sure = [""] * len(said) if not confidence else [f"{x:.9g}" for x in frame.numbers(confidence).tolist()]
    rows = sorted(zip(frame.every_name(item).tolist(), said, sure, strict=True))
    return "sha256:" + hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _revised(frame: Frame, stamp: Stamp) -> list[str]:
    """[] where the judge's columns say what they said when the slice was drawn, or are gone, or were not recorded."""
    columns = [name for name in (stamp.ai, stamp.confidence) if name]
    if not stamp.verdicts or not set(columns) <= set(frame.columns):
        return []
    if verdicts_of(frame, stamp.item, stamp.ai, stamp.confidence) == stamp.verdicts:
        return []
    named = " or ".join(f"`{name}`" for name in columns)
    return [f"{named} was changed after the draw: a judge is certified by what it said before people were asked"]


def uncommitted(frame: Frame, ai: str) -> str:
    """A warning where verdicts are certified that the draw does not hold; "" where it does, or is of old."""
    stamp = Stamp.of(frame.every_name("draw")[0])
    if stamp is None or not stamp.verdicts or stamp.ai == ai:
        return ""
    return (f"The draw recorded the verdicts in `{stamp.ai}`, not those in `{ai}`: nothing shows that these stood "
            "before people were asked.")  # fmt: skip
