"""The page on judgments, section by section: what may be said first, then the evidence for it."""

from __future__ import annotations

from typing import Any

from tutelage.records import Undefined
from tutelage.report.blocks import (
    BarChart,
    Block,
    Callout,
    CurveChart,
    Fact,
    FigureCard,
    FigureTable,
    IntervalChart,
    Page,
    Prose,
    Reference,
    Section,
    Series,
)
from tutelage.report.study import SHOWN, Study
from tutelage.report.taken import Taken
from tutelage.report.verdicts import Verdict
from tutelage.report.words import THIN, number

MOST_BARS = 12
FEW_JUDGES = 5  # below which a curve of who carries the load is a list of them


def page_of(t: Taken, s: Study, verdicts: tuple[Verdict, ...], title: str) -> Page:
    """All sections that have something to say."""
    held, all_ = sum(v.holds for v in verdicts), len(verdicts)
    status = "supported" if held == all_ else "not supported" if not held else f"{held} of {all_} supported"
    sections = [
        _said(verdicts), _shape(t, s), _agreement(s), _consensus(s), _judges(s), _preference(s), _certificate(s),
        _perspectives(s), _suspects(s), _read(t),
    ]  # fmt: skip
    people = f" by {t.judges.size:,} judges" if t.judges_named else ""
    return Page(
        title, f"{t.source}: {t.n:,} judgments of {t.items.size:,} items{people}", status,
        tuple(section for section in sections if section is not None),
    )  # fmt: skip


def _said(verdicts: tuple[Verdict, ...]) -> Section:
    blocks: list[Block] = [
        Callout(
            "good" if v.holds else "warn",
            _capital(v.because) + _needs(v),
            title=("Supported: " if v.holds else "Not supported: ") + v.claim + ".",
        )
        for v in sorted(verdicts, key=lambda v: not v.holds)
    ]
    return Section("What may be said", "What these judgments support, what they do not, and what would settle it.",
                   tuple(blocks))  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _needs(v: Verdict) -> str:
    if v.holds:
        return "."
    needed = v.needs or (f"about {v.more:,} more {v.unit}" if v.more is not None else "")
    return ". " + (f"To support it: {needed}." if needed else "")


def _shape(t: Taken, s: Study) -> Section:
    shape = s.shape
    blocks: list[Block] = [
        Fact("Judgments", f"{shape['judgments']:,}"), Fact("Items", f"{shape['items']:,}"),
        Fact("Judges", "not named" if shape["judges"] is None else f"{shape['judges']:,}"),
        Fact("Different values", f"{shape['values']:,}"),
    ]  # fmt: skip
    if t.judges_named:
        parts = shape["connected_parts"]
        note = "all judges can be compared" if parts <= 1 else "judges of different parts cannot be compared"
        blocks.append(Fact("Connected parts", f"{parts:,}", note))
    if shape["overlap"]:
        blocks.append(BarChart("How many judgments an item has", _bars(shape["overlap"]), of="items"))
    if not t.is_scale and shape["counts"]:
        rows = tuple((name, n) for name, n in list(shape["counts"].items())[:MOST_BARS])
        blocks.append(BarChart("What was said", rows, of="judgments"))
    if t.judges_named and shape["load"]:
        blocks += _load(shape["load"], t.judges.size)
    blocks += _effort(shape["effort"])
    return Section("What there is", "Counts, and whether judges judged the same things.", tuple(blocks))


def _load(load: dict[str, Any], judges: int) -> list[Block]:
    """Who carries the work: in words, and as a curve where it is not even."""
    if load["least"] == load["most"]:
        return [Prose(f"Every judge gave {load['most']:,} judgments.")]
    words = Prose(
        f"A judge gave between {load['least']:,} and {load['most']:,} judgments (median {load['median']:g}); "
        f"the busiest gave {100 * load['share_of_busiest']:.1f}{THIN}% of all."
    )
    if judges < FEW_JUDGES:
        return [words]
    x, y = zip(*((100 * a, 100 * b) for a, b in load["lorenz"]), strict=True)
    curves = (Series("These judges", x, y, how=f"counts of {judges:,} judges"),
              Series("If all gave as many", (0.0, 100.0), (0.0, 100.0)))  # fmt: skip
    note = "Judges with fewest judgments first. The deeper the curve hangs, the more the figures rest on a few judges."
    axes = ("% of the judges", "% of the judgments")
    return [words, CurveChart("Who carries the load", curves, *axes, note=note)]


def _effort(spent: dict[str, Any]) -> list[Block]:
    """Time and reasons as counts; what they mean is for inspection to say."""
    out: list[Block] = []
    if time := spent.get("seconds"):
        ends = f"eight in ten took {number(time['tenth'], 0)} to {number(time['ninetieth'], 0)} s"
        out.append(Fact("Median time of a judgment", f"{number(time['median'], 0)} s",
                        f"{ends}; known for {time['known']:,}, {number(time['hours'], 1)} h in all"))  # fmt: skip
    if said := spent.get("reasons"):
        out.append(Fact("Judgments with a reason", f"{said['given']:,}", f"of {said['judgments']:,}"))
        note = "the same words as another judgment's; `tutelage inspect` weighs that"
        out.append(Fact("Reasons that come again", f"{said['again']:,}", note))
    return out


def _bars(overlap: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Bars of one count each, or of ranges where there are many different ones."""
    counts = [(int(k), n) for k, n in overlap.items()]
    if len(counts) <= MOST_BARS:
        return tuple((_times(k), n) for k, n in counts)
    low, high = counts[0][0], counts[-1][0]
    step = -(-(high - low + 1) // 8)
    return tuple(
        (f"{a} to {min(a + step - 1, high)}", sum(n for k, n in counts if a <= k < a + step))
        for a in range(low, high + 1, step)
    )


def _times(k: int) -> str:
    return "1 judgment" if k == 1 else f"{k:,} judgments"


def _agreement(s: Study) -> Section:
    a = s.agreement
    cards: list[Block] = [
        FigureCard("Alpha", a["alpha"], "0 is chance, 1 is perfect"),
        FigureCard("Raw agreement", a["raw"], "two judges say the same"),
        FigureCard("Gwet's AC1", a["gwet"], "steady where one value is rare"),
        FigureCard("Human ceiling", a["ceiling"], "a judge agrees with the others' plurality; ask no more of an AI"),
    ]
    if "alpha_ordered" in a:
        cards.append(FigureCard("Alpha, values in order", a["alpha_ordered"], "if the numbers are a scale"))
    if a["per_value"]:
        rows = tuple((name, figure) for name, figure in list(a["per_value"].items())[:SHOWN])
        mark = Reference(0.667, "0.667")
        cards.append(IntervalChart("Alpha of each value against the rest", rows, mark,
                                   note="Which values judges tell apart. 0.667: tentative conclusions."))  # fmt: skip
    return Section(
        "Agreement", "Do judges agree beyond chance, and what is the most to ask of any judge?", tuple(cards)
    )


def _consensus(s: Study) -> Section:
    c = s.consensus
    lead = "What each item comes to, by the method that the data speak for."
    if c["method"] is None:
        return Section("Consensus", lead, (Callout("note", _capital(c["why"]) + ".", "Nothing to settle:"),))
    named, note = "Items settled", "95 % or more for one answer by this method; only gold can check that"
    blocks: list[Block] = [
        Fact("Method", c["method"], c["why"]),
        FigureCard(named, c["sharp"], note),
        FigureCard("Right on gold", c["accuracy_on_gold"], "each gold item left out of what decides on it"),
    ]
    bins = [(f"{10 * k} to {10 * k + 10}{THIN}%", n) for k, n in enumerate(c["confidence_bins"]) if n or k >= 5]
    blocks.append(BarChart("How sharp the consensus is", tuple(bins), of="items",
                           note="Probability of the leading answer by this method."))  # fmt: skip
    settled = sorted(c["settled"].items(), key=lambda pair: -pair[1])[:MOST_BARS]
    tied = [("tied", c["tied"])] if c["tied"] else []
    blocks.append(BarChart("What items come to", (*settled, *tied), of="items"))
    return Section("Consensus", lead, tuple(blocks))


def _judges(s: Study) -> Section | None:
    j = s.judges
    lead = "Each judge against the others, never against a consensus they took part in."
    if j["why"] is not None:
        return None
    rows = [(f"{row['judge']}", row["informedness"]) for row in j["rows"]]
    known = sorted((r for r in rows if not isinstance(r[1], Undefined)), key=lambda r: -r[1].value)
    more = f" The {SHOWN} with most judgments are shown." if j["measured"] > len(rows) else ""
    return Section("Who judges", lead, (
        Fact("Better than guessing", f"{j['above_chance']:,} of {j['measured']:,}", "the interval lies above 0"),
        IntervalChart("Informedness of each judge", tuple(known), Reference(0.0, "guessing"),
                      note="0 is guessing, 1 is never wrong; the others' votes (gold, where known) are the truth, few "
                           "reach 1 where others err." + more),
        FigureTable("Bits a judgment tells", ("judge", "judgments", "bits", "right on gold"), tuple(
            (row["judge"], f"{row['labels']:,}", row["bits"], row["on_gold"] or "not asked")
            for row in j["rows"][:10]), note="The ten with most judgments."),
    ))  # fmt: skip


def _preference(s: Study) -> Section | None:
    p = s.preference
    if p is None:
        return None
    lead = "Strengths of what was compared, and the ranks each may have."
    if isinstance(p, Undefined):
        return Section("Preference", lead, (Callout("warn", _capital(p.why) + ".", "Nothing can be ranked:"),))
    rows = tuple((f"{_ranks(row['rank'])}. {row['item']}", row["strength"]) for row in p["rows"][:SHOWN])
    blocks: list[Block] = [Fact("Comparisons", f"{p['comparisons']:,}", f"of {p['items']:,} items")]
    if p["side"] is not None:
        blocks.append(FigureCard("What being on the left is worth", p["side"], "0: nothing"))
    if p["ties"] is not None:
        blocks.append(FigureCard("Ties", p["ties"], "2 would make a tie as likely as a decision"))
    note = f"Before the name: the ranks it may have, all ranks together. Errors: {p['errors']}."
    blocks.append(IntervalChart("Strength", rows, Reference(0.0, "the mean of all"), note=note))
    return Section("Preference", lead, tuple(blocks))


def _ranks(ends: tuple[int, int]) -> str:
    return f"{ends[0]}" if ends[0] == ends[1] else f"{ends[0]}–{ends[1]}"


def _certificate(s: Study) -> Section | None:
    c = s.certificate
    if c is None:
        return None
    lead = "How far the AI judge agrees with people on this batch, from the human slice of it."
    if isinstance(c, Undefined):
        return Section("AI judge", lead, (Callout("warn", _capital(c.why) + ".", "No certificate:"),))
    blocks: list[Block] = [Callout("note", c.claim, "Claim:")]
    blocks += [FigureCard(_capital(name.replace("_", " ")), figure) for name, figure in c.figures.items()]
    blocks += [Fact("Batch", f"{c.batch:,}", "answers of the AI judge"), Fact("Slice", f"{c.slice:,}", "by people too")]
    blocks += [Callout("note", text, "Open:") for text in [c.open] if text]
    blocks += [Callout("warn", text) for text in c.warnings]
    return Section("AI judge", lead, tuple(blocks))


def _perspectives(s: Study) -> Section | None:
    p = s.perspectives
    lead = (
        "Do judges fall into groups that answer differently? Claimed only where held-out votes and permutations agree."
    )
    if isinstance(p, Undefined):
        if s.certificate is not None:
            return None
        return Section("Perspectives", lead, (Callout("note", _capital(p.why) + ".", "Not told:"),))
    blocks: list[Block] = [Callout("note", _capital(p["claim"]) + ".")]
    gains = tuple((f"{g} groups instead of {int(g) - 1}", f) for g, f in p["gain"].items())
    if gains:
        blocks.append(IntervalChart("What more groups add", gains, Reference(0.0, "nothing"), unit="nats",
                                    note="Log likelihood a held-out vote."))  # fmt: skip
    return Section("Perspectives", lead, tuple(blocks))


def _suspects(s: Study) -> Section | None:
    e = s.suspects
    if isinstance(e, Undefined):
        return None
    lead = "Judgments that everyone else's evidence speaks against. A reason to look, not a proof."
    rows = tuple((r["item"], r["judge"], r["said"], r["others"], number(r["suspicion"], 2)) for r in e["worst"])
    blocks: list[Block] = [
        FigureCard("Judgments that seem wrong", e["share"]),
        Fact("Flagged", f"{e['flagged']:,}", f"of {e['examined']:,} examined"),
    ]
    if rows:
        heads = ("item", "judge", "said", "others point to", "suspicion")
        blocks.append(FigureTable("Look at these first", heads, rows))
    return Section("Label errors", lead, tuple(blocks))


def _read(t: Taken) -> Section | None:
    if not t.notes:
        return None
    return Section("How the data were read", "What was taken for what, and what was left out.",
                   tuple(Callout("note", _capital(note) + ".") for note in t.notes))  # fmt: skip
