"""`tutelage measure perspectives`: is there one population of judges, or groups that see things differently?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tutelage.cli import console
from tutelage.cli.measure import columns, show
from tutelage.errors import BadInput, Where

if TYPE_CHECKING:
    from tutelage.cli.measure.columns import Ballot, Repeats
    from tutelage.measure.perspectives import Perspectives
    from tutelage.records import Undefined

MOST_VALUES = 50
SHOWN = 10
PATIENCE = 200_000  # judgments above which one is told to wait


@click.command(
    short_help="One population, or groups?",
    epilog="Example:  tutelage measure perspectives votes.csv --item statement --judge voter --value vote",
)
@click.argument("file", type=columns.FILE)
@columns.judge_options
@click.option("--permutations", default=199, show_default=True, metavar="N", help="Of the test for groups.")
@click.option("--smallest", default=5, show_default=True, metavar="N", help="Smaller groups are not published.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write each item's shares and divergence.")  # fmt: skip
@columns.repeats_option
@click.option("--seed", default=0, metavar="N", help="Of folds and permutations.  [default: 0]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path, item: str | None, judge: str | None, value: str | None, permutations: int, smallest: int,
    out: Path | None, repeats: Repeats, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Keep disagreement, and find groups of judges only where the votes demand them.

    Groups are claimed where held-out votes and a permutation test both show them. Who is in which is not printed.
    """
    from tutelage.measure.perspectives import perspectives

    sheet = columns.read_sheet(file)
    votes = columns.ballot(sheet, item, judge, value, repeats, judges_needed=True)
    if len(votes.values) > MOST_VALUES:
        raise BadInput(f"There are {len(votes.values):,} different values.", expected=f"{MOST_VALUES} or fewer",
                       remedy="Group them into classes first.",
                       where=Where(str(file), field=sheet.read["value"]))  # fmt: skip
    if votes.n > PATIENCE and not as_json:
        console.note(f"Looking for groups in {votes.n:,} judgments: this takes minutes …")
    found = perspectives(
        votes.item, votes.judge, votes.value, rng=seed, order=range(len(votes.values)), permutations=permutations,
        smallest_group=smallest,
    )  # fmt: skip
    if out is not None:
        _write(sheet, votes, found, out)
    whole = _figures(votes, found) | {"read": sheet.read, "warnings": sheet.notes}
    if as_json:
        console.emit(whole)
        return
    _show(whole)
    show.notes(sheet.notes)


def _figures(votes: Ballot, found: Perspectives | Undefined) -> dict[str, Any]:
    import numpy as np

    from tutelage.records import Undefined

    head = {"rows": votes.n, "items": len(votes.items), "judges": len(votes.judges)}
    if isinstance(found, Undefined):
        return head | {"claim": f"Groups cannot be told from this file: {found.why}", "groups": None, "sizes": [],
                       "unaligned": None, "gain": {}, "permutation": found, "divided": [], "shared": []}  # fmt: skip
    several = len(found.groups) > 1
    divided: Any = np.argsort(-found.divergence, kind="stable")[:SHOWN] if several else []
    best = found.shared.max(1)
    shared: Any = np.argsort(-best, kind="stable")[:SHOWN] if several else []
    return head | {
        "claim": found.claim, "groups": len(found.groups), "sizes": [group.size for group in found.groups],
        "unaligned": found.unaligned, "gain": found.gain, "permutation": found.permutation,
        "divided": [_item(votes, found, k) for k in divided], "shared": [_item(votes, found, k) for k in shared],
    }  # fmt: skip


def _item(votes: Ballot, found: Perspectives, k: int) -> dict[str, Any]:
    """One item: what each group says most, and how far apart the groups are."""
    most = [int(group.shares[k].argmax()) for group in found.groups]
    return {
        "item": votes.items[k], "divergence_bits": float(found.divergence[k]),
        "groups": [
            {"value": votes.values[m], "share": float(group.shares[k, m]), "votes": float(group.votes[k])}
            for m, group in zip(most, found.groups, strict=True)
        ],
    }  # fmt: skip


def _write(sheet: columns.Sheet, votes: Ballot, found: Perspectives | Undefined, out: Path) -> None:
    from tutelage.cli.measure.settle import Settled, write
    from tutelage.records import Undefined

    if isinstance(found, Undefined):
        sheet.say(f"nothing was written: {found.why}")
        return
    shares = {f"share_{name}": found.distribution[:, k] for k, name in enumerate(votes.values.tolist())}
    groups = {
        f"group{g}_{name}": group.shares[:, k]
        for g, group in enumerate(found.groups, 1) if len(found.groups) > 1
        for k, name in enumerate(votes.values.tolist())
    }  # fmt: skip
    write(sheet, votes, Settled({}, shares | groups | {"divergence_bits": found.divergence}), out)


def _show(whole: dict[str, Any]) -> None:
    console.say(f"{whole['rows']:,} judgments of {whole['items']:,} items by {whole['judges']:,} judges")
    console.say(f"{whole['claim']}.")
    console.say()
    show.table([
        *((f"{g} groups over {g - 1}, nats a vote", figure) for g, figure in whole["gain"].items()),
        ("share of permutations as structured", whole["permutation"]),
        *([] if whole["unaligned"] is None else [("judges in no published group", str(whole["unaligned"]))]),
    ])  # fmt: skip
    for title, rows in (("where groups differ most", whole["divided"]), ("where every group agrees", whole["shared"])):
        if rows:
            console.say()
            heads = (title, *(f"group {g}" for g in range(1, whole["groups"] + 1)))
            show.table([(show.clipped(row["item"]), *(_said(x) for x in row["groups"])) for row in rows], heads)


def _said(group: dict[str, Any]) -> str:
    return f"{show.clipped(group['value'], 14)} {group['share']:.0%}"
