"""`tutelage gate`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tutelage.cli import console

if TYPE_CHECKING:
    from tutelage.gate import Criteria, Evidence

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example:  tutelage gate runs/dpo --criteria gate.toml --signatures signed.jsonl")
@click.argument("checkpoint", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--criteria", "criteria_file", type=FILE, required=True, help="TOML or JSON (tutelage example criteria).")
@click.option("--evidence", "evidence_file", type=FILE, help="Figures on held-out prompts; default: evidence.json.")
@click.option("--signatures", "signature_file", type=FILE, help="JSONL: who approves, in what role.")
@click.option("--prompts", type=FILE, help="Held-out prompts to sample, where there is no evidence.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    checkpoint: Path,
    criteria_file: Path,
    evidence_file: Path | None,
    signature_file: Path | None,
    prompts: Path | None,
    as_json: bool,
) -> None:
    """Decide whether a checkpoint may ship. Exits 0 pass, 3 fail, 4 insufficient.

    Evidence is taken from --evidence, else from evidence.json in CHECKPOINT, else the checkpoint (and its base, where
    a criterion compares) answers the held-out prompts now.
    """
    from datetime import UTC

    from tutelage.gate import criteria as rules
    from tutelage.gate import decide
    from tutelage.gate import evidence as known
    from tutelage.gate.collect import with_alarm
    from tutelage.models import checkpoint as ck

    now = datetime.now(UTC)
    criteria = rules.load(criteria_file)
    model = ck.read(checkpoint).digest
    signatures = known.read_signatures(signature_file) if signature_file else []
    stored = evidence_file or checkpoint / "evidence.json"
    if stored.is_file() and not (prompts and evidence_file is None):
        evidence = known.read(stored)
    else:
        evidence = _ask(checkpoint, criteria, criteria_file, prompts, now)
    evidence = with_alarm(evidence, checkpoint)
    decision = decide(criteria, evidence, signatures, now=now, model=model)
    if as_json:
        console.emit(decision)
    else:
        console.say(decision.text())
    raise SystemExit(decision.exit_code)


def _ask(checkpoint: Path, criteria: Criteria, criteria_file: Path, prompts: Path | None, now: datetime) -> Evidence:
    """Evidence from answers given now."""
    from tutelage import models
    from tutelage.environments import graders
    from tutelage.errors import BadInput, Where
    from tutelage.evaluation import prompts as asked
    from tutelage.gate.collect import from_models, needs_base
    from tutelage.models import checkpoint as ck

    plan = criteria.sampling
    source = prompts or (criteria_file.parent / plan.prompts if plan.prompts else None)
    if source is None:
        raise BadInput(
            "There is neither evidence nor a list of held-out prompts.",
            expected="evidence.json in the checkpoint, --evidence, --prompts, or `sampling.prompts` in the criteria",
            remedy="Give one of them.",
            where=Where(str(criteria_file), field="sampling.prompts"),
        )
    held_out = asked.read(source)
    tasks = graders.read(criteria_file.parent / plan.tasks) if plan.tasks else []
    console.note(f"Asking the checkpoint {len(held_out)} held-out prompts …")
    base = models.load(ck.read(checkpoint).base) if needs_base(criteria) else None
    return from_models(criteria, models.load(f"local:{checkpoint}"), held_out, at=now, base=base, tasks=tasks)
