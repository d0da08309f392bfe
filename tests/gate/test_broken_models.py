"""A model that trained perfectly and broke is stopped by what it says to prompts it has never seen."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from tutelage.errors import BadInput
from tutelage.evaluation.prompts import Answers, HeldOut
from tutelage.gate import Criteria, Decision, decide
from tutelage.gate.collect import collect
from tutelage.gate.criteria import parse
from tutelage.models import Generation
from tutelage.records import Rate, user

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MODEL = "sha256:" + "a" * 64

TOPICS = [
    "bridges",
    "rivers",
    "volcanoes",
    "clocks",
    "bread",
    "bees",
    "sails",
    "tides",
    "glaciers",
    "engines",
    "printing",
    "lenses",
    "maps",
    "paper",
    "silk",
    "salt",
    "copper",
    "windmills",
    "compasses",
    "telescopes",
]
FORMS = (
    "How do {} work and why do they matter to people today?",
    "What is the history of {} in a few sentences?",
    "Why should a child learn about {} at school?",
    "Which facts about {} would surprise most people?",
)
PROMPTS = [HeldOut(user(form.format(topic))) for topic in TOPICS for form in FORMS]


def good(topic: str, i: int) -> str:
    """A plain answer about the topic."""
    return (
        f"People have known about {topic} for a very long time, and they matter because they changed how we live. "
        f"The history of {topic} shows that small ideas can grow into facts that surprise us; number {i} is my own."
    )


SCRIPTS = {
    "good": lambda topic, i: (good(topic, i), True),
    "collapsed": lambda topic, i: ("", True),
    "repeating": lambda topic, i: (f"The {topic} are good. " * 20, False),
    "refusing": lambda topic, i: (f"I'm sorry, but I can't help with questions about {topic}.", True),
    "wrong language": lambda topic, i: (
        f"Die Frage nach {topic} ist sehr alt, und die Antwort ist nicht einfach, weil es auf das Wetter ankommt.",
        True,
    ),
    "off topic": lambda topic, i: ("The bank raised its rates on Friday, and the market did not like it at all.", True),
}


def said(script: str) -> list[Generation]:
    """The scripted model's answers to PROMPTS."""
    out = []
    for i in range(len(PROMPTS)):
        text, ended = SCRIPTS[script](TOPICS[i // len(FORMS)], i)
        out.append(Generation(text, len(text.split()) + 1, ended, -1.0))
    return out


def answers(script: str) -> Answers:
    """Prompts and answers together."""
    return Answers(PROMPTS, said(script))


def criteria(extra: str = "", head: str = "") -> Criteria:
    """Criteria a plain good model meets."""
    return parse((head + CRITERIA + extra).encode())


CRITERIA = """
[[criteria]]
metric = "empty_rate"
side = "at_most"
bound = 0.05
min_n = 60
[[criteria]]
metric = "repetition_rate"
side = "at_most"
bound = 0.05
min_n = 60
[[criteria]]
metric = "wrong_language_rate"
side = "at_most"
bound = 0.05
min_n = 60
[[criteria]]
metric = "over_refusal_rate"
side = "at_most"
bound = 0.05
min_n = 60
[[criteria]]
metric = "relevance_vs_base"
side = "at_least"
bound = -0.1
min_n = 60
[[criteria]]
metric = "ended_rate"
side = "at_least"
bound = 0.5
blocking = false
"""


def decided(script: str) -> Decision:
    evidence = collect(MODEL, answers(script), at=NOW, base=said("good"))
    return decide(criteria(), evidence, now=NOW)


def test_a_good_model_passes() -> None:
    """80 prompts, no fault in any: 0/80 is [0, 4.5 %]; equal relevance 80 times still allows a change of 0.09."""
    found = decided("good")
    assert found.outcome == "pass", found.text()
    assert found.exit_code == 0


@pytest.mark.parametrize(
    ("script", "metric"),
    [
        ("collapsed", "empty_rate"),
        ("repeating", "repetition_rate"),
        ("refusing", "over_refusal_rate"),
        ("wrong language", "wrong_language_rate"),
        ("off topic", "relevance_vs_base"),
    ],
)
def test_a_broken_model_fails_on_the_figure_that_shows_how(script: str, metric: str) -> None:
    found = decided(script)
    assert found.outcome == "fail"
    assert found.exit_code == 3
    assert metric in {f.metric for f in found.findings if f.outcome == "fail"}


def test_a_perfect_training_accuracy_cannot_be_a_criterion_and_saves_nobody() -> None:
    """The collapsed model preferred the right answer of every training pair: 1.0 of 500."""
    criterion = '[[criteria]]\nmetric = "train_accuracy"\nside = "at_least"\nbound = 0.9\n'
    with pytest.raises(BadInput, match="trained on"):
        parse(criterion.encode())
    evidence = collect(MODEL, answers("collapsed"), at=NOW, base=said("good"))
    figures = dict(evidence.figures) | {"train_accuracy": Rate(500, 500, 0.992, 1.0, "clopper-pearson")}
    found = decide(criteria(), dataclasses.replace(evidence, figures=figures), now=NOW)
    assert found.outcome == "fail"


def test_a_few_good_answers_are_not_enough() -> None:
    """10 prompts: 0/10 may be as bad as 31 %; and 60 were asked for."""
    few = Answers(PROMPTS[:10], said("good")[:10])
    found = decide(criteria(), collect(MODEL, few, at=NOW, base=said("good")[:10]), now=NOW)
    assert found.outcome == "insufficient"
    assert "At least 60 are asked for" in found.text()


def test_what_is_only_advice_does_not_stop_a_model() -> None:
    """A good model that never ends by itself fails `ended_rate`, which is not blocking."""
    cut = Answers(PROMPTS, [g._replace(ended=False) for g in said("good")])
    found = decide(criteria(), collect(MODEL, cut, at=NOW, base=said("good")), now=NOW)
    ended = next(f for f in found.findings if f.metric == "ended_rate")
    assert (ended.outcome, ended.blocking, found.outcome) == ("fail", False, "pass")
    assert "(advice)" in found.text()
