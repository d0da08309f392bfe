"""What `measure preference` does between reading and printing: who won, in whatever way a file says it; the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tutelage.cli.measure import columns
from tutelage.errors import BadInput, DidNotConverge, Where

if TYPE_CHECKING:
    from tutelage.cli.measure.columns import Sheet
    from tutelage.formats.frames import Names
    from tutelage.measure.arrays import Codes, Floats
    from tutelage.measure.preference import Scores
    from tutelage.records import Undefined

TIE = (
    "tie",
    "tied",
    "draw",
    "equal",
    "same",
    "both",
    "neither",
    "none",
    "t",
    "a=b",
    "tie (bothbad)",
    "bothbad",
    "both bad",
    "tie (both bad)",
    "both_bad",
    "both good",
    "both_good",
    "no preference",
    "equally good",
)
# ways to say who won: the word for left, for right, for a tie; a way is taken where every cell is one of its words
WAYS: tuple[tuple[str, dict[str, float]], ...] = (
    ("left / right", {"left": 1, "l": 1, "right": 0, "r": 0}),
    ("a / b", {"a": 1, "model_a": 1, "response_a": 1, "b": 0, "model_b": 0, "response_b": 0}),
    ("x / y", {"x": 1, "model_x": 1, "y": 0, "model_y": 0}),
    ("first / second", {"first": 1, "second": 0}),
    ("1 left, 2 right, 0 tie", {"1": 1, "2": 0, "0": 0.5}),
    ("1 left, 0 right, 0.5 tie", {"1": 1, "0": 0, "0.5": 0.5}),
    ("1 left, -1 right, 0 tie", {"1": 1, "-1": 0, "0": 0.5}),
    ("1 left, 2 right, 3 tie", {"1": 1, "2": 0, "3": 0.5}),
    ("true left, false right", {"true": 1, "false": 0, "yes": 1, "no": 0}),
    ("a1 / a2", {"a1": 1, "a2": 0}),
)


@dataclass(frozen=True)
class Duels:
    """Comparisons: names of the two shown (n,), outcome 1 left, 0 right, ½ tie, who judged, what about."""

    left: Names
    right: Names
    outcome: Floats
    judge: Names | None
    prompt: Names | None


def read(
    sheet: Sheet, left: str | None, right: str | None, winner: str | None, judge: str | None, prompt: str | None
) -> Duels:
    """The comparisons of a sheet, complete rows only. BadInput names the first winner that cannot be understood."""
    import numpy as np

    names = {what: sheet.names(sheet.find(what, given))
             for what, given in (("left", left), ("right", right), ("winner", winner))}  # fmt: skip
    who = sheet.maybe("judge", judge)
    more = {"judge": who, "prompt": prompt}
    for what, column in more.items():
        if column is not None:
            names[what] = sheet.names(column)
            sheet.read[what] = column
    there = np.logical_and.reduce([columns.there(column) for column in names.values()])
    columns.say_missing(sheet, {sheet.read[what]: column for what, column in names.items()}, there)
    same = there & (names["left"] == names["right"])
    if same.any():
        sheet.say(f"{int(same.sum()):,} rows compare an item with itself and were left out")
    rows = np.flatnonzero(there & ~same)
    kept = {what: column[rows] for what, column in names.items()}
    outcome = _outcome(sheet, kept, rows)
    return Duels(kept["left"], kept["right"], outcome, kept.get("judge"), kept.get("prompt"))


def _outcome(sheet: Sheet, kept: dict[str, Names], rows: Codes) -> Floats:
    """(n,) 1, 0 or ½, and a note of how the winner was read."""
    import numpy as np

    said = np.array([*(name.lower() for name in kept["winner"].tolist()), None], dtype=object)[:-1]
    tie = np.isin(said, TIE)
    is_left, is_right = kept["winner"] == kept["left"], kept["winner"] == kept["right"]
    words = set(said[~tie].tolist())
    if (is_left | is_right | tie).all() and words:
        sheet.read["winner"] += " (the winner's name)"
        return np.where(tie, 0.5, np.where(is_left, 1.0, 0.0))
    fits = [(way, meaning) for way, meaning in WAYS if words <= set(meaning)]
    if not fits and words:
        known = {word for _, meaning in WAYS for word in meaning}
        strange = ~tie & ~is_left & ~is_right & ~np.isin(said, list(known))
        at = int(np.argmax(strange if strange.any() else ~tie & ~is_left & ~is_right))
        raise BadInput(
            f"Row {rows[at] + 1} says that {kept['winner'][at]!r} won, "
            f"of {kept['left'][at]!r} and {kept['right'][at]!r}; in all there are: {columns.listed(sorted(words))}.",
            expected="left/right/tie, a/b/tie, 1/2/0, or the name of one of the two", remedy="Correct the column.",
            where=Where(str(sheet.frame.path), field=sheet.read["winner"]),
        )  # fmt: skip
    way, meaning = _likeliest(fits, words)
    sheet.read["winner"] += f" ({way})"
    if len({tuple(sorted((w, m[w]) for w in words)) for _, m in fits}) > 1:
        sheet.say(f"the winner was read as: {way}")
    worth = meaning | dict.fromkeys(TIE, 0.5)
    return np.array([worth[name] for name in said.tolist()], dtype=np.float64)


def _likeliest(fits: list[tuple[str, dict[str, float]]], words: set[str]) -> tuple[str, dict[str, float]]:
    """Of the ways that fit, the first in which both sides win somewhere: 0 and 1 alone are no ties."""
    both = [fit for fit in fits if {1.0, 0.0} <= {fit[1][word] for word in words}]
    return (both or fits or [WAYS[0]])[0]


def fit(sheet: Sheet, duels: Duels, prior_sd: float | None, level: float) -> Scores | Undefined:
    """Davidson's model with a side effect where one can be told, errors clustered by judge and prompt."""
    from tutelage.measure.preference import NotConnected, bradley_terry
    from tutelage.records import Undefined

    if duels.outcome.size and (duels.outcome == 0.5).all():
        return Undefined("every comparison is a tie")
    if duels.judge is None:
        sheet.say("no judge is named: rows were taken as independent, and the intervals are too narrow if they are not")
    how: dict[str, Any] = {"judges": duels.judge, "prompts": duels.prompt, "prior_sd": prior_sd, "level": level}
    try:
        return bradley_terry(duels.left, duels.right, duels.outcome, side=True, **how)
    except NotConnected as error:
        remedy = "Collect comparisons that connect them, leave some out, or let a prior decide: --prior-sd 2."
        raise NotConnected(error.seen, expected=error.expected, remedy=remedy, where=error.where) from None
    except DidNotConverge:
        sheet.say("what being on the left is worth cannot be told apart from the items: it was left out")
        return bradley_terry(duels.left, duels.right, duels.outcome, side=False, **how)


def figures(duels: Duels, scores: Scores | Undefined, seed: int) -> dict[str, Any]:
    """Everything to print: items from the strongest, each with its interval, its ranks and its record."""
    import numpy as np

    from tutelage.measure.arrays import codes
    from tutelage.records import Undefined

    if isinstance(scores, Undefined):
        return {"scores": {}, "side": scores, "ties": scores, "claim": f"Nothing can be ranked: {scores.why}.",
                "comparisons": int(duels.outcome.size), "items": 0, "components": []}  # fmt: skip
    both, names = codes(np.concatenate([duels.left, duels.right]), "left, right")
    n = duels.outcome.size
    won = np.bincount(both[:n], duels.outcome, names.size) + np.bincount(both[n:], 1 - duels.outcome, names.size)
    met = np.bincount(both, minlength=names.size)
    record = {name: (float(w), int(m)) for name, w, m in zip(names.tolist(), won, met, strict=True)}
    strength, ranks = scores.strengths(), scores.rank_sets(rng=seed)
    order = [scores.items[k] for k in np.argsort(-scores.theta, kind="stable").tolist()]
    out: dict[str, Any] = {
        name: {"strength": strength[name], "rank": ranks[name], "wins": record[name][0], "comparisons": record[name][1]}
        for name in order
    }
    no_side = Undefined("no side effect was fitted")
    return {
        "scores": out, "claim": _claim(scores, order, ranks), "comparisons": n, "items": len(order),
        "side": scores.side or no_side, "ties": scores.ties or Undefined("no ties"), "errors": scores.errors,
        "method": scores.method, "components": scores.components, "notes": scores.notes,
    }  # fmt: skip


def _claim(scores: Scores, order: list[Any], ranks: dict[Any, tuple[int, int]]) -> str:
    """What may be said of the top, all ranks together."""
    from tutelage.records import Undefined

    top = [name for name in order if ranks[name][0] == 1]
    beats = scores.probability(order[0], order[1])
    chance = ""
    if not isinstance(beats, Undefined):
        share = f"{beats.value:.0%} [{beats.lo:.0%}, {beats.hi:.0%}]"
        chance = f" {order[0]} wins over {order[1]} in {share} of the comparisons that one of them wins."
    if len(top) == 1:
        return f"{top[0]} is the strongest, with {scores.level:.0%} confidence over all ranks." + chance
    return f"{len(top)} of {len(order)} items may be the strongest: {columns.listed(top, 5)}." + chance
