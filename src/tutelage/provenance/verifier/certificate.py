"""The certificate of an AI judge, as far as the standard library reaches: its draw, its rows, the order of the log.

Intervals need numpy: `tutelage release certificate DIR` computes them again.
"""

from __future__ import annotations

from typing import Any

from tutelage.provenance.verifier.formats import jcs, need, sha

CERTIFICATE, CERTIFIED = "certificate/certificate.json", "certificate/rows.jsonl.gz"
UNREAD = ""  # an answer whose label this file does not know how to read


class Judged:
    """What people say of items in a release: (leaf, judgment, label) of each item, in the order of the log."""

    def __init__(self) -> None:
        self.labels: dict[str, list[tuple[int, str, str]]] = {}
        self.items: dict[str, str] = {}  # a name used in the draw: the item's own id, or its row in the source

    def name(self, item: Any) -> None:
        """Make an item known by its id, and by its row where no other item has that."""
        row = (item.get("source") or {}).get("row")
        self.items[item["id"]] = item["id"]
        if row is not None:
            self.items[row] = "" if self.items.get(row, item["id"]) != item["id"] else item["id"]

    def on(self, name: str) -> list[tuple[int, str, str]]:
        """The labels on an item."""
        return sorted(self.labels.get(self.items.get(name, name), []))


def label_of(answer: Any) -> str | None:
    """The label that an answer gives; None where it gives none, UNREAD where it is of a kind not known here."""
    kind = answer.get("type")
    if kind in ("cannot_rate", "withdrawn"):
        return None
    if kind == "prefer":
        return str(answer["winner"])
    if kind == "classification" and len(answer["labels"]) == 1:
        return str(answer["labels"][0])
    return str(kind) if kind in ("tie", "both_bad") else UNREAD


def check_certificate(sheet: Any, rows: list[Any], slices: list[tuple[int, Any]], judged: Judged) -> list[str]:
    """What may be noted; Fault where draw, log or labels do not bear the certificate out.

    slices  (leaf, payload) of the draws that the log holds
    """
    draw, leaf = sheet["draw"], sheet["leaf"]
    need(dict(slices).get(leaf) == draw, f"{CERTIFICATE}: leaf {leaf} of the log does not hold its draw")
    ids = [r["item"] for r in rows]
    need(ids == sorted(set(ids)) and ids, f"{CERTIFIED}: items are not sorted, each once")
    takes = _check_draw(draw, rows)
    need(draw["items"] == len(rows) and draw["size"] == takes, f"{CERTIFICATE}: the draw's counts are not the rows'")
    _check_labels(sheet, rows, leaf, judged)
    labelled = [r for r in rows if r["human"] is not None]
    for target, claim in sheet["claims"].items():
        counts = (claim["target"], claim["batch"], claim["slice"])
        need(counts == (target, len(rows), len(labelled)), f"{CERTIFICATE}: the {target} claim counts other rows")
    same = sum(r["human"] == r["ai"] for r in labelled)
    notes = [f"the judge says what people say on {same:,} of {len(labelled):,} labelled items of {len(rows):,}"]
    others = sum(1 for index, one in slices if one["batch"] == draw["batch"] and index != leaf)
    if others:
        notes.append(f"{others} other draws over the same items are in the log: ask why this one was used")
    if len(labelled) < takes:
        notes.append(f"{takes - len(labelled):,} of {takes:,} drawn items carry no label")
    if any(k != v for k, v in (sheet["spelling"] or {}).items()):
        notes.append(f"labels are respelled: {jcs(sheet['spelling'])}")
    return [*notes, "intervals are not computed here: `tutelage release certificate DIR` does"]


def _check_draw(draw: Any, rows: list[Any]) -> int:
    """Repeat the draw from its seed; gives its size."""
    cells: dict[int, list[Any]] = {}
    for row in rows:
        cells.setdefault(row["cell"], []).append(row)
    need(sorted(cells) == list(range(len(cells))), f"{CERTIFIED}: its cells are not numbered 0, 1, …")
    takes = tuple(round(sum(r["pi"] for r in cells[c])) for c in range(len(cells)))
    fixed = draw["design"] == "fixed"
    text = [f"tutelage-draw/1 {draw['seed']} {draw['design']} {takes}\n"]
    text += [f"{r['item']}\t{r['cell']}\t{float(r['pi']).hex()}\n" for r in rows]
    need("sha256:" + sha("".join(text).encode()).hex() == draw["commitment"], f"{CERTIFIED}: it is another draw")
    batch = "".join(f"{r['item']}\n" for r in rows)
    need("sha256:" + sha(batch.encode()).hex() == draw["batch"], f"{CERTIFIED}: it is another batch")
    size = 0
    for cell, take in enumerate(takes):
        inside = cells[cell]
        need(not fixed or all(r["pi"] == take / len(inside) for r in inside), f"{CERTIFIED}: a chance was changed")
        place = {r["item"]: _place(draw["seed"], r["item"]) for r in inside}
        first = sorted(inside, key=lambda r: place[r["item"]])[:take]
        right = {r["item"] for r in first} if fixed else {r["item"] for r in inside if place[r["item"]] < r["pi"]}
        size += len(right)
        for row in inside:
            need(row["in_slice"] == (row["item"] in right), f"{CERTIFIED}: {row['item']!r} is not as the seed draws")
    return size


def _place(seed: int, item: str) -> float:
    return (int.from_bytes(sha(f"{seed}\n{item}".encode())[:8], "big") >> 11) / (1 << 53)


def _check_labels(sheet: Any, rows: list[Any], leaf: int, judged: Judged) -> None:
    """Each label is that of the first person who judged the item, after the draw; none is hidden or from outside."""
    spelling = sheet["spelling"] or {}
    need(len(set(spelling.values())) == len(spelling), f"{CERTIFICATE}: two labels are respelled as one")
    for row in rows:
        given = judged.on(row["item"]) if row["in_slice"] else []
        for place, (label, judgment) in enumerate((("human", "judgment"), ("second", "second_judgment"))):
            said = row.get(label)
            where = f"{CERTIFIED}: {row['item']!r}"
            if said is None:
                need(place == 1 or not given, f"{where} carries no label, though a person judged it")
                continue
            need(row["in_slice"], f"{where} carries a label outside the slice")
            need(len(given) > place, f"{where} carries a label that no person gave in this release")
            index, name, found = given[place]
            need(name == row[judgment], f"{where}: the label is not the first that was logged")
            need(index > leaf, f"{where}: its label was in the log before the draw")
            text = said if isinstance(said, str) else f"{said:g}"
            need(
                found in (UNREAD, spelling.get(text)), f"{where}: the label is {text!r}, judgment {name} says {found!r}"
            )
