"""What `measure consensus` does between reading and printing: gold, the method, its figures, the rows to write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutelage.cli.measure import columns
from tutelage.errors import BadInput, Where

if TYPE_CHECKING:
    import numpy as np

    from tutelage.cli.measure.columns import Ballot, Sheet
    from tutelage.measure.consensus import Consensus
    from tutelage.records import Undefined

MANY_VALUES = 20  # more different numbers than this are a scale, not classes
MOST_CELLS = 20_000_000  # of a judge's labels × classes²: what the jackknife of a judge's skill may hold at once
MOST_JUDGES = 5_000
TEMPERED = 50  # gold items from which the stated probabilities are calibrated on them


@dataclass(frozen=True)
class Gold:
    """Known answers by item code; `code` (I,) −1 where unknown, into `values`, which may exceed what judges said."""

    code: np.ndarray[Any, Any]
    values: list[str]
    number: np.ndarray[Any, Any] | None
    column: str


@dataclass(frozen=True)
class Settled:
    """The figures to print, and the columns (name → (I,)) to write beside the items."""

    figures: dict[str, Any]
    columns: dict[str, Any]


def read_gold(sheet: Sheet, votes: Ballot, given: str) -> Gold:
    """Known answers from a column of the file, or from a file of items and answers.

    BadInput where an item has two answers.
    """
    if given in sheet.frame.columns:
        sheet.read["gold"] = given
        source, item, answer = sheet, sheet.read["item"], given
    elif Path(given).is_file():
        source = columns.read_sheet(Path(given))
        parts = sheet.parts(sheet.read["item"])
        item = sheet.read["item"] if set(parts) <= set(source.frame.columns) else source.find("item", None)
        source.read["item"] = item
        answer = _answer_column(source, source.parts(item))
        sheet.read["gold"] = f"{given}: {answer}"
    else:
        raise BadInput(f"`{given}` is neither a column of {sheet.frame.path.name} nor a file.",
                       expected="a column with known answers, or a file with the item column and `gold`",
                       remedy=f"The columns are {columns.listed(sheet.frame.columns)}.",
                       where=Where(field="--gold"))  # fmt: skip
    return _gold(sheet, votes, source.names(item), _like(source, answer, votes), answer)


def _answer_column(source: Sheet, items: list[str]) -> str:
    others = [name for name in source.frame.columns if name not in items]
    if "gold" in others:
        return "gold"
    named = [name for name in others if "gold" in name.lower()] or others
    if len(named) != 1:
        raise BadInput(f"The columns are {columns.listed(source.frame.columns)}.", expected="one called `gold`",
                       remedy="Rename the column of known answers.", where=Where(str(source.frame.path)))  # fmt: skip
    return named[0]


def _like(source: Sheet, column: str, votes: Ballot) -> Any:
    """Answers spelled as the judges' values are: as numbers only where these are."""
    import numpy as np

    numbers = source.numbers(column) if votes.numbers is not None else None
    if numbers is None:
        return source.names(column)
    names = [None if x != x else columns.number_name(repr(x)) for x in numbers.tolist()]
    return np.array([*names, None], dtype=object)[:-1]


def _gold(sheet: Sheet, votes: Ballot, items: Any, answers: Any, column: str) -> Gold:
    import numpy as np

    place = {name: k for k, name in enumerate(votes.items.tolist())}
    found: dict[int, str] = {}
    unseen = 0
    for name, answer in dict.fromkeys(zip(items.tolist(), answers.tolist(), strict=True)):
        if name is None or answer is None:
            continue
        if name not in place:
            unseen += 1
            continue
        before = found.setdefault(place[name], answer)
        if before != answer:
            raise BadInput(f"The item {name!r} has two answers: {before!r} and {answer!r}.",
                           expected="one known answer an item", remedy="Correct the gold.",
                           where=Where(field=column))  # fmt: skip
    strange = set(found.values()) - set(votes.values.tolist())
    if unseen:
        sheet.say(f"{unseen:,} gold items have no judgments: they can be neither decided nor counted")
    if not found:
        sheet.say("no judged item has a known answer: it is as if there were no gold")
    values = votes.values.tolist() + sorted(strange)
    at = {name: k for k, name in enumerate(values)}
    code = np.full(len(votes.items), -1, np.int64)
    code[list(found)] = [at[answer] for answer in found.values()]
    number = None
    if votes.numbers is not None:
        try:
            number = np.array([float(values[k]) if k >= 0 else np.nan for k in code.tolist()])
        except ValueError:
            number = None
    return Gold(code, values, number, column)


def _check_classes(sheet: Sheet, votes: Ballot, gold: Gold | None) -> None:
    """BadInput where gold and judges have no class in common; a note where they differ."""
    answers = [gold.values[k] for k in gold.code.tolist() if k >= 0] if gold else []
    strange = [answer for answer in answers if answer not in set(votes.values.tolist())]
    if gold and strange and len(strange) == len(answers):
        raise BadInput(
            f"No judge ever gave an answer of the gold: judges said {columns.listed(votes.values)}; "
            f"the gold says {columns.listed(sorted(set(strange)))}.",
            expected="the same values, spelled alike", remedy="Rename the values of one of them.",
            where=Where(field=gold.column),
        )  # fmt: skip
    if strange:
        sheet.say(
            f"{len(strange):,} gold answers are values that no judge gave: {columns.listed(sorted(set(strange)))}"
        )


def settle(
    sheet: Sheet, votes: Ballot, gold: Gold | None, method: str, order: list[str] | None, *, level: float, seed: int
) -> Settled:
    """The consensus by this method, or by the one that the data speak for."""
    name = method.strip().lower().replace("-", "_")
    own: dict[str, Callable[..., Settled]] = {"continuous": _continuous, "ordinal": _ordinal}
    if name == "auto" and order is None and _is_scale(votes):
        sheet.say(f"{len(votes.values):,} different numbers were taken for a scale: --method continuous")
        name = "continuous"
    if name in own:
        return own[name](sheet, votes, gold, order, level)
    if order is not None:
        sheet.say("--order serves --method ordinal; classes have no order and it was left aside")
    return _categorical(sheet, votes, gold, name, level, seed)


def _is_scale(votes: Ballot) -> bool:
    import numpy as np

    if votes.numbers is None or len(votes.values) < 3:
        return False
    return len(votes.values) > MANY_VALUES or bool((votes.numbers != np.floor(votes.numbers)).any())


def _head(votes: Ballot, method: str, why: str, gold: Gold | None) -> dict[str, Any]:
    return {
        "method": method, "why": why, "rows": votes.n, "items": len(votes.items), "judges": len(votes.judges),
        "gold_items": int((gold.code >= 0).sum()) if gold else 0,
    }  # fmt: skip


def _categorical(sheet: Sheet, votes: Ballot, gold: Gold | None, name: str, level: float, seed: int) -> Settled:
    from tutelage.measure.consensus import choose, dawid_skene
    from tutelage.measure.consensus import votes as as_votes
    from tutelage.measure.consensus.choose import METHODS
    from tutelage.records import Undefined

    methods: dict[str, Any] = {key.replace("-", "_"): fit for key, fit in METHODS.items()}
    if name == "dawid_skene_ml":  # as published in 1979; overfits judges of few votes, so `auto` does not consider it
        methods[name] = lambda v, gold: dawid_skene(v, gold=gold, kappa=0)
    if name != "auto" and name not in methods:
        known_names = ", ".join(["auto", *methods, "dawid_skene_ml", "ordinal", "continuous"])
        raise BadInput(f"There is no method `{name}`.", expected=known_names,
                       remedy="Name one of them.", where=Where(field="--method"))  # fmt: skip
    _check_classes(sheet, votes, gold)
    values = gold.values if gold else votes.values.tolist()
    v = as_votes(votes.item, votes.judge, votes.value, order=range(len(values)))
    known = {int(i): int(gold.code[i]) for i in (gold.code >= 0).nonzero()[0]} if gold else {}
    asked = {key: fit for key, fit in methods.items() if key in (name, "majority")}
    picked, why = None, "asked for with --method"
    if name == "auto" and len(values) < 2:
        name, why = "majority", f"all {votes.n:,} judgments are one value: there is nothing to choose"
    if name == "auto" or (known and len(values) > 1):
        picked = choose(v, gold=known or None, methods=methods if name == "auto" else asked, rng=seed, level=level)
    key = picked.method if picked is not None and name == "auto" else name
    final = picked.consensus if picked is not None and key == picked.method else methods[key](v, known or None)
    why = picked.claim if picked is not None and name == "auto" else why
    if isinstance(final, Undefined):
        sheet.say(f"{key} settles nothing here: {final.why}")
    blind = methods[key](v, None) if known else final
    figures = _head(votes, key, why, gold) | _on_gold(blind, gold, level, seed) | {
        "accuracy_of_choice": picked.accuracy if picked else Undefined("nothing was chosen"),
        "by_method": picked.figures if picked else {}, "gain": picked.gain if picked else {},
        "measured_by": {"gold": "accuracy on gold"}.get(picked.by, "held-out votes, nats") if picked else "",
        "by_judge": _by_judge(sheet, votes, gold, len(values), level),
    }  # fmt: skip
    _warn(sheet, votes, picked.by if picked and name == "auto" else None)
    return _written(figures, votes, values, final, blind, gold)


def _on_gold(blind: Consensus | Undefined, gold: Gold | None, level: float, seed: int) -> dict[str, Any]:
    """Accuracy and calibration of the method on gold that it did not see."""
    from tutelage.measure.calibration import expected_calibration_error
    from tutelage.measure.intervals import win_rate
    from tutelage.records import Undefined

    rows = gold.code >= 0 if gold else None
    if gold is None or rows is None or not rows.any():
        return {"accuracy_on_gold": Undefined("no gold"), "ece": Undefined("no gold")}
    if isinstance(blind, Undefined):
        return {"accuracy_on_gold": blind, "ece": blind}
    right = blind.right(gold.code)[rows]
    stated = _calibrated(blind.posterior[rows], gold.code[rows])
    return {
        "accuracy_on_gold": win_rate(right, level=level),
        "ece": expected_calibration_error(stated, right, rng=seed, level=level),
    }


def _calibrated(posterior: Any, truth: Any) -> Any:
    """(n,) stated probability of the consensus: tempered on gold of other folds, where there is enough."""
    import numpy as np

    from tutelage.measure.calibration import temperature, tempered

    if truth.size < TEMPERED:
        return posterior.max(1)
    out, fold = np.empty(truth.size), np.arange(truth.size) % 5
    for f in range(5):
        rest = fold != f
        out[~rest] = tempered(posterior[~rest], temperature(posterior[rest], truth[rest])).max(1)
    return out


def _by_judge(sheet: Sheet, votes: Ballot, gold: Gold | None, values: int, level: float) -> list[dict[str, Any]]:
    """Each judge against the others (never against a consensus they made), and on gold."""
    import numpy as np

    from tutelage.measure.skill import skills

    labels = np.bincount(votes.judge, minlength=len(votes.judges))
    if values < 2 or not votes.n:
        return []
    if labels.max() * values**2 > MOST_CELLS or labels.size > MOST_JUDGES:
        sheet.say(f"judges are not measured one by one: {labels.size:,} judges, {labels.max():,} labels by one of them")
        return []
    code = gold.code if gold else None
    found = skills(votes.item, votes.judge, votes.value, values=values, gold=code, level=level)
    return [
        {"judge": votes.judges[s.rater], "labels": s.rows, "informedness": s.informedness, "bits": s.bits,
         "on_gold": s.on_gold}
        for s in found
    ]  # fmt: skip


def _warn(sheet: Sheet, votes: Ballot, by: str | None) -> None:
    import numpy as np

    if len(votes.judges) == 1:
        sheet.say("one judge only: the consensus is what that judge said")
    elif votes.n and np.bincount(votes.item).max() < 2:
        sheet.say("no item was judged twice: the consensus of an item is its one judgment")
    if by == "gold":
        sheet.say("the method was chosen on this gold; accuracy_of_choice scores each gold item with a choice made"
                  " without it")  # fmt: skip
    if by == "held-out votes":
        sheet.say("predicting judges is not being right: where they share an error only gold can tell")


def _written(
    figures: dict[str, Any], votes: Ballot, values: list[str], final: Consensus | Undefined,
    blind: Consensus | Undefined, gold: Gold | None,
) -> Settled:  # fmt: skip
    import numpy as np

    from tutelage.measure.calibration import temperature, tempered
    from tutelage.records import Undefined

    if isinstance(final, Undefined):
        empty = [None] * len(votes.items)
        return Settled(
            figures | {"model": final.why, "tied": 0, "settled": {}}, {"consensus": empty, "probability": empty}
        )
    rows = gold.code >= 0 if gold else np.zeros(len(votes.items), bool)
    probability = final.confidence
    if gold and rows.sum() >= TEMPERED and not isinstance(blind, Undefined):
        t = temperature(blind.posterior[rows], gold.code[rows])
        probability = np.where(rows, final.confidence, tempered(final.posterior, t).max(1))
        figures["temperature"] = t
    code = final.code
    names = np.array([*values, None], dtype=object)
    found = {"consensus": names[code].tolist(), "probability": probability}
    if gold:
        found["is_gold"] = rows
    shares = {name: int((code == k).sum()) for k, name in enumerate(values)}
    return Settled(figures | {"model": final.method, "tied": int((code < 0).sum()), "settled": shares}, found)


def _continuous(sheet: Sheet, votes: Ballot, gold: Gold | None, _: list[str] | None, level: float) -> Settled:
    import numpy as np

    from tutelage.measure.consensus import continuous
    from tutelage.measure.intervals import mean
    from tutelage.records import Undefined

    if votes.numbers is None and votes.n:
        raise BadInput(f"The values are names: {columns.listed(votes.values, 5)}.", expected="numbers",
                       remedy=columns.number_remedy(votes.values, "Use --method ordinal with --order, or auto."),
                       where=Where(field="--method"))  # fmt: skip
    numbers = votes.numbers[votes.value] if votes.numbers is not None else np.empty(0)
    fit = continuous(votes.item, votes.judge, numbers, level=level)
    why = "each judge has a level, a stretch and a noise of their own"
    figures = _head(votes, "continuous", why, gold) | _scale_figures()
    if isinstance(fit, Undefined):
        sheet.say(f"no scale can be fitted ({fit.why}): the mean of each item is given, without an interval")
        count = np.maximum(np.bincount(votes.item, minlength=len(votes.items)), 1)
        value = np.bincount(votes.item, numbers, len(votes.items)) / count
        found: dict[str, Any] = {"consensus": value}
    else:
        value = fit.value
        found = {"consensus": value, "lo": fit.lo, "hi": fit.hi, "width": fit.hi - fit.lo}
        figures["by_judge"] = [
            {"judge": name, "labels": int(n), "informedness": "", "on_gold": "", "severity": float(b),
             "stretch": float(s), "noise": float(e)}
            for name, n, b, s, e in zip(votes.judges.tolist(), np.bincount(votes.judge), fit.level_of, fit.stretch,
                                        fit.noise, strict=True)
        ]  # fmt: skip
    if gold and gold.number is not None and np.isfinite(gold.number).any():
        rows = np.isfinite(gold.number)
        figures["error_on_gold"] = mean(np.abs(value - gold.number)[rows], level=level)
    return Settled(figures, found)


def _scale_figures() -> dict[str, Any]:
    """What the classes' figures are where there are none."""
    from tutelage.records import Undefined

    no_classes = Undefined("a scale has no right class; see error_on_gold")
    return {"accuracy_on_gold": no_classes, "ece": no_classes, "by_method": {}, "gain": {}, "measured_by": "",
            "by_judge": []}  # fmt: skip


def _ordinal(sheet: Sheet, votes: Ballot, gold: Gold | None, order: list[str] | None, level: float) -> Settled:
    import numpy as np

    from tutelage.measure.consensus import ordinal
    from tutelage.measure.intervals import win_rate
    from tutelage.records import Undefined

    _check_classes(sheet, votes, gold)
    if order:
        votes = votes.ordered(order)
    elif votes.numbers is None:
        sheet.say(
            f"the values were ordered as they are spelled: {columns.listed(votes.values)}; --order says otherwise"
        )
    fit = ordinal(votes.item, votes.judge, votes.value, order=range(len(votes.values)), level=level)
    figures = _head(votes, "ordinal", "the median category, judges' severity taken out", gold) | _scale_figures()
    if isinstance(fit, Undefined):
        empty = [None] * len(votes.items)
        return Settled(figures | {"accuracy_on_gold": fit, "why": fit.why}, {"consensus": empty})
    found = {name: votes.values[code].tolist()
             for name, code in (("consensus", fit.median), ("lo", fit.lo), ("hi", fit.hi))}  # fmt: skip
    found["width"] = fit.hi - fit.lo
    figures["accuracy_on_gold"] = Undefined("no gold")
    if gold and (gold.code >= 0).any():
        rows = gold.code >= 0
        truth = np.array([gold.values[k] for k in gold.code[rows]], dtype=object)
        figures["accuracy_on_gold"] = win_rate(votes.values[fit.median][rows] == truth, level=level)
    return Settled(figures, found)


def write(sheet: Sheet, votes: Ballot, found: Settled, out: Path) -> None:
    """One row an item, in the order of the file and named as there: what was settled, how surely, on how many votes."""
    import numpy as np
    import polars as pl

    from tutelage.formats.frames import write_frame

    if out.resolve() == sheet.frame.path.resolve():
        raise BadInput("--out is the file that is measured.", expected="another file", remedy="Name another.",
                       where=Where(str(out), field="--out"))  # fmt: skip
    first = np.full(len(votes.items), -1, np.int64)
    first[votes.item[::-1]] = votes.row[::-1]
    items = columns.table_of(sheet, sheet.read["item"])[first.tolist()]
    judged = np.bincount(votes.item, minlength=len(votes.items))
    added = [pl.Series(name, column) for name, column in (*found.columns.items(), ("judgments", judged))]
    clash = {series.name for series in added} & set(items.columns)
    if clash:
        raise BadInput(f"The item column is called `{clash.pop()}`, as a column that is written.",
                       expected="another name", remedy="Rename it.", where=Where(str(sheet.frame.path)))  # fmt: skip
    write_frame(items.with_columns(added)[np.argsort(first).tolist()], out)
