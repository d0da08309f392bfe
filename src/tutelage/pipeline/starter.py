"""Starter prompts and demonstrations: written for Tutelage, small, verifiable, and never somebody's data.

Every prompt asks for a form that a rule can check and that cutting an answer short cannot satisfy; topics are the
groups, so that a held-out topic was never seen under any form.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tutelage.environments.graders import Task
from tutelage.records import Message, assistant, user

TOPICS = (
    "the moon", "honey", "bread", "bicycles", "winter", "the sea", "horses", "music", "gold", "gardens", "mountains",
    "milk", "ships", "shoes", "stars", "coffee", "cheese", "forests", "fire", "dogs", "sugar", "windows", "chess",
    "islands", "candles", "wool", "deserts", "radios", "pencils", "whales", "kites", "volcanoes", "soap",
    "butterflies", "castles", "lemons", "tigers", "boats", "mirrors", "bells", "cotton", "eggs", "spiders", "silver",
    "rice", "drums", "umbrellas", "penguins",
)  # fmt: skip

# Three short facts a topic: what the demonstrations are composed of. None of these topics is among TOPICS.
FACTS: dict[str, tuple[str, str, str]] = {
    "bees": ("Bees make honey from nectar", "A hive can hold thousands of bees", "Bees carry pollen between flowers"),
    "rivers": ("Rivers carry fresh water to the sea", "Many cities lie on rivers", "A river is widest at its mouth"),
    "paper": ("Paper is made from wood pulp", "Old paper can be recycled", "Paper was first made in China"),
    "trains": ("Trains run on steel rails", "A train can carry hundreds of people", "Many trains run on electricity"),
    "rain": ("Rain falls when clouds grow heavy", "Plants need rain to grow", "Rain fills rivers and lakes"),
    "cats": ("Cats sleep for most of the day", "A cat can see well at night", "Cats clean their fur with their tongue"),
    "clocks": ("Clocks show the time of day", "Some clocks have hands", "Early clocks used water or sand"),
    "tea": ("Tea is made from dried leaves", "Tea is drunk hot or cold", "Green and black tea come from one plant"),
    "bridges": ("Bridges let people cross rivers", "Some bridges hang from cables", "Old bridges were built of stone"),
    "snow": ("Snow is made of ice crystals", "Fresh snow looks white", "Snow melts when the air grows warm"),
    "books": ("Books store ideas in words", "A library lends books to readers", "Early books were written by hand"),
    "salt": ("Salt makes food taste better", "Sea water is full of salt", "Salt once kept meat fresh"),
    "owls": ("Owls hunt at night", "An owl can turn its head very far", "Owls fly without much noise"),
    "glass": ("Glass is made from melted sand", "Light passes through clear glass", "Glass can be recycled often"),
    "maps": ("Maps show where places are", "A map uses signs for roads", "Sailors used maps to cross the sea"),
    "apples": ("Apples grow on trees", "An apple can be red or green", "Apples are picked in the autumn"),
}

Facts = tuple[str, str, str]


@dataclass(frozen=True)
class Form:
    """A form of answer: how it is asked for, how a rule checks it, how three facts are put into it."""

    name: str
    ask: str
    checks: tuple[dict[str, Any], ...]
    compose: Callable[[str, Facts], str]


def _lower(fact: str) -> str:
    return fact[0].lower() + fact[1:]


FORMS = (
    Form(
        "list",
        "Give three facts about {}. Write a numbered list with exactly three lines.",
        ({"check": "numbered", "n": 3}, {"check": "words", "lo": 9, "hi": 60}, {"check": "finished"}),
        lambda _, f: f"1. {f[0]}.\n2. {f[1]}.\n3. {f[2]}.",
    ),
    Form(
        "short",
        'Tell me about {} in one sentence. Begin with the words "In short:"',
        ({"check": "starts_with", "phrase": "In short: "}, {"check": "sentences", "lo": 1, "hi": 1},
         {"check": "words", "lo": 6, "hi": 40}),
        lambda _, f: f"In short: {_lower(f[0])}.",
    ),
    Form(
        "close",
        'Tell me about {} in one sentence. Then end with the words "That is all."',
        ({"check": "ends_with", "phrase": "That is all."}, {"check": "sentences", "lo": 2, "hi": 2},
         {"check": "words", "lo": 7, "hi": 45}),
        lambda _, f: f"{f[0]}. That is all.",
    ),
    Form(
        "often",
        'Write one sentence about {} that uses the word "often".',
        ({"check": "contains", "words": ["often"]}, {"check": "sentences", "lo": 1, "hi": 1},
         {"check": "words", "lo": 5, "hi": 40}),
        lambda _, f: f"People often say that {_lower(f[0])}.",
    ),
    Form(
        "hello",
        'Say "Hello!" first. Then tell me one thing about {}.',
        ({"check": "starts_with", "phrase": "Hello! "}, {"check": "sentences", "lo": 2, "hi": 3},
         {"check": "words", "lo": 5, "hi": 45}),
        lambda _, f: f"Hello! {f[0]}.",
    ),
    Form(
        "json",
        'Describe {} as a JSON object with the keys "name" and "fact".',
        ({"check": "json_object", "keys": ["name", "fact"]}, {"check": "words", "lo": 5, "hi": 45}),
        lambda topic, f: json.dumps({"name": topic, "fact": f"{f[0]}."}),
    ),
)  # fmt: skip


def tasks(topics: int | None = None) -> list[Task]:
    """Every form for each of the first `topics` topics; the group is the topic."""
    return [
        Task(user(form.ask.format(topic)), "format", {"checks": list(form.checks)}, group=topic)
        for topic in TOPICS[:topics]
        for form in FORMS
    ]


def demonstrations(topics: int | None = None) -> list[tuple[tuple[Message, ...], tuple[Message, ...], str]]:
    """(prompt, answer, group) of every form for each demonstration topic."""
    return [
        (user(form.ask.format(topic)), assistant(form.compose(topic, facts)), topic)
        for topic, facts in list(FACTS.items())[:topics]
        for form in FORMS
    ]


def form_of(task: Task) -> str:
    """The name of the form a starter task asks for; "other" for any other task."""
    text = task.prompt[-1].text
    return next((f.name for f in FORMS if task.group and f.ask.format(task.group) == text), "other")
