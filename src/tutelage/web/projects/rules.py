"""What an offer says, what it must say before it is published, and how versions differ. Values in, values out."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tutelage.records import Json
from tutelage.store import canonical
from tutelage.web.projects.floors import Floor, floor_for

NONE = "none"
WARNINGS = {
    NONE: gettext_lazy("nothing of the kind"),
    "profanity": gettext_lazy("crude language"),
    "hate": gettext_lazy("hate and insults"),
    "violence": gettext_lazy("violence"),
    "sexual": gettext_lazy("sexual content"),
    "self_harm": gettext_lazy("self-harm"),
    "abuse": gettext_lazy("abuse of children, in words"),
    "medical": gettext_lazy("illness and injury"),
}
CURRENCIES = {"EUR": "€", "GBP": "£", "USD": "$"}
MOVES = {"draft": ("open",), "open": ("paused", "closed"), "paused": ("open", "closed"), "closed": ()}
WORDS_A_MINUTE = 200
IMPLIED = {"owner": "owner", "auditor": "auditor", "operator": "operator"}  # a part in the organisation, here
SHORTEST = 20


def held(roles: Iterable[str], parts: Iterable[str]) -> frozenset[str]:
    """What somebody may be in a project: their roles there, and what their parts in its organisation imply."""
    return frozenset(roles) | {IMPLIED[p] for p in parts if p in IMPLIED}


# -- money ---------------------------------------------------------------------------------------


class Money(NamedTuple):
    """What one task, and an hour of them, gives and costs; minor units."""

    you_get: int
    buyer_pays: int
    fee: int
    take_pct: float
    you_get_hour: int
    buyer_pays_hour: int


def money(piece_minor: int, fee_bp: int, minutes: float) -> Money:
    """Both sides of a price; minutes > 0. The share is rounded half up; `take_pct` is of what the buyer pays."""
    share = (piece_minor * fee_bp + 5_000) // 10_000
    pays = piece_minor + share
    hour, pays_hour = int(piece_minor * 60 / minutes), int(pays * 60 / minutes)
    return Money(piece_minor, pays, share, 100 * share / pays if pays else 0.0, hour, pays_hour)


def amount(minor: int, currency: str) -> str:
    """`€0.50`, and `-€0.50` below nothing."""
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 100)
    return f"{sign}{CURRENCIES.get(currency, currency + ' ')}{whole:,}.{rest:02d}"


def share_of(minor: int, part: int, whole: int) -> int:
    """A part of an amount, rounded up, and never more than all of it."""
    return min(minor, -(-minor * part // whole)) if whole else minor


def reading_minutes(text: str) -> float:
    """How long a guideline takes to read."""
    return len(text.split()) / WORDS_A_MINUTE


# -- the offer -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything an offer says, as plain values."""

    project: str
    organisation: str
    name: str
    kind: str
    purpose: str
    client_class: str
    duties: str
    minutes: float
    warnings: tuple[str, ...]
    currency: str
    piece_minor: int
    instruction_minor: int
    fee_bp: int
    guideline: str
    guideline_version: int
    guideline_digest: str
    rubric: tuple[Mapping[str, Any], ...] = ()


def offer(terms: Terms) -> Json:
    """The offer as it is signed. Times and money are whole numbers, so that it has one spelling."""
    price = money(terms.piece_minor, terms.fee_bp, terms.minutes)
    return {
        "schema": "offer/1",
        "project": terms.project,
        "name": terms.name,
        "kind": terms.kind,
        "buyer": terms.organisation,
        "client_class": terms.client_class,
        "purpose": terms.purpose,
        "duties": terms.duties,
        "content_warnings": list(terms.warnings),
        "seconds_a_task": round(terms.minutes * 60),
        "currency": terms.currency,
        "you_get_minor": price.you_get,
        "buyer_pays_minor": price.buyer_pays,
        "you_get_an_hour_minor": price.you_get_hour,
        "instructions_minor": terms.instruction_minor,
        "guideline_version": terms.guideline_version,
        "guideline": terms.guideline_digest,
    }


def digest(value: Any) -> str:
    """`sha256:…` of a value's one spelling."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


class Finding(NamedTuple):
    """Why an offer cannot be published: the line of the offer, its field, what is wrong and what to do."""

    line: int
    field: str
    label: str
    seen: str
    remedy: str


LINES = {
    "name": gettext_lazy("Name"),
    "purpose": gettext_lazy("Purpose"),
    "client_class": gettext_lazy("Who it is for"),
    "duties": gettext_lazy("Duties"),
    "warnings": gettext_lazy("Content warnings"),
    "minutes": gettext_lazy("Time"),
    "piece_minor": gettext_lazy("Pay"),
    "instruction_minor": gettext_lazy("Pay for the instructions"),
    "guideline": gettext_lazy("Guideline"),
    "escrow": gettext_lazy("Money set aside"),
}


def findings(terms: Terms, *, escrow_needed: int, escrow: int, today: date) -> list[Finding]:
    """Every line of the offer that keeps it from being published, in their order; [] where it can be."""
    said = [
        *_missing(terms),
        *_pay(terms, floor_for(terms.currency, today=today)),
        *_escrow(terms, escrow_needed, escrow),
    ]
    order = list(LINES)
    return [
        Finding(order.index(f) + 1, f, str(LINES[f]), seen, remedy)
        for f, seen, remedy in sorted(said, key=lambda s: order.index(s[0]))
    ]


_Said = tuple[str, str, str]


def _missing(terms: Terms) -> Iterable[_Said]:
    for field in ("purpose", "client_class", "duties"):
        text = getattr(terms, field).strip()
        least = SHORTEST if field != "client_class" else 3
        if len(text) < least:
            yield (
                field,
                ngettext("It has %(n)d character.", "It has %(n)d characters.", len(text)) % {"n": len(text)},
                _("Say it in at least %(n)d characters, so that people know what they agree to.") % {"n": least},
            )
    if not terms.warnings:
        yield (
            "warnings",
            _("Nothing is said about upsetting content."),
            _("Choose what people may meet, or “nothing of the kind”."),
        )
    if not terms.guideline.strip():
        yield "guideline", _("There is no guideline."), _("Write one: people are paid to read it.")


def _pay(terms: Terms, floor: Floor | None) -> Iterable[_Said]:
    if terms.minutes <= 0:
        yield "minutes", _("A task takes no time."), _("Do five tasks yourself and enter the median.")
        return
    if floor is None:
        yield (
            "piece_minor",
            _("No current floor is known for %(currency)s.") % {"currency": terms.currency},
            _("Pay in %(known)s.") % {"known": ", ".join(CURRENCIES)},
        )
        return
    hourly, least = money(terms.piece_minor, 0, terms.minutes).you_get_hour, floor.hourly_minor
    if hourly < least:
        enough = -(-least * round(terms.minutes * 60) // 3600)
        yield (
            "piece_minor",
            _("%(pay)s an hour is below the floor of %(floor)s (%(place)s, %(since)s).")
            % {
                "pay": amount(hourly, terms.currency),
                "floor": amount(least, terms.currency),
                "place": floor.place,
                "since": floor.since.isoformat(),
            },
            _("Pay at least %(enough)s for a task, or make it shorter.") % {"enough": amount(enough, terms.currency)},
        )
    reading = reading_minutes(terms.guideline)
    due = -(-least * round(reading * 60) // 3600)
    if terms.instruction_minor < due:
        yield (
            "instruction_minor",
            _("Reading the guideline takes about %(minutes).1f minutes and pays %(pay)s.")
            % {"minutes": reading, "pay": amount(terms.instruction_minor, terms.currency)},
            _("Pay at least %(due)s for it: required minutes are paid.") % {"due": amount(due, terms.currency)},
        )


def _escrow(terms: Terms, needed: int, there: int) -> Iterable[_Said]:
    if there < needed:
        yield (
            "escrow",
            _("%(there)s of %(needed)s are set aside.")
            % {"there": amount(there, terms.currency), "needed": amount(needed, terms.currency)},
            _("Set %(more)s aside, so that everybody can be paid.") % {"more": amount(needed - there, terms.currency)},
        )


def may_move(state: str, to: str) -> bool:
    """Whether a project may go from one state to another."""
    return to in MOVES[state]


# -- versions ------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


def word_diff(old: str, new: str) -> list[tuple[str, str]]:
    """The new text in runs: `same`, `gone` (only in the old) and `new`. Joining `same` and `new` gives the new text."""
    a, b = _TOKEN.findall(old), _TOKEN.findall(new)
    runs: list[tuple[str, str]] = []
    for op, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        pieces = (("same", b[k:m]),) if op == "equal" else (("gone", a[i:j]), ("new", b[k:m]))
        runs += [(name, "".join(words)) for name, words in pieces if words]
    return runs


def changed_words(old: str, new: str) -> tuple[int, int]:
    """(gone, new): how many words a new version leaves out and brings."""
    runs = word_diff(old, new)
    count = {name: sum(len(t.split()) for n, t in runs if n == name) for name in ("gone", "new")}
    return count["gone"], count["new"]


def rubric_text(rubric: Sequence[Mapping[str, Any]]) -> str:
    """A rubric as text, for comparing versions."""
    lines = []
    for criterion in rubric:
        lines.append(f"{criterion['name']}: {criterion.get('about', '')}")
        lines += [f"  {score} – {example}" for score, example in sorted(criterion.get("anchors", {}).items())]
    return "\n".join(lines)


def guideline_digest(text: str, rubric: Sequence[Mapping[str, Any]]) -> str:
    """What receipts name."""
    return digest({"text": text, "rubric": list(rubric)})


def slug(name: str, taken: Iterable[str]) -> str:
    """A short name for addresses, not among those taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "project"
    used, tried, n = set(taken), base, 1
    while tried in used:
        n += 1
        tried = f"{base}-{n}"
    return tried
