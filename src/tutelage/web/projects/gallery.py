"""What a new project starts from: a kind of question with terms that can be published as they stand, but for money."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tutelage import kinds


@dataclass(frozen=True, slots=True)
class Template:
    """A start. `guideline` is Markdown; `rubric` as in `projects.Guideline`; `minutes` at the median."""

    key: str
    kind: str
    title: Promise
    about: Promise
    purpose: Promise
    duties: Promise
    minutes: float
    overlap: int
    guideline: Promise
    rubric: list[dict[str, Any]] = field(default_factory=list)


TEMPLATES = (
    Template(
        "helpfulness", "comparison", _("Which answer helps more"),
        _("Two answers to one request; the person picks the better one."),
        _("To train and check an assistant on what people find helpful."),
        _("Read a request and two answers. Say which answer you would rather have got, and why if it is close."),
        2.0, 3,
        _("# Which answer helps more\n\nRead the request as the person who wrote it would.\n\n"
          "1. Is anything in an answer **wrong**? A wrong answer loses to one that is not.\n"
          "2. Does it do **what was asked**, all of it?\n"
          "3. Is it as **short** as it can be?\n\n"
          "*Tie* if you truly would not mind which you got. *Both bad* if neither would have helped."),
        [{"name": "Correct", "about": "What it says is true and its code or sums work.",
          "anchors": {"1": "A fact that matters is wrong.", "3": "A detail is wrong.", "5": "Nothing is wrong."}},
         {"name": "Answers the request", "about": "All that was asked, nothing that was not.",
          "anchors": {"1": "About something else.", "3": "Half of it.", "5": "All of it."}}],
    ),
    Template(
        "rating", "rating", _("Rate one answer by criteria"),
        _("One answer, scored on each criterion of a rubric."),
        _("To measure how good a model's answers are, criterion by criterion."),
        _("Read a request and one answer. Give a score for each criterion, by the examples beside it."),
        3.0, 3,
        _("# Rate the answer\n\nScore each criterion by itself: a fault counts once, where it belongs.\n\n"
          "Compare with the examples beside the scale, not with the answer before."),
        [{"name": "Correct", "about": "What it says is true.",
          "anchors": {"1": "A fact that matters is wrong.", "3": "A detail is wrong.", "5": "Nothing is wrong."}},
         {"name": "Clear", "about": "Understood at the first reading.",
          "anchors": {"1": "Has to be read twice.", "3": "One unclear place.", "5": "Clear throughout."}}],
    ),
    Template(
        "ranking", "ranking", _("Put several answers in order"),
        _("Up to seven answers to one request, from best to worst."),
        _("To learn from each request as much as people can say about it."),
        _("Read a request and all its answers. Put them in order, best first; ties are allowed."),
        5.0, 2,
        _("# Put the answers in order\n\nRead all of them before you move one. "
          "Answers you would not mind swapping are a tie."),
    ),
    Template(
        "demonstration", "demonstration", _("Write the answer yourself"),
        _("A request without an answer; the person writes the one it should get."),
        _("To show a model how a good answer is written."),
        _("Read a request and write the answer you would be glad to get. Do not use a model to write it."),
        15.0, 1,
        _("# Write the answer\n\nWrite as you would to a colleague who asked you. Check every fact. "
          "Say what you do not know."),
    ),
    Template(
        "classification", "classification", _("Put it in a class"),
        _("One text and a list of classes."),
        _("To sort texts, and to learn where the classes do not fit."),
        _("Read a text and choose the class it belongs to."),
        0.75, 2,
        _("# Choose the class\n\nChoose the one that fits best. Where two fit equally, say so in the reason."),
    ),
    Template(
        "facts", "fact_check", _("Check the facts, claim by claim"),
        _("Every claim of an answer with a source, a quote and a verdict."),
        _("To find which claims of a model are borne out by sources."),
        _("Look up each claim. Give the source, the sentence that decides it, and your verdict."),
        20.0, 2,
        _("# Check each claim\n\nA claim is borne out only by a source that you opened. "
          "Quote the sentence that decides it."),
    ),
)  # fmt: skip


def templates() -> list[Template]:
    """Those whose kind this installation has."""
    known = set(kinds.names())
    return [t for t in TEMPLATES if t.kind in known]


def template(key: str) -> Template | None:
    """The template of that name."""
    return next((t for t in templates() if t.key == key), None)
