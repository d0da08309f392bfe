"""A certificate put into a release: every label on it is a judgment of the release, logged after the draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tutelage import kinds
from tutelage.errors import BadInput, Failed, Where
from tutelage.formats.corpus import Corpus
from tutelage.provenance import certificate
from tutelage.provenance.certificate import FOLDER, ROWS, Sheet
from tutelage.provenance.release.logged import Row
from tutelage.records import Json, Judge, Judgment, Settled, counts_as_person, standing

LABELS = (("human", "judgment"), ("second", "second_judgment"))
Given = tuple[int, str, str]  # (leaf, judgment, label)


def certified(
    directory: Path, corpus: Corpus, rows: Sequence[Row], slices: Sequence[tuple[int, bytes]]
) -> tuple[Sheet, dict[str, bytes]]:
    """The certificate as the release carries it, and its files by path.

    slices  (leaf, payload) of the draws in the project's log
    Raises Failed where the certificate's own rows do not bear it out, BadInput where its draw is not in the log, or a
    label is not that of the first person who judged the item after the draw.
    """
    sheet, drawn = certificate.read(directory)
    differs = certificate.differences(sheet, drawn)
    if differs:
        raise Failed(f"The certificate does not hold: {differs[0]}.", expected="claims as their rows give them",
                     remedy="Write it anew: `tutelage certify … --out DIR`.", where=Where(str(directory)))  # fmt: skip
    leaf = next((index for index, payload in slices if payload == sheet.draw.payload()), None)
    if leaf is None:
        raise BadInput(
            "The project's log does not hold this draw.", expected="a draw logged before anyone looked",
            remedy="Draw with `tutelage slice draw … --project NAME`, let people judge, seal under that project.",
            where=Where(str(directory)),
        )  # fmt: skip
    spelling: dict[str, str] = {}
    given = labels(corpus, {r.id: r.index for r in rows})
    placed = [_placed(row, given, leaf, spelling, directory) if row["in_slice"] else row for row in drawn]
    if len(set(spelling.values())) < len(spelling):
        raise _bad(f"Two labels are one in the judgments: {spelling}.", directory)
    sheet = replace(sheet, leaf=leaf, spelling=dict(sorted(spelling.items())))
    files = certificate.packed(sheet, placed)
    return sheet, {f"{FOLDER}/{name}": data for name, data in files.items()}


def labels(corpus: Corpus, leaves: Mapping[str, int]) -> dict[str, list[Given]]:
    """What people said of each item in the order of the log, by the item's id and by its row in the source.

    leaves  where the log holds each judgment, by its id
    """
    judges: dict[str, Judge] = {j.id: j for j in corpus.judges if counts_as_person(j)}
    on: dict[str, list[Judgment]] = {}
    for judgment in standing(list(corpus.judgments)):
        if judgment.judge_id in judges:
            on.setdefault(judgment.item_id, []).append(judgment)
    found: dict[str, list[Given]] = {}
    rows = Counter(i.source.row for i in corpus.items if i.source is not None)
    for item in corpus.items:
        labels = []
        for judgment in on.get(item.id, []):
            verdict = kinds.get(item.kind).fold(item, [judgment], judges)
            if isinstance(verdict, Settled):
                labels.append((leaves[judgment.id], judgment.id, verdict.value))
        found[item.id] = sorted(labels)
        row = item.source.row if item.source is not None else None
        if row is not None and rows[row] == 1:
            found.setdefault(row, found[item.id])
    return found


def _placed(row: Json, given: Mapping[str, list[Given]], leaf: int, spelling: dict[str, str], where: Path) -> Json:
    """A drawn row with the judgments that its labels are."""
    out, labels = dict(row), given.get(row["item"], [])
    for place, (column, judgment) in enumerate(LABELS):
        said = row.get(column)
        if said is None:
            if place == 0 and labels:
                raise _bad(f"Item {row['item']!r} carries no label, though a person judged it.", where)
            continue
        if len(labels) <= place:
            raise _bad(f"Item {row['item']!r} carries a label that no person gave in these judgments.", where)
        index, out[judgment], found = labels[place]
        if index < leaf:
            raise _bad(f"The label on {row['item']!r} was in the log before the draw.", where)
        text = said if isinstance(said, str) else f"{said:g}"
        if spelling.setdefault(text, found) != found:
            raise _bad(f"Item {row['item']!r} carries {text!r}, its judgment says {found!r}.", where)
    return out


def _bad(seen: str, where: Path) -> BadInput:
    return BadInput(
        seen,
        expected="on every drawn item the label of the first person who judged it after the draw",
        remedy="Correct the labels, and write the certificate anew.",
        where=Where(str(where / ROWS)),
    )
