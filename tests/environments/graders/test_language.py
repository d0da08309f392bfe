"""The language check says yes, no, or that it cannot tell."""

from __future__ import annotations

import pytest

from tutelage.environments.graders.language import in_language

ENGLISH = "Photosynthesis is the process by which plants turn light into sugar and oxygen."
GERMAN = "Die Photosynthese ist der Vorgang, mit dem Pflanzen das Licht in Zucker und Sauerstoff umwandeln."
FRENCH = "La photosynthèse est le processus par lequel les plantes transforment la lumière en sucre."
SPANISH = "La fotosíntesis es el proceso por el que las plantas convierten la luz en azúcar."


@pytest.mark.parametrize(
    ("text", "code", "verdict"),
    [
        (ENGLISH, "en", True),
        (ENGLISH, "en-GB", True),
        (GERMAN, "en", False),
        (FRENCH, "en", False),
        (SPANISH, "en", False),
        (GERMAN, "de", True),
        (FRENCH, "fr", True),
        (SPANISH, "es", True),
        (ENGLISH, "de", False),
        ("Фотосинтез это процесс", "en", False),
        ("Фотосинтез это процесс", "ru", True),
        ("光合作用是植物的过程", "en", False),
        ("光合作用是植物的过程", "zh", True),
        (ENGLISH, "zh", False),
        ("Paris", "en", None),
        ("42", "en", None),
        ("", "en", None),
        ("Kwa heri ya kuonana", "sw", None),
    ],
)
def test_a_text_is_in_a_language_or_not_or_it_cannot_be_told(text: str, code: str, verdict: bool | None) -> None:
    assert in_language(text, code) is verdict
