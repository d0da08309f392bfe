"""Weights that another engine trained, as a checkpoint of ours: first it is checked what they stand on."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from tutelage import __version__, provenance
from tutelage.errors import BadInput, Where
from tutelage.models import checkpoint as ck
from tutelage.models import local_load
from tutelage.models.local_load import Origin
from tutelage.provenance.lineage import WORK
from tutelage.records import jsonl
from tutelage.store import digest_file
from tutelage.training.exchange import base as bases
from tutelage.training.exchange import foreign
from tutelage.training.exchange import sheet as sheets
from tutelage.training.exchange.sheet import RECIPE, SHEET, TRAINED, Sheet, Trained


def checkin(directory: Path, run: Path, out: Path | None) -> tuple[ck.Checkpoint, bool]:
    """See `tutelage.training.exchange.checkin`."""
    export = sheets.find(run)
    sheet, told = sheets.read(export), sheets.trained(directory)
    sheets.check_files(export, sheet)
    origin = _origin(sheet, export)
    _check_told(directory, export, sheet, told)
    weights = bases.find(sheet.base).weights_in(export)
    foreign.check_base(directory, weights, sheet.weights)
    target = out or directory
    work = target.parent / f".{target.resolve().name}.partial"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        made = _write(directory, work, export, sheet, told, origin, weights)
        traced = _trace(work, export, sheet)
        _publish(work, target, made, fresh=out is not None)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return made, traced


def _origin(sheet: Sheet, export: Path) -> Origin:
    """The base as it is now, which must be the one that was exported."""
    origin = local_load.find(sheet.base)
    place, remedy = export / SHEET, "Restore the base that was exported."
    sheets.same(place, origin.digest, sheet.base_digest, f"The base {sheet.base}", remedy)
    above = origin.checkpoint.digest if origin.checkpoint else None
    sheets.same(place, str(above), str(sheet.parent), f"The checkpoint {sheet.base}", remedy)
    return origin


def _check_told(directory: Path, export: Path, sheet: Sheet, told: Trained | None) -> None:
    """What the trainer says it read is what was exported."""
    if told is None:
        return
    place, remedy = directory / TRAINED, "Name the export that these weights were trained from."
    sheets.same(place, told.sheet, digest_file(export / SHEET), f"The {SHEET} it was trained from", remedy)
    sheets.same(place, told.base, sheet.weights, "The base it was trained on", remedy)
    for name, seen in told.files.items():
        sheets.same(place, seen, sheet.files.get(name, "no such file"), f"The data {name} it was trained on", remedy)
    if beyond := [r for r in told.rows or () if not 0 <= r < len(sheet.lines)]:
        raise BadInput(f"Row {beyond[0]} of {len(sheet.lines)} was trained on.", expected="rows of the export",
                       remedy=remedy, where=Where(str(place), field="rows"))  # fmt: skip


def _write(
    directory: Path, work: Path, export: Path, sheet: Sheet, told: Trained | None, origin: Origin, weights: Path
) -> ck.Checkpoint:
    method = f"{sheet.engine}:{sheet.method}"
    earlier = [*(ck.contributions(origin.at) if origin.at else []), *sheet.reward_work]
    rows = range(len(sheet.lines)) if told is None or told.rows is None else told.rows
    listed = ck.write_contributions(work, earlier, (i for r in rows for i in sheet.lines[r].ids), method)
    adapters, full = foreign.convert(directory, work, weights)
    if adapters:
        adapters = (*_above(origin, work), *adapters)
    above = origin.checkpoint
    made = ck.Checkpoint(
        base=origin.spec, base_digest=origin.digest, method=method,
        config={**sheet.config, "engine": sheet.engine, "versions": dict(told.versions) if told else {},
                "export": digest_file(export / SHEET), "reward": sheet.reward, "reward_digest": sheet.reward_digest},
        dtype=told.dtype if told else "float32", code_version=__version__, data_digest=sheet.rows_digest,
        contributions=listed, adapters=adapters, weights=full, head=foreign.head(directory, work, sheet.method),
        parents=(*above.parents, ck.Parent(above.digest, above.method)) if above else (),
        figures={"rows": len(rows), **({"steps": told.steps} if told and told.steps is not None else {})},
    )  # fmt: skip
    ck.write(work, made)
    return made


def _above(origin: Origin, work: Path) -> tuple[ck.Adapter, ...]:
    """The adapters of earlier stages, copied."""
    kept = []
    for i, adapter in enumerate(origin.checkpoint.adapters if origin.checkpoint and origin.at else ()):
        assert origin.at  # noqa: S101 - narrows the type
        shutil.copyfile(origin.at / adapter.file, work / f"parent-{i}.safetensors")
        kept.append(dataclasses.replace(adapter, file=f"parent-{i}.safetensors"))
    return tuple(kept)


def _trace(work: Path, export: Path, sheet: Sheet) -> bool:
    """Write the lineage where the export knew the judgments behind its rows; says whether it did."""
    if sheet.work is None:
        return False
    listed: list[provenance.Work] = list(jsonl.read(export / WORK, provenance.Work))
    known = {**bases.find(sheet.base).work, **{w.id: w for w in listed}}
    recipe = provenance.Sealed(f"{sheet.engine} {sheet.method}", digest_file(export / RECIPE))
    chain = [provenance.Sealed(sheet.dataset, sheet.dataset_digest)]
    provenance.write(provenance.assemble(work, work=known, chain=chain, recipe=recipe), work)
    return True


def _publish(work: Path, target: Path, made: ck.Checkpoint, *, fresh: bool) -> None:
    """The files into their place; checkpoint.json, which makes it a checkpoint, last."""
    if (ck.is_checkpoint(target) and ck.read(target).digest != made.digest) or (fresh and target.exists()):
        raise BadInput("There is another checkpoint, or something else.", expected="a path that is free",
                       remedy="Choose another --out.", where=Where(str(target)))  # fmt: skip
    for place in work.iterdir():
        place.chmod(0o644)  # safetensors writes for its owner alone
    if fresh:
        work.rename(target)
        return
    for place in sorted(work.iterdir(), key=lambda p: p.name == ck.FILE):
        place.replace(target / place.name)
